"""How a prompt names a picture that is here already: one that was uploaded, or one of a job.

Links of our own have no slashes after the colon, so no web address looks like one. Apart from the
language, because the routes, the disk and the page make and read them too.
"""

import re
from typing import NamedTuple

_UPLOAD = re.compile(r"upload:([0-9a-f]{64})")
_PICTURE = re.compile(r"picture:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/([0-9]{1,2})")
# Either of them, for those who look for links in a text.
OWN_LINK = rf"{_UPLOAD.pattern}|{_PICTURE.pattern}"
# Either of them, for those who look for links in a text.
OWN_LINK = rf"{_UPLOAD.pattern}|{_PICTURE.pattern}"


class PictureLink(NamedTuple):
    """One picture of a job."""

    job: str
    image: int


def upload_link(digest: str) -> str:
    """Return the link of an uploaded file. ``digest``: its SHA-256 in hex, which is its id."""
    return f"upload:{digest}"


def picture_link(job: str, image: int) -> str:
    return f"picture:{job}/{image}"


def read_upload(link: str) -> str | None:
    """Return the id of an upload, or None when the link is another one."""
    found = _UPLOAD.fullmatch(link)
    return found[1] if found is not None else None


def read_picture(link: str) -> PictureLink | None:
    """Return the picture that a link names, or None when the link is another one."""
    found = _PICTURE.fullmatch(link)
    return PictureLink(found[1], int(found[2])) if found is not None else None


def is_own(link: str) -> bool:
    """Tell whether a link names a picture that is here, so that nothing has to be fetched."""
    return read_upload(link) is not None or read_picture(link) is not None
