"""The file of the characters, read again when it or one of its pictures changes.

Apart from what a character does to a prompt, which is pure (`imagine.characters`). A picture gets
the link that it has as an upload, so that it can be named before anybody has brought it in. A
character that cannot be read stays out, and is told by line; the others stay.
"""

import asyncio
import hashlib
import logging
import re
import tomllib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from imagine.characters import MOST_STRENGTH, Character
from imagine.file_mistakes import mistake
from imagine.image_bytes import INPUT_LIMIT
from imagine.links import upload_link
from imagine.models import Broken, Frozen
from imagine.prompt_tokens import FORBIDDEN, LINK_IN_TEXT, flags, tidy
from imagine.prompt_values import read_link
from imagine.registry.entry_lines import line_of, toml_fault
from imagine.watched_files import State, UnfitFileError, read_bounded, state_of

# Units: bytes; characters of the file; pictures of one character.
MOST_BYTES = 1_000_000
MOST_CHARACTERS = 500
MOST_PICTURES = 8

_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")

logger = logging.getLogger(__name__)


class _Table(Frozen):
    """One table of the file."""

    name: str = Field("", max_length=80)
    description: str = Field("", max_length=1000)
    lora: str | None = Field(None, min_length=1, max_length=200)
    strength: float = Field(1.0, ge=-MOST_STRENGTH, le=MOST_STRENGTH, allow_inf_nan=False)
    trigger: str = Field("", max_length=500)
    pictures: tuple[str, ...] = Field((), max_length=MOST_PICTURES)


@dataclass(frozen=True, slots=True)
class Cast:
    """All characters as they are now, by id; what stays out; and the files of their pictures."""

    characters: Mapping[str, Character] = field(default_factory=dict)
    broken: tuple[Broken, ...] = ()
    files: Mapping[str, Path] = field(default_factory=dict)


class _WrongError(Exception):
    """A character that cannot be: the reason, and the key that it is about."""

    def __init__(self, reason: str, key: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.key = key


class Characters:
    """The characters of one file, which need not be there. Owned by the app."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._states: tuple[State, ...] | None = None
        self._cast = Cast()

    @property
    def latest(self) -> Cast:
        """The characters as they were last looked at."""
        return self._cast

    def current(self) -> Cast:
        """Look at the files, and read them again if one changed; for threads."""
        states = self._states
        if states is not None and all(state_of(one[0]) == one for one in states):
            return self._cast
        # Looked at before it is read: what changes meanwhile is read once more.
        first = state_of(self._path)
        cast = _Reading(self._path).cast
        pictures = tuple(state_of(path) for path in cast.files.values())
        for one in set(cast.broken) - set(self._cast.broken):
            logger.warning("In %s: %s", one.place, one.message)
        self._states, self._cast = (first, *pictures), cast
        return cast

    def open(self, link: str) -> AsyncIterator[bytes] | None:
        """Return the bytes of a character's picture; None when the link is none of these."""
        path = self._cast.files.get(link)
        return _pieces(path) if path is not None else None


async def _pieces(path: Path) -> AsyncIterator[bytes]:
    yield await asyncio.to_thread(read_bounded, path, INPUT_LIMIT)


class _Reading:
    """The file, while it is read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._text = ""
        self._characters: dict[str, Character] = {}
        self._broken: list[Broken] = []
        self._files: dict[str, Path] = {}
        self._read()
        self.cast = Cast(self._characters, tuple(self._broken), self._files)

    def _read(self) -> None:
        try:
            data = read_bounded(self._path, MOST_BYTES)
            self._text = data.decode("utf-8-sig")
            tables = tomllib.loads(self._text)
        except FileNotFoundError:
            return
        except OSError as error:
            self._complain(f"It cannot be read: {error.strerror}.")
            return
        except UnicodeDecodeError:
            self._complain("It is not UTF-8.")
            return
        except tomllib.TOMLDecodeError as error:
            self._complain(*toml_fault(error, self._text))
            return
        except RecursionError:
            self._complain("It is nested too deep.")
            return
        except UnfitFileError as error:
            self._complain(str(error))
            return
        except ValueError as error:  # a number with thousands of digits
            self._complain(f"It cannot be read: {error}.")
            return
        for name, table in tables.items():
            if len(self._characters) >= MOST_CHARACTERS:
                self._complain(f"There are more than {MOST_CHARACTERS} characters.")
                return
            try:
                self._characters[name] = self._character(name, table)
            except _WrongError as error:
                where = (name,) if error.key is None else (name, error.key)
                line = line_of(self._text, where, is_toml=True)
                self._complain(f"The character {name} stays out: {error.reason}.", line)

    def _character(self, name: str, told: Any) -> Character:
        if not _ID.fullmatch(name):
            raise _WrongError("an id has small letters, digits, - and _")
        if not isinstance(told, dict):
            raise _WrongError(f"it stands alone, and is a table, such as [{name}]")
        try:
            table = _Table.model_validate(told)
        except ValidationError as error:
            problem = error.errors(include_url=False)[0]
            key = str(problem["loc"][0]) if problem["loc"] else None
            raise _WrongError(f"{key}: {mistake(problem, {})}", key) from error
        for key in ("trigger", "lora"):
            words = getattr(table, key) or ""
            if not _is_plain(words):
                raise _WrongError(f"{key} is plain words, without flags, links and ::", key)
        links = tuple(self._picture(picture) for picture in table.pictures)
        return Character(
            id=name,
            name=table.name or name.replace("_", " ").replace("-", " ").capitalize(),
            description=table.description,
            lora=table.lora,
            strength=table.strength,
            trigger=tidy(table.trigger),
            pictures=links,
        )

    def _picture(self, picture: str) -> str:
        """Return the link of a picture, which is one already, or a file beside the characters'."""
        if (link := read_link(picture)) is not None:
            return link
        folder = self._path.parent.resolve()
        try:
            path = (folder / picture).resolve()
            if not path.is_relative_to(folder):
                raise _WrongError(f"the picture {picture} is not in the folder", "pictures")
            link = upload_link(hashlib.sha256(read_bounded(path, INPUT_LIMIT)).hexdigest())
        except OSError as error:
            reason = f"the picture {picture} cannot be read: {error.strerror}"
            raise _WrongError(reason, "pictures") from error
        except UnfitFileError as error:
            raise _WrongError(f"the picture {error}".removesuffix("."), "pictures") from error
        except (ValueError, RuntimeError) as error:  # no name of a file, or links in a circle
            raise _WrongError(f"the picture {picture}: {error}", "pictures") from error
        self._files[link] = path
        return link

    def _complain(self, message: str, line: int | None = None) -> None:
        self._broken.append(Broken(file=self._path.name, line=line, message=message))


def _is_plain(words: str) -> bool:
    """Say whether words can stand in any prompt, and are still words there."""
    return not (
        flags(f"x {words}")
        or FORBIDDEN.search(words)
        or LINK_IN_TEXT.search(words)
        or "::" in words
        or "<lora:" in words.lower()
    )
