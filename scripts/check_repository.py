"""Check what no linter sees: version and changelog agree, and the files name no place of ours.

Run by ``make check``; prints one line for each problem and ends with 1 when there is any.
"""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Brackets keep these patterns from matching themselves.
FORBIDDEN = re.compile(
    r"p[y]pi\.org|python[h]osted\.org|registry\.[n]pmjs|(?:deb|security)\.[d]ebian\.org"
    r"|archive\.[u]buntu\.com|/w[o]rk/|/r[o]ot/|/h[o]me/\w|C:\\\\?U[s]ers"
)
PACKAGE_NAME = re.compile(r"^[\w.-]+")


def main() -> int:
    problems = [*version_problems(), *place_problems(), *constraint_problems()]
    for problem in problems:
        print(problem)
    return 1 if problems else 0


def version_problems() -> Iterator[str]:
    """Newest release of the changelog = version; what is not released yet stands on top."""
    found = re.search(r'__version__ = "([^"]+)"', text_of("imagine/__init__.py"))
    version = found[1] if found else "(none)"
    headings = re.findall(r"^## \[([^\]]+)\]", text_of("CHANGELOG.md"), re.MULTILINE)
    if headings[:1] != ["Unreleased"]:
        yield "CHANGELOG.md: [Unreleased] must be the first heading"
    released = [heading for heading in headings if heading != "Unreleased"]
    if released and released[0] != version:
        yield f"CHANGELOG.md: newest release is {released[0]}, imagine/__init__.py says {version}"


def place_problems() -> Iterator[str]:
    """No file names a package registry or a folder of somebody's machine."""
    for path in tracked_files():
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (UnicodeDecodeError, FileNotFoundError):  # a picture; a file deleted just now
            continue
        for number, line in enumerate(lines, 1):
            if found := FORBIDDEN.search(line):
                yield f"{path.relative_to(ROOT)}:{number}: names {found[0]}"


def constraint_problems() -> Iterator[str]:
    """``constraints.txt`` pins every direct dependency and holds no address."""
    text = text_of("constraints.txt")
    if "://" in text or " @ " in text:
        yield "constraints.txt: holds an address"
    pinned = {canonical(line.partition("==")[0]) for line in text.splitlines()}
    project = tomllib.loads(text_of("pyproject.toml"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    for requirement in wanted:
        found = PACKAGE_NAME.match(requirement)
        if found and canonical(found[0]) not in pinned:
            yield f"constraints.txt: does not pin {found[0]} (see CONTRIBUTING.md)"


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def tracked_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name]


if __name__ == "__main__":
    sys.exit(main())
