"""``make bench``: run everything, print the table, keep the results under ``bench/results``."""

import argparse
import asyncio
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from bench.ground import FULL, QUICK
from bench.report import markdown, write
from bench.run import LONG, NAMES, run

RESULTS = Path(__file__).parent / "results"


def main() -> int:
    """Return 1 when something could not be measured; a missed target is a figure like others."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer of everything: a minute")
    parser.add_argument(
        "--only", action="append", choices=NAMES, help="measure only this; may be given again"
    )
    arguments = parser.parse_args()
    began = datetime.now(UTC)
    wanted = arguments.only or [name for name in NAMES if name not in LONG]
    scale = QUICK if arguments.quick else FULL
    with tempfile.TemporaryDirectory(prefix="imagine-bench-") as folder:
        figures, failed = asyncio.run(run(scale, Path(folder), wanted))
    path = write(RESULTS, figures, "quick" if arguments.quick else "full", began)
    print(markdown(figures))
    print(f"\nAll that was measured is in bench/results/{path.name}, a chart beside it.")
    if failed:
        print(f"Not measured: {', '.join(failed)}; the reason is above.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
