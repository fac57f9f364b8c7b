"""All checks put together: for the command, and for a running server that is asked about itself."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import aiohttp

from imagine import __version__
from imagine.database import DATABASE
from imagine.doctor.address import check_server
from imagine.doctor.calls import DEFAULT_PATIENCE, Caller, Patience
from imagine.doctor.checks import Check, Diagnosis, Status
from imagine.doctor.configured import check_choice, check_hosts, check_profiles, check_sources
from imagine.doctor.disk import check_disk, check_lock
from imagine.doctor.engine import check_engine
from imagine.doctor.records import check_database
from imagine.doctor.redaction import Redactor
from imagine.lifetime import Opened, log_failure
from imagine.profiles import Profiles
from imagine.settings import EngineChoice, Settings
from imagine.settings_sources import Loaded

# A look that is younger than this is told again, so that nobody can hammer the engines with it.
KEPT_S = 5.0


async def diagnose(
    loaded: Loaded, address: str, *, is_named: bool, patience: Patience = DEFAULT_PATIENCE
) -> Diagnosis:
    """Look at everything from outside: a server need not run.

    ``address`` is where one may be; ``is_named``: somebody says that one is there.
    """
    settings = loaded.settings
    profile_check, profiles = check_profiles(settings.profiles)
    async with open_session() as session:
        (disk, database), engines, server = await asyncio.gather(
            _folders(settings, patience),
            _engines(settings, profiles, session, patience),
            check_server(Caller(session, address, patience), patience.upload_s, is_named=is_named),
        )
    answers = any(check.id == "server.reach" and check.status is Status.OK for check in server)
    shown = server[0].details["server"]
    lock = await asyncio.to_thread(
        check_lock, settings.output.resolve(), inside=False, answering=shown if answers else None
    )
    return _diagnosis(
        check_sources(loaded),
        profile_check,
        check_hosts(settings),
        *disk,
        lock,
        *database,
        check_choice(settings, None, _answering(engines)),
        *engines,
        *server,
    )


async def diagnose_inside(
    settings: Settings, serving: Callable[[], str], patience: Patience = DEFAULT_PATIENCE
) -> Diagnosis:
    """Look at what a running server works with. ``serving`` tells the kind of its engines."""
    profile_check, profiles = check_profiles(settings.profiles)
    async with open_session() as session:
        (disk, database), engines = await asyncio.gather(
            _folders(settings, patience), _engines(settings, profiles, session, patience)
        )
    lock = check_lock(settings.output, inside=True, answering=None)
    return _diagnosis(
        profile_check,
        check_hosts(settings),
        *disk,
        lock,
        *database,
        check_choice(settings, serving(), _answering(engines)),
        *engines,
    )


def open_session() -> aiohttp.ClientSession:
    """Return a session that keeps nothing and reads no proxies from the environment."""
    return aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), trust_env=False)


def _diagnosis(*checks: Check) -> Diagnosis:
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return Diagnosis(checks, __version__, now)


async def _folders(settings: Settings, patience: Patience) -> tuple[list[Check], list[Check]]:
    database = settings.output.resolve() / DATABASE
    disk, records = await asyncio.gather(
        check_disk(settings, patience.disk_s), check_database(database, patience.disk_s)
    )
    return disk, records


async def _engines(
    settings: Settings, profiles: Profiles, session: aiohttp.ClientSession, patience: Patience
) -> list[Check]:
    if settings.engine is EngineChoice.SKETCH:
        return []
    found = await asyncio.gather(
        *(
            check_engine(Caller(session, url, patience), profiles, patience.nodes_s)
            for url in settings.comfyui_url
        )
    )
    checks = [check for one in found for check in one]
    return [_excused(check) for check in checks] if _is_optional(settings) else checks


def _is_optional(settings: Settings) -> bool:
    """Tell whether nobody asked for a ComfyUI: then one that is not there is no failure."""
    default: Any = Settings.model_fields["comfyui_url"].default
    return settings.engine is EngineChoice.AUTO and settings.comfyui_url == default


def _excused(check: Check) -> Check:
    is_missing = check.id == "engine.reach" and check.status is Status.FAILED
    return replace(check, status=Status.WARNING) if is_missing else check


def _answering(checks: list[Check]) -> int:
    return sum(check.id == "engine.comfyui" and check.status is Status.OK for check in checks)


class Diagnostics(Opened):
    """What a running server tells of itself, without what is private; owned by the app.

    Those who ask at the same time share one look, and it is told again for a while.
    """

    def __init__(
        self,
        settings: Settings,
        look: Callable[[], Coroutine[Any, Any, Diagnosis]],
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._look = look
        self._now = now
        self._redactor = Redactor(settings)
        self._looking: asyncio.Task[dict[str, Any]] | None = None
        # When the last look ended. Units: monotonic seconds.
        self._ended_at = float("-inf")

    async def open(self) -> None:
        """Nothing is done before somebody asks."""

    async def close(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait({self._looking})

    async def body(self) -> dict[str, Any]:
        """Return the body of ``GET /api/diagnostics``."""
        looking = self._looking
        if looking is None or (looking.done() and self._is_old(looking)):
            looking = asyncio.create_task(self._told(), name="diagnostics")
            looking.add_done_callback(log_failure)
            self._looking = looking
        return await asyncio.shield(looking)

    def _is_old(self, looking: asyncio.Task[dict[str, Any]]) -> bool:
        is_broken = looking.cancelled() or looking.exception() is not None
        return is_broken or self._now() - self._ended_at >= KEPT_S

    async def _told(self) -> dict[str, Any]:
        diagnosis = await self._look()
        self._ended_at = self._now()
        return self._redactor.diagnosis(diagnosis).body()
