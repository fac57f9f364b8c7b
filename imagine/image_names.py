"""What pictures are called, on disk, in URLs, and in the job that tells of them.

The name in a URL is date and file name, ``2026-11-20-a-red-fox-8d3f0a91c2e4-0.png``, so that the
place of a picture is known without an index, and a name of this shape can hold nothing that leads
elsewhere. Pure, and apart from `imagine.images`, because it is what guards the disk.
"""

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol

from imagine.errors import NotFoundError
from imagine.media import of_extension, of_media_type
from imagine.models import JobImage

# The folders of keys that hold pictures, and how what is said beside a picture ends.
GALLERY, TRASH = "images", "trash"
BESIDE = ".json"
SLUG_LENGTH = 48
NAME_LENGTH = 120
# No job has more outputs than such an index can count.
MOST_INDEX = 999_999
_NAME = re.compile(
    r"(\d{4}-\d{2}-\d{2})-"
    r"([a-z0-9]+(?:-[a-z0-9]+)*-[0-9a-f]{12}-(?P<index>\d{1,6})(?:-\d{1,2})?\.([a-z0-9]{1,8}))",
    re.ASCII,
)


class Place(NamedTuple):
    """Where the name of a picture says that it is."""

    day: str
    file: str
    extension: str


class StoredPicture(Protocol):
    """What the image store says of a picture it has taken in. Units: pixels, bytes."""

    @property
    def name(self) -> str: ...
    @property
    def width(self) -> int | None: ...
    @property
    def height(self) -> int | None: ...
    @property
    def duration_s(self) -> float | None: ...
    @property
    def media_type(self) -> str: ...
    @property
    def bytes(self) -> int: ...


def parse_name(name: str) -> Place:
    """Return where a picture is by its name.

    Raises:
        NotFoundError: the name has another shape, and so is nobody's.
    """
    match = _match(name)
    if match is None:
        raise no_such_picture(name)
    return Place(match[1], match[2], match[4])


def _match(name: str) -> re.Match[str] | None:
    """Read a name: it has our shape, and the ending of a kind that we know."""
    match = _NAME.fullmatch(name) if len(name) <= NAME_LENGTH else None
    return match if match is not None and of_extension(match[4]) is not None else None


def index_of(name: str) -> int:
    """Return which picture of its job the name of one says that it is."""
    match = _NAME.fullmatch(name)
    assert match is not None, "asked before"
    return int(match["index"])


def key_in(root: str, name: str) -> str:
    """Return under which key a picture is kept, in `GALLERY` or `TRASH`.

    Raises:
        NotFoundError: the name has another shape, and so is nobody's.
    """
    place = parse_name(name)
    return f"{root}/{place.day}/{place.file}"


def name_at(key: str) -> str | None:
    """Return the name of the picture under a key; None where none of ours would lie."""
    _, *day, file = key.split("/")
    name = "-".join((*day, file))
    return name if len(day) == 1 and is_name(name) else None


def sidecar(key: str) -> str:
    """Return where it is said of a picture what does not stand in it."""
    return f"{key}{BESIDE}"


def trash_note(key: str) -> str:
    """Return where it is said of a picture in the trash since when it lies there."""
    return f"{key}.trash{BESIDE}"


def is_name(name: str) -> bool:
    return _match(name) is not None


def name_in(url: str) -> str:
    """Return the name of a picture by its address."""
    return url.rpartition("/")[2]


def job_image(index: int, stored: StoredPicture, parameters: Mapping[str, Any]) -> JobImage:
    """Return what a job with these parameters tells of one of its pictures."""
    seed = parameters.get("seed")
    kind = of_media_type(stored.media_type)
    has_thumbnail = kind is not None and kind.has_thumbnail
    return JobImage(
        index=index,
        url=f"/api/images/{stored.name}",
        thumbnail=f"/api/thumbnails/{stored.name}" if has_thumbnail else None,
        width=stored.width,
        height=stored.height,
        duration_s=None if stored.duration_s is None else round(stored.duration_s, 3),
        media_type=stored.media_type,
        bytes=stored.bytes,
        seed=seed if isinstance(seed, int) else None,
    )


def no_such_picture(name: str) -> NotFoundError:
    return NotFoundError(f"There is no picture {name[:NAME_LENGTH]}.")


def day_of(moment: datetime) -> str:
    """Return the folder of a moment, the same wherever the server stands."""
    return moment.astimezone(UTC).date().isoformat()


def stem(words: str, job_id: str, index: int) -> str:
    """Return the file name of a job's picture, without its ending."""
    return f"{slug(words)}-{job_id.replace('-', '')[-12:]}-{index}"


def slug(words: str) -> str:
    """Return words as part of a file name that every system takes: a-z, 0-9 and single hyphens."""
    folded = unicodedata.normalize("NFKD", words[:1000]).encode("ascii", "ignore").decode().lower()
    kept = ""
    for part in re.findall(r"[a-z0-9]+", folded):
        longer = f"{kept}-{part}" if kept else part[:SLUG_LENGTH]
        if len(longer) > SLUG_LENGTH:
            break
        kept = longer
    return kept or "picture"
