"""Checks of the folder for pictures: can it be written, is there room, and who else is in there."""

import contextlib
import os
import secrets
import shutil
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from imagine.doctor.aside import bounded
from imagine.doctor.checks import Check, failed, ok, skip_all, skipped, warning
from imagine.settings import Settings

# With less than this many times the limit, it is time to look for space.
NEARLY = 5
# Without a limit, this much is still too little for a set of pictures. Units: MB.
LEAST_MB = 100
MB = 10**6
AFTER = ("disk.space", "disk.thumbnails", "disk.trash")


async def check_disk(settings: Settings, limit_s: float) -> list[Check]:
    """Return the checks of the folders; the disk may hang, so nobody waits for it for ever."""
    try:
        return await bounded(lambda: _look(settings, limit_s), limit_s * 2, "doctor disk")
    except TimeoutError:
        return [
            failed(
                "disk.output",
                "The disk of the output folder does not answer.",
                "If it is a network drive, connect it again; or choose another folder: --output.",
            ),
            *skip_all(AFTER, "the disk does not answer"),
        ]


def _look(settings: Settings, limit_s: float) -> list[Check]:
    output = settings.output.resolve()
    written = _output(output)
    checks = [written, _space(output, settings.min_free_mb)]
    if written.fix:
        checks.append(skipped("disk.thumbnails", "the output folder cannot be written"))
    else:
        checks.append(_thumbnails(output / "thumbnails"))
    checks.append(_trash(output / "trash", limit_s))
    return checks


def _output(output: Path) -> Check:
    if not output.exists():
        parent = next(folder for folder in output.parents if folder.exists())
        if parent.is_dir() and os.access(parent, os.W_OK):
            return ok(
                "disk.output", f"{output} is not there yet; the first start makes it.", there=False
            )
        return failed(
            "disk.output",
            f"{output} is not there, and {parent} does not let us make it.",
            "Make the folder yourself, or choose another one: --output FOLDER.",
        )
    if not output.is_dir():
        return failed(
            "disk.output",
            f"{output} is a file.",
            "Move it away, or choose another folder: --output FOLDER.",
        )
    if problem := _refusal(output):
        return failed(
            "disk.output",
            f"{output} cannot be written: {problem}.",
            "Let the user that runs Imagine write there, or choose another folder: "
            "--output FOLDER. In a container, look at the volume's owner.",
        )
    return ok("disk.output", f"{output} can be written.", there=True)


def _refusal(folder: Path) -> str | None:
    """Write a file as pictures are written, renamed and all; return why it failed."""
    part = folder / f"doctor-{secrets.token_hex(8)}.part"
    named = part.with_suffix(".done")
    try:
        with part.open("xb") as file:
            file.write(b"imagine doctor")
            file.flush()
            os.fsync(file.fileno())
        part.replace(named)
    except OSError as error:
        return (error.strerror or type(error).__name__).lower()
    finally:
        for left in (part, named):
            with contextlib.suppress(OSError):
                left.unlink(missing_ok=True)
    return None


def _space(output: Path, least_mb: int) -> Check:
    place = next(folder for folder in (output, *output.parents) if folder.exists())
    try:
        free_mb = shutil.disk_usage(place).free // MB
    except OSError as error:
        return warning(
            "disk.space",
            f"The free space cannot be told: {error.strerror}.",
            "Check the disk of the output folder.",
        )
    told = f"{free_mb / 1000:,.1f} GB are free."
    fix = "Free some space, empty the trash, or choose a folder on another disk: --output FOLDER."
    details = {"free_mb": free_mb, "min_free_mb": least_mb}
    if free_mb < least_mb:
        return failed(
            "disk.space",
            f"{told} Below {least_mb} MB the queue pauses.",
            f"{fix} (--min-free-mb sets the limit.)",
            **details,
        )
    if free_mb < max(least_mb * NEARLY, LEAST_MB):
        return warning("disk.space", f"{told} That is not for long.", fix, **details)
    return ok("disk.space", told, **details)


def _thumbnails(folder: Path) -> Check:
    if not folder.exists():
        return ok("disk.thumbnails", "The folder is not there yet; it is made when it is needed.")
    if problem := "it is a file" if not folder.is_dir() else _refusal(folder):
        return failed(
            "disk.thumbnails",
            f"Small pictures cannot be written: {problem}.",
            f"Let the user that runs Imagine write in {folder}, or delete it: it is made anew.",
        )
    return ok("disk.thumbnails", "Small pictures can be written.")


def _trash(folder: Path, limit_s: float) -> Check:
    """Say how much lies in the trash, as far as it can be counted in time."""
    ends_at = time.monotonic() + limit_s
    count = size = 0
    more = False
    for entry in _files(folder):
        with contextlib.suppress(OSError):
            size += entry.stat(follow_symlinks=False).st_size
            count += 1
        if time.monotonic() > ends_at:
            more = True
            break
    if not count:
        return ok("disk.trash", "It is empty.", files=0, mb=0)
    least = "at least " if more else ""
    return ok(
        "disk.trash",
        f"It holds {least}{count} files of {least}{size / MB:,.1f} MB.",
        files=count,
        mb=round(size / MB, 1),
    )


def _files(folder: Path) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    yield from _files(Path(entry.path))
                else:
                    yield entry
    except OSError:
        return


def check_lock(output: Path, *, inside: bool, answering: str | None) -> Check:
    """Say whether another Imagine works in the folder.

    ``inside``: a running server asks about itself. ``answering``: where an Imagine answers.
    """
    if inside:
        return ok("disk.lock", "This server works in the folder, and no other can.")
    if not _is_locked(output / "imagine.lock"):
        return ok("disk.lock", "No Imagine works in the folder now.")
    if answering:
        return ok(
            "disk.lock",
            f"An Imagine works in the folder, and one answers at {answering}: that is as it "
            "should be.",
        )
    return warning(
        "disk.lock",
        "An Imagine works in the folder, but none answers where the settings say.",
        "It may listen on another port: the first lines of its log say which; name it with "
        "--server URL. If it hangs, end it, then start it again.",
    )


def _is_locked(path: Path) -> bool:
    """Tell whether a server holds the lock (`imagine.database.sole_use`), without taking it."""
    if not path.is_file():
        return False
    try:
        with contextlib.closing(
            sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=0)
        ) as connection:
            connection.execute("SELECT 1 FROM sqlite_master").fetchall()
    except sqlite3.Error as error:
        return getattr(error, "sqlite_errorname", "").startswith("SQLITE_BUSY")
    return False
