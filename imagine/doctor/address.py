"""Checks of a running Imagine at the address that people use, proxy and all.

Each proxy that comes between is seen only by what it does to requests: a prefix that goes missing
or comes twice, a socket that does not open, a body that is refused.
"""

import asyncio
import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import aiohttp

from imagine import __version__
from imagine.doctor.calls import Answer, Caller, ShakeError, UnreachedError, told
from imagine.doctor.checks import TITLES, Check, clock, failed, ok, skip_all, skipped, warning

IDS = tuple(name for name in TITLES if name.startswith("server."))
FLAG = "--server"
MOST_SKEW_S = 60.0
# More than a proxy takes by itself (nginx: 1 MB), less than a picture may have.
LARGE = 2 * 2**20
# Of a kind that is refused by Imagine unread, so that nothing of it stays anywhere.
UNWANTED = "application/x-imagine-doctor"
LARGE_ENOUGH = (
    "Let the proxy take bodies of 25 MB: in nginx client_max_body_size 25m; in Apache "
    "LimitRequestBody 26214400; in Caddy request_body max_size 25MB."
)
UPGRADE = (
    "Let the proxy pass WebSockets on: in nginx proxy_http_version 1.1; proxy_set_header Upgrade "
    "$http_upgrade; proxy_set_header Connection upgrade."
)
KEEP_HOST = (
    "Let the proxy pass the name on under which it is called: in nginx proxy_set_header Host "
    "$http_host; in Apache ProxyPreserveHost On."
)


async def check_server(caller: Caller, upload_s: float, *, is_named: bool) -> list[Check]:
    """Return all checks of the Imagine at an address; one that nobody named need not be there."""
    reached, answer = await _reach(caller, is_named)
    checks = list(reached)
    if answer is not None:
        own = [_version(answer), clock("server.clock", answer.skew_s(), most_s=MOST_SKEW_S)]
        rest = await asyncio.gather(
            _base_path(caller), _socket(caller), _events(caller), _upload(caller, upload_s)
        )
        checks += [*own, *rest]
    known = {check.id for check in checks}
    checks += skip_all((name for name in IDS if name not in known), "no Imagine was reached there")
    checks.sort(key=lambda check: IDS.index(check.id))
    return [replace(check, details={"server": caller.shown, **check.details}) for check in checks]


async def _reach(caller: Caller, is_named: bool) -> tuple[list[Check], Answer | None]:
    """Return what came of asking how it is, and the answer when it is an Imagine that gave it."""
    try:
        answer = await caller.get("/api/health")
    except UnreachedError as error:
        message, fix = told(error.cause, caller.shown, program="Imagine", flag=FLAG)
        if is_named:
            return [failed("server.reach", message, fix, cause=str(error.cause))], None
        return [skipped("server.reach", f"no Imagine answers at {caller.shown}")], None
    error_of = _our_error(answer)
    if error_of is not None:
        return _refused(caller, answer, error_of), None
    body = answer.json()
    if answer.status == 200 and isinstance(body, dict) and {"version", "queue"} <= body.keys():
        return [
            ok("server.reach", f"An Imagine answers at {caller.shown}."),
            ok("server.host", "It answers to this name."),
        ], answer
    return [_stranger(caller, answer, is_named)], None


def _stranger(caller: Caller, answer: Answer, is_named: bool) -> Check:
    """Say what it may be that answers in place of Imagine."""
    url, status = caller.shown, answer.status
    details = {"answered": status}
    if status in (401, 403, 407):
        return failed(
            "server.reach",
            f"{url} asks for a login ({status}).",
            f"Name it with the login: {FLAG} https://NAME:PASSWORD@HOST.",
            **details,
        )
    if status in (502, 503, 504):
        return failed(
            "server.reach",
            f"A proxy answers at {url} with {status}, and no Imagine behind it.",
            "Start Imagine, and check to which address and port the proxy passes on; in another "
            "container or on another machine Imagine needs --host 0.0.0.0 --allow-open.",
            **details,
        )
    if 300 <= status < 400:
        return failed(
            "server.reach",
            f"{url} sends us on to {answer.headers.get('Location', 'somewhere')}.",
            f"Name the address to which it sends us ({FLAG}); a login page has to let us through.",
            **details,
        )
    fix = (
        f"Check the address ({FLAG}). If it is right, the proxy there does not pass /api/ on to "
        "Imagine."
    )
    message = f"Something else than Imagine answers at {url} ({status})."
    if is_named:
        return failed("server.reach", message, fix, **details)
    return warning(
        "server.reach",
        message,
        "Imagine takes the next free port then; or give it another one: --port N.",
        **details,
    )


def _refused(caller: Caller, answer: Answer, error: dict[str, Any]) -> list[Check]:
    """Say why an Imagine behind the address does not serve it."""
    reached = ok("server.reach", f"An Imagine answers at {caller.shown}.")
    details = {"answered": answer.status}
    if answer.status == 403:
        check = failed(
            "server.host",
            str(error.get("message")),
            f"{error.get('hint') or KEEP_HOST} Or let the proxy say Host: localhost.",
            **details,
        )
    else:
        check = _wrong_prefix(caller.prefix, "/api/health", error) or failed(
            "server.base_path",
            f"Imagine answers with {answer.status}: {error.get('message')}",
            "Check base_path (--base-path), and what the proxy does with the path.",
            **details,
        )
    return [reached, check]


def _wrong_prefix(prefix: str, path: str, error: dict[str, Any]) -> Check | None:
    """Tell by the path that arrived at Imagine what a proxy made of the one that was asked for."""
    found = re.search(rf"(/\S*?)?{re.escape(path)}(?=[\s.]|$)", str(error.get("message")))
    if found is None:
        return None
    arrived = found[1] or ""
    details = {"asked": f"{prefix}{path}", "arrived": f"{arrived}{path}"}
    if prefix and arrived == prefix * 2:
        return failed(
            "server.base_path",
            f"The proxy doubles the prefix: {prefix} arrives at Imagine as {arrived}.",
            f"Let the proxy pass the path on as it is, or without {prefix}: in nginx proxy_pass "
            "to the address alone, without a path behind it.",
            **details,
        )
    if prefix and arrived == prefix:
        return failed(
            "server.base_path",
            f"The proxy passes {prefix} on, and Imagine does not know that it is shown there.",
            f"Start Imagine with --base-path {prefix}, or let the proxy take {prefix} away.",
            **details,
        )
    return failed(
        "server.base_path",
        f"{prefix}{path} arrives at Imagine as {arrived}{path}.",
        f"Let the proxy pass on what follows {prefix or 'the host'}, and start Imagine with "
        f"--base-path {prefix or '/'}.",
        **details,
    )


class _Links(HTMLParser):
    """The files that a page wants: scripts, style sheets, icons."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        name = {"script": "src", "link": "href"}.get(tag)
        if name and (value := dict(attrs).get(name)):
            self.found.append(value)


async def _base_path(caller: Caller) -> Check:
    """Look whether the links of the page lead to Imagine again."""
    check_id = "server.base_path"
    prefix = caller.prefix
    try:
        page = await caller.get("/")
        if page.status != 200 or not page.is_html:
            return failed(
                check_id,
                f"The API answers below {caller.shown}, but the page does not ({page.status}).",
                f"Let the proxy pass on all that begins with {prefix or '/'}, not only /api/.",
                answered=page.status,
            )
        link = _first_link(page, f"{caller.shown}/")
        if link is None:
            return failed(
                check_id,
                "The page has no links: something between changes it.",
                "Let the proxy pass pages on as they are.",
            )
        return await _follow(caller, link)
    except UnreachedError as error:
        return failed(
            check_id,
            f"The API answers, but the page does not ({error.cause}).",
            "Try again; if it stays so, look into the log of the proxy.",
        )


def _first_link(page: Answer, url: str) -> str | None:
    """Return the path of the first file of the same host that the page wants."""
    links = _Links()
    links.feed(page.body.decode(errors="replace"))
    for link in links.found:
        parts = urlsplit(urljoin(url, link))
        if parts.netloc == urlsplit(url).netloc and "/static/" in parts.path:
            return parts.path
    return None


async def _follow(caller: Caller, link: str) -> Check:
    check_id, prefix = "server.base_path", caller.prefix
    base = link.partition("/static/")[0]
    details = {"asked": prefix or "/", "links": base or "/"}
    if base == prefix:
        file = await caller.get_absolute(link)
        if file.status == 200 and not file.is_html:
            return ok(check_id, f"They lead to {base or '/'}, where the page is.", **details)
        return failed(
            check_id,
            f"The page comes, but its files do not ({link}: {file.status}).",
            f"Let the proxy pass on all that begins with {prefix or '/'}, /static/ too.",
            **details,
            answered=file.status,
        )
    if prefix and base == prefix * 2:
        return failed(
            check_id,
            f"The links of the page have the prefix twice: {base}.",
            f"Either Imagine says {prefix} (--base-path), or the proxy writes it into the page: "
            "turn the rewriting of pages off in the proxy.",
            **details,
        )
    if prefix and not base:
        return failed(
            check_id,
            f"The proxy takes {prefix} away, and Imagine does not know: the links lead to /.",
            f"Start Imagine with --base-path {prefix}.",
            **details,
        )
    return failed(
        check_id,
        f"The links of the page lead to {base}, but the page is at {prefix or '/'}.",
        f"Start Imagine with --base-path {prefix}, or open it at {base}/."
        if prefix
        else f"Start Imagine without --base-path, or open it at {base}/.",
        **details,
    )


async def _socket(caller: Caller) -> Check:
    check_id = "server.websocket"
    try:
        async with caller.socket("/api/live?previews=0", {"Origin": caller.origin}) as socket:
            first = await caller.receive(socket)
    except ShakeError as error:
        if error.status == 403:
            return failed(
                check_id,
                "Imagine refuses a page of this address: another name arrives there.",
                KEEP_HOST,
                answered=403,
            )
        return failed(
            check_id, f"The socket is not opened ({error.status}).", UPGRADE, answered=error.status
        )
    except (UnreachedError, aiohttp.ClientError, OSError):
        return failed(check_id, "The socket does not open.", UPGRADE)
    if isinstance(first, dict) and first.get("type") == "hello":
        return ok(check_id, "It opens, and Imagine greets us.")
    return failed(
        check_id,
        "The socket opens, but Imagine's greeting does not come.",
        f"Something between holds messages back: turn its buffering off. {UPGRADE}",
    )


async def _events(caller: Caller) -> Check:
    """Look whether the first event of a job at work comes while the stream is open."""
    check_id = "server.events"
    try:
        answer = await caller.get("/api/jobs?state=active&limit=1")
        body = answer.json()
        jobs = body.get("jobs") if isinstance(body, dict) else None
        if not jobs:
            return skipped(check_id, "no job is at work whose events could be read")
        async with caller.first_bytes(f"/api/jobs/{jobs[0]['id']}/events") as first:
            came = first.startswith((b"event:", b"id:", b":", b"retry:", b"data:"))
    except (UnreachedError, KeyError, TypeError, AttributeError):
        came = False
    if came:
        return ok(check_id, "The first event of a job came at once.")
    return warning(
        check_id,
        "The events of a job do not come while it works.",
        "Something between holds them back: in nginx proxy_buffering off for /api/.",
    )


async def _upload(caller: Caller, limit_s: float) -> Check:
    """Send 2 MB that Imagine refuses unread: a proxy with a limit refuses them sooner."""
    check_id = "server.upload"
    headers = {"Content-Type": UNWANTED, "Origin": caller.origin}
    try:
        answer = await caller.post(
            "/api/uploads", limit_s=limit_s, data=io.BytesIO(bytes(LARGE)), headers=headers
        )
    except UnreachedError as error:
        return warning(
            check_id,
            f"2 MB did not come through ({error.cause}).",
            f"The line may be slow, or the proxy breaks large bodies off. {LARGE_ENOUGH}",
            cause=str(error.cause),
        )
    if answer.status == 415 and _our_error(answer) is not None:
        return ok(check_id, "2 MB came through.")
    if answer.status == 413:
        return failed(
            check_id, "The proxy refuses bodies of 2 MB (413).", LARGE_ENOUGH, answered=413
        )
    if answer.status == 403 and _our_error(answer) is not None:
        return failed(
            check_id,
            "Imagine refuses a page of this address: another name arrives there.",
            KEEP_HOST,
            answered=403,
        )
    return warning(
        check_id,
        f"What is sent to /api/uploads is answered by something else ({answer.status}).",
        "Let the proxy pass POST requests on as they are.",
        answered=answer.status,
    )


def _version(answer: Answer) -> Check:
    theirs = answer.json()["version"]
    if theirs != __version__:
        return warning(
            "server.version",
            f"The server is Imagine {theirs}, and this is {__version__}.",
            "Restart the server after an update, or run the doctor of its own installation.",
            version=str(theirs),
        )
    return ok("server.version", f"Imagine {theirs}, as this one.", version=str(theirs))


def _our_error(answer: Answer) -> dict[str, Any] | None:
    """Return the error object of an Imagine; None when something else answered."""
    body = answer.json() if answer.status >= 400 else None
    error = body.get("error") if isinstance(body, dict) else None
    return error if isinstance(error, dict) and {"code", "request_id"} <= error.keys() else None
