"""Checks of one ComfyUI, hop by hop: reach it, be let in, know it, hear it, bring it a picture.

What its own answers tell of it is judged in `imagine.doctor.engine_facts`.
"""

import asyncio
import base64
import json
import uuid
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import aiohttp

from imagine.catalog import Catalog
from imagine.doctor import engine_facts
from imagine.doctor.calls import Answer, Caller, Cause, ShakeError, UnreachedError, told
from imagine.doctor.checks import TITLES, Check, clock, failed, ok, skip_all, warning
from imagine.model_choice import unrecognised
from imagine.profiles import Profiles

IDS = tuple(name for name in TITLES if name.startswith("engine.") and name != "engine.choice")
FLAG = "--comfyui-url"
WINDOW = "Look into ComfyUI's own window for the reason."
# Always the same picture under the same name, so that one file is all that ever stays there.
FOLDER, NAME = "imagine", "imagine-doctor.png"
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
MOST_SKEW_S = 30.0
DATES = ", so dates of pictures differ"
# At most so many model files are asked what they are.
MOST_HEADERS = 20
# The answer to our flags comes at once or never; old ComfyUIs send none.
FLAGS = {"type": "feature_flags", "data": {"supports_preview_metadata": True}}


async def check_engine(caller: Caller, profiles: Profiles, nodes_s: float) -> list[Check]:
    """Return all checks of the ComfyUI at an address."""
    examination = _Examination(caller, profiles, nodes_s)
    await examination.run()
    return sorted(examination.checks, key=lambda check: IDS.index(check.id))


class _Examination:
    """What was found so far; each hop adds its own, and a broken one ends the way."""

    def __init__(self, caller: Caller, profiles: Profiles, nodes_s: float) -> None:
        self._caller = caller
        self._profiles = profiles
        self._nodes_s = nodes_s
        self._url = caller.shown
        self._is_sketch = False
        self.checks: list[Check] = []

    async def run(self) -> None:
        try:
            answer = await self._caller.get("/system_stats")
        except UnreachedError as error:
            message, fix = told(error.cause, self._url, program="ComfyUI", flag=FLAG)
            self._failed("engine.reach", message, fix, cause=str(error.cause))
            self._skip_rest("ComfyUI cannot be reached")
            return
        if answer.status in (502, 503, 504):
            self._failed(
                "engine.reach",
                f"A proxy answers at {self._url} with {answer.status}, and no ComfyUI behind it.",
                "Start ComfyUI, and check to which address the proxy passes on.",
            )
            self._skip_rest("ComfyUI cannot be reached")
            return
        self._ok("engine.reach", f"{self._url} answers.")
        if self._is_guarded(answer):
            self._skip_rest("ComfyUI does not let us in")
            return
        self._ok("engine.guard", "Nothing asks for a login.")
        stats = answer.json()
        if answer.status != 200 or not _tells_system(stats):
            self._failed(
                "engine.comfyui",
                f"{self._url} answers, but not like ComfyUI (/system_stats: {answer.status}).",
                f"Check address and port ({FLAG}); ComfyUI's is 8188 unless it was told otherwise. "
                "Behind a proxy the address may need a path.",
            )
            self._skip_rest("it is no ComfyUI")
            return
        self._judge(stats, answer)
        await asyncio.gather(self._socket(), self._upload(), self._nodes())

    def _is_guarded(self, answer: Answer) -> bool:
        login = "Name it with the login: http://NAME:PASSWORD@HOST"
        if answer.status in (401, 407):
            message = f"{self._url} asks for a login ({answer.status})."
            fix = f"{login} ({FLAG}), or let this machine in without one."
        elif answer.status == 403:
            message = f"{self._url} refuses us (403)."
            fix = (
                "A firewall or a proxy in front of ComfyUI keeps this machine out: let it in. "
                "ComfyUI itself refuses only requests with a strange Origin header, so a proxy "
                "must not add one."
            )
        elif 300 <= answer.status < 400:
            message = f"{self._url} sends us elsewhere ({answer.status})."
            fix = (
                "If that is a login page, let this machine in without one, or name ComfyUI's own "
                f"address; if it is https, write https:// ({FLAG})."
            )
        else:
            return False
        self._failed("engine.guard", message, fix, answered=answer.status)
        return True

    def _judge(self, stats: dict[str, Any], answer: Answer) -> None:
        self._is_sketch = engine_facts.is_sketch(stats)
        self._ok("engine.comfyui", engine_facts.introduction(stats))
        for judge in engine_facts.OF_STATS:
            self._add(judge(stats))
        self._add(clock("engine.clock", answer.skew_s(), most_s=MOST_SKEW_S, so=DATES))

    async def _socket(self) -> None:
        client_id = uuid.uuid4().hex
        check_id = "engine.socket"
        try:
            async with self._caller.socket(f"/ws?clientId={client_id}") as socket:
                first = await self._caller.receive(socket)
                if not _greets(first, client_id):
                    self._failed(
                        check_id,
                        "The socket opens, but ComfyUI does not greet us on it.",
                        "A proxy between may hold messages back: turn its buffering off, and let "
                        f"it pass WebSockets on. Without a proxy: {WINDOW}",
                    )
                    return
                await socket.send_str(json.dumps(FLAGS))
                answer = await self._caller.receive(socket)
        except ShakeError as error:
            self._failed(
                check_id,
                f"The socket is not opened ({error.status}), though ComfyUI answers.",
                "A proxy between has to pass WebSockets on: in nginx proxy_http_version 1.1 and "
                "the headers Upgrade and Connection.",
                answered=error.status,
            )
        except UnreachedError as error:
            self._failed(
                check_id,
                "The socket does not open, though ComfyUI answers.",
                f"A proxy between has to pass WebSockets on. Without a proxy: {WINDOW}",
                cause=str(error.cause),
            )
        except (aiohttp.ClientError, OSError):
            self._failed(check_id, "The socket broke off.", WINDOW)
        else:
            flags = isinstance(answer, dict) and answer.get("type") == "feature_flags"
            self._ok(check_id, "It opens, and ComfyUI greets us.", feature_flags=flags)

    async def _upload(self) -> None:
        try:
            await self._bring()
        except UnreachedError as error:
            self._failed(
                "engine.upload",
                f"ComfyUI did not take a tiny picture, or did not give it back ({error.cause}).",
                f"{WINDOW} Is there room on its disk?",
                cause=str(error.cause),
            )

    async def _bring(self) -> None:
        form = aiohttp.FormData({"type": "input", "subfolder": FOLDER, "overwrite": "true"})
        form.add_field("image", PICTURE, filename=NAME, content_type="image/png")
        answer = await self._caller.post("/upload/image", data=form)
        if answer.status in (401, 403, 405, 413):
            self._failed(
                "engine.upload",
                f"A tiny picture is refused ({answer.status}).",
                "A proxy between has to let POST /upload/image through, with bodies of 20 MB.",
                answered=answer.status,
            )
            return
        if answer.status != 200:
            self._failed(
                "engine.upload",
                f"ComfyUI cannot keep a tiny picture ({answer.status}).",
                f"{WINDOW} Its input folder must be writable, and its disk not full.",
                answered=answer.status,
            )
            return
        stored = answer.json()
        name = stored.get("name") if isinstance(stored, dict) else None
        if name != NAME:
            self._failed(
                "engine.upload",
                "ComfyUI put a picture under another name than it was told.",
                "Update ComfyUI, and look whether a custom node changes uploads.",
            )
            return
        query = urlencode({"filename": NAME, "subfolder": FOLDER, "type": "input"})
        seen = await self._caller.get(f"/view?{query}")
        if seen.status != 200 or seen.body != PICTURE:
            self._failed(
                "engine.upload",
                f"A picture that was brought does not come back the same ({seen.status}).",
                "A cache or a custom node changes what /view answers: turn it off.",
                answered=seen.status,
            )
            return
        self._ok("engine.upload", "A tiny picture was brought there and came back.")

    async def _nodes(self) -> None:
        try:
            answer = await self._caller.get("/object_info", limit_s=self._nodes_s)
        except UnreachedError as error:
            if error.cause is Cause.MUTE:
                self._add(
                    warning(
                        "engine.nodes",
                        f"ComfyUI did not tell its nodes within {self._nodes_s:g} s.",
                        "It may be starting, or looking through very many models on a slow disk: "
                        "try again.",
                    )
                )
            else:
                self._failed("engine.nodes", "ComfyUI broke off telling its nodes.", WINDOW)
            self._skip_rest("its nodes are not known", ("engine.models",))
            return
        info = await asyncio.to_thread(answer.json)  # megabytes
        if answer.status != 200 or not isinstance(info, dict) or not info:
            self._failed(
                "engine.nodes",
                f"ComfyUI does not tell its nodes (/object_info: {answer.status}).",
                f"{WINDOW} A custom node that fails to describe itself does this: start once with "
                "--disable-all-custom-nodes to compare.",
                answered=answer.status,
            )
            self._skip_rest("its nodes are not known", ("engine.models",))
            return
        catalog = await asyncio.to_thread(Catalog.from_object_info, info)
        self._add(engine_facts.nodes(catalog, is_sketch=self._is_sketch))
        catalog = replace(catalog, metadata=await self._headers(catalog))
        self._add(engine_facts.models(catalog, self._profiles))

    async def _headers(self, catalog: Catalog) -> dict[str, dict[str, Any]]:
        """Read the headers of models whose names do not tell what they are, as the server does."""
        folders = unrecognised(catalog, lambda name: self._profiles.recognise(name) is not None)
        unknown = list(folders)[:MOST_HEADERS]
        found = await asyncio.gather(*(self._header(folders[name], name) for name in unknown))
        return {name: header for name, header in zip(unknown, found, strict=True) if header}

    async def _header(self, folder: str, name: str) -> dict[str, Any] | None:
        try:
            query = urlencode({"filename": name})
            answer = await self._caller.get(f"/view_metadata/{folder}?{query}")
        except UnreachedError:
            return None
        header = answer.json() if answer.status == 200 else None
        return header if isinstance(header, dict) else None

    def _ok(self, check_id: str, message: str, **details: Any) -> None:
        self._add(ok(check_id, message, **details))

    def _failed(self, check_id: str, message: str, fix: str, **details: Any) -> None:
        self._add(failed(check_id, message, fix, **details))

    def _add(self, check: Check) -> None:
        self.checks.append(engine_facts.of(check, self._url))

    def _skip_rest(self, because: str, ids: tuple[str, ...] = IDS) -> None:
        known = {check.id for check in self.checks}
        for check in skip_all((name for name in ids if name not in known), because):
            self._add(check)


def _tells_system(stats: Any) -> bool:
    system = stats.get("system") if isinstance(stats, dict) else None
    return isinstance(system, dict) and ("comfyui_version" in system or "argv" in system)


def _greets(message: Any, client_id: str) -> bool:
    """Tell whether this is ComfyUI's first message: ``status``, with our own name in ``sid``."""
    if not isinstance(message, dict) or message.get("type") != "status":
        return False
    data = message.get("data")
    return isinstance(data, dict) and data.get("sid") == client_id
