"""Where the files of the page lie, in a wheel and in a clone alike."""

from pathlib import Path

from imagine.errors import StorageError

PACKAGE = Path(__file__).parent


def static_dir(package: Path = PACKAGE) -> Path:
    """Return the folder of the page: ``imagine/static`` of a wheel, ``static`` beside a clone.

    Raises:
        StorageError: neither is there, so this installation is not whole.
    """
    for folder in (package / "static", package.parent / "static"):
        if folder.is_dir():
            return folder
    raise StorageError(
        "The files of the page are missing from this installation.",
        hint="Install Imagine again.",
    )
