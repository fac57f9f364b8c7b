"""Plain text in UTF-8."""

from typing import BinaryIO

from imagine.media.base import TEXT_LIMIT, BrokenFileError, Facts, Kind, OutputType


class Text(OutputType):
    """A text. Nothing in its bytes says that it is one, so the engine has to call it so.

    A web page never counts: it is what proxies send in place of a file.
    """

    name = "text"
    media_type = "text/plain"
    extension = "txt"
    kind = Kind.TEXT
    content_type = "text/plain; charset=utf-8"
    limit = TEXT_LIMIT

    def fits(self, head: bytes, told: str) -> bool:
        return told.startswith("text/") and told != "text/html" and _is_text(head, is_cut=True)

    def describe(self, file: BinaryIO) -> Facts:
        file.seek(0)
        data = file.read(self.limit + 1)
        if len(data) > self.limit or not _is_text(data, is_cut=False):
            raise BrokenFileError("it is no text in UTF-8")
        return Facts()


def _is_text(data: bytes, *, is_cut: bool) -> bool:
    """Whether bytes are UTF-8; ``is_cut``: the last character may be there in part."""
    try:
        data.decode()
    except UnicodeDecodeError as error:
        if not is_cut or error.reason != "unexpected end of data":
            return False
    return b"\0" not in data
