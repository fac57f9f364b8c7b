"""Write the generated part of ``docs/prompt-language.md`` and its pictures (``make docs``)."""

import asyncio
import tempfile
from pathlib import Path

from scripts.prompt_docs.drawing import draw, save
from scripts.prompt_docs.text import PICTURES, with_generated

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "prompt-language.md"


def main() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    DOCUMENT.write_text(with_generated(text), encoding="utf-8")
    with tempfile.TemporaryDirectory() as output:
        save(asyncio.run(draw(Path(output))), DOCUMENT.parent / PICTURES)


if __name__ == "__main__":
    main()
