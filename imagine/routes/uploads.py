"""Pictures, videos and sounds that come in, and what came in as files."""

from aiohttp import web

from imagine.app_keys import PARTS
from imagine.links import upload_link
from imagine.routes.files import FileAnswer
from imagine.routes.forms import take_upload
from imagine.routes.pictures import file_headers, kept
from imagine.routes.presenting import json_answer
from imagine.routes.reading import read_query
from imagine.routes.shown import base_of
from imagine.routes.wire import UploadAnswer, UploadQuery


async def put_upload(request: web.Request) -> web.Response:
    upload, is_new = await take_upload(request)
    told = UploadAnswer(
        id=upload.id,
        link=upload_link(upload.id),
        url=f"/api/uploads/{upload.id}",
        kind=upload.kind.value,
        width=upload.width,
        height=upload.height,
        duration_s=upload.duration_s,
        media_type=upload.media_type,
        bytes=upload.bytes,
    )
    answer = json_answer(request, told.model_dump_json(), status=201 if is_new else 200)
    answer.headers["Location"] = base_of(request) + told.url
    return answer


async def upload(request: web.Request) -> web.StreamResponse:
    """Answer with the file itself, or with a small copy when a width is asked for."""
    uploads = request.app[PARTS].uploads
    upload_id = request.match_info["id"]
    width = read_query(request, UploadQuery).w
    if width is not None:
        path = await uploads.thumbnail(upload_id, width)
        return FileAnswer(path, headers=file_headers("image/webp"))
    return kept(request, await uploads.served(upload_id))
