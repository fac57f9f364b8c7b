"""The characters that prompts may name, and from where a browser gets their pictures."""

from aiohttp import web
from pydantic import BaseModel

from imagine.app_keys import PARTS
from imagine.links import read_upload
from imagine.models import Broken
from imagine.routes.shown import base_of


class CharacterEntry(BaseModel):
    """A character. ``pictures``: an address of each."""

    id: str
    name: str
    description: str
    lora: str | None
    strength: float
    trigger: str
    pictures: list[str]


class CharactersAnswer(BaseModel):
    """All characters, by the order of their file."""

    characters: list[CharacterEntry]
    broken: list[Broken]


async def characters(request: web.Request) -> web.Response:
    """Tell of all characters; their pictures are uploads from then on."""
    cast, base = await request.app[PARTS].planner.cast(), base_of(request)
    answer = CharactersAnswer(
        characters=[
            CharacterEntry(
                id=one.id,
                name=one.name,
                description=one.description,
                lora=one.lora,
                strength=one.strength,
                trigger=one.trigger,
                pictures=[address_of(link, base) for link in one.pictures],
            )
            for one in cast.characters.values()
        ],
        broken=list(cast.broken),
    )
    return web.json_response(text=answer.model_dump_json())


def address_of(link: str, base: str) -> str:
    """Return from where a browser gets a picture; a link of another kind stays what it is."""
    upload = read_upload(link)
    return link if upload is None else f"{base}/api/uploads/{upload}"
