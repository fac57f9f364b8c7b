"""Look into pictures that the server gave out."""

import io

from PIL import Image

from tests.conftest import Client


async def read(client: Client, url: str) -> Image.Image:
    async with client.get(url) as answer:
        assert answer.status == 200
        data = await answer.read()
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


async def pixels(client: Client, url: str) -> bytes:
    return (await read(client, url)).tobytes()


async def chunks(client: Client, url: str) -> dict[str, str]:
    """Return the text chunks of a PNG."""
    info = (await read(client, url)).info
    return {str(key): value for key, value in info.items() if isinstance(value, str)}
