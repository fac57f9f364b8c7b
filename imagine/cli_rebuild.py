"""``imagine rebuild``: the gallery again from its files, with what an old database still tells."""

import json
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from imagine.database import DATABASE, sole_use
from imagine.errors import SettingsError
from imagine.image_reading import PictureFile, picture_files, read_picture
from imagine.rebuilding import read_old, replace_database
from imagine.regathering import FoundPicture, arrange, gather
from imagine.settings import Settings
from imagine.storage import Storage, make_storage


@dataclass(frozen=True, slots=True)
class Report:
    """What was found and what became of it.

    ``spare`` pictures are of attempts that were given up; ``kept`` sets have no pictures and were
    known before; ``gone`` are those of them that had some.
    """

    output: str
    pictures: int
    foreign: int
    spare: int
    jobs: int
    starred: int
    trashed: int
    kept: int
    gone: int
    renumbered: int
    seconds: float
    files_per_s: int
    trouble: str | None
    kept_as: str | None
    dry_run: bool


def run(settings: Settings, *, dry_run: bool, as_json: bool) -> None:
    """Make the database of a gallery again; say what came of it.

    Raises:
        SettingsError: there is no such folder.
        StorageError: a server runs there, a newer one wrote it, or the disk refuses.
    """
    output = settings.output.resolve()
    if not output.is_dir():
        raise SettingsError(
            f"There is no folder {output}.", hint="Say where the gallery is: --output DIR."
        )
    with sole_use(output):
        storage = make_storage(settings)
        storage.open()
        try:
            report = rebuild(output, storage, dry_run=dry_run)
        finally:
            storage.close()
    if as_json:
        sys.stdout.write(json.dumps(asdict(report), ensure_ascii=False) + "\n")
    else:
        for line in lines(report):
            sys.stdout.write(f"{line}\n")


def rebuild(output: Path, storage: Storage, *, dry_run: bool) -> Report:
    """Read the files and the old database; write the new one, unless it is a dry run."""
    path = output / DATABASE
    old = read_old(path)
    began = time.monotonic()
    files = picture_files(storage)
    pictures = list(read_all(storage, files))
    seconds = time.monotonic() - began
    gathered, spare = gather(pictures)
    gallery = arrange(gathered, old.known)
    kept_as = None if dry_run else replace_database(path, gallery, old)
    jobs = [row.job for row in gallery.rows]
    found = {job.id for job in gathered}
    known = [row.job for row in old.known.rows.values()]
    numbers = {job.id: job.number for job in gathered}
    return Report(
        output=str(output),
        pictures=len(pictures),
        foreign=len(files) - len(pictures),
        spare=spare,
        jobs=len(jobs),
        starred=sum(bool(job.favorites) for job in jobs),
        trashed=sum(job.deleted_at is not None for job in jobs),
        kept=sum(job.id not in found for job in known),
        gone=sum(job.id not in found and bool(job.images) for job in known),
        renumbered=sum(numbers.get(job.id, job.number) != job.number for job in jobs),
        seconds=round(seconds, 3),
        files_per_s=round(len(files) / seconds) if seconds else 0,
        trouble=old.trouble,
        kept_as=kept_as.name if kept_as is not None else None,
        dry_run=dry_run,
    )


def read_all(storage: Storage, files: Iterable[PictureFile]) -> Iterator[FoundPicture]:
    """Read pictures, with a bar in a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        for file in bar.track(list(files), description="Reading pictures"):
            if (picture := read_picture(storage, file)) is not None:
                yield picture


def lines(report: Report) -> Iterator[str]:
    """Yield what a person is told."""
    yield (
        f"{count(report.pictures, 'picture')} in {report.output}, read in {report.seconds:.1f} s "
        f"({report.files_per_s} files a second)."
    )
    yield (
        f"{count(report.jobs, 'set')}, {report.starred} of them starred and {report.trashed} in "
        "the trash."
    )
    if report.kept:
        yield f"  {count(report.kept, 'set')} without a picture came from the old database."
    if report.gone:
        yield f"  {count(report.gone, 'set')} had pictures that are no longer there."
    if report.renumbered:
        yield f"  {count(report.renumbered, 'set')} got another number: theirs was taken."
    if report.spare:
        yield f"  {count(report.spare, 'picture')} of earlier attempts stay as they are."
    if report.foreign:
        yield f"  {count(report.foreign, 'picture')} not from here stay as they are."
    if report.trouble is not None:
        yield report.trouble
    if report.dry_run:
        yield "Nothing was changed: this was a dry run."
    elif report.kept_as is not None:
        yield f"The old database is kept as {report.kept_as}."


def count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
