"""The server: one page that opens every part in order, joins them, and closes them in reverse."""

import asyncio
import contextlib
import errno
import logging
import signal
import socket
import webbrowser
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
from aiohttp import web

from imagine.actions import Actions
from imagine.announcer import Announcer
from imagine.app_keys import CALLERS, DIAGNOSTICS, PARTS, SETTINGS, Parts
from imagine.assets import static_dir
from imagine.attempts import Attempts
from imagine.character_files import Characters
from imagine.comfy_client import DEFAULT_TIMING, ComfyClient, Timing
from imagine.database import DATABASE, sole_use
from imagine.disk import Disk
from imagine.dispatcher import Dispatcher
from imagine.doctor.diagnosis import Diagnostics, diagnose_inside
from imagine.engines import Engines
from imagine.errors import SettingsError, StorageError
from imagine.estimates import Estimates
from imagine.events import LocalEventBus
from imagine.gallery_files import Keeper
from imagine.hand_out import HandOut
from imagine.image_reading import holds_pictures
from imagine.images import ImageStore
from imagine.inputs import Inputs
from imagine.job_endings import Endings
from imagine.job_limits import JobLimits
from imagine.job_memory import Memory
from imagine.job_pictures import Pictures
from imagine.job_queue import MemoryQueue
from imagine.job_runner import Runner
from imagine.job_store import JobStore
from imagine.jobs import MOVES, Jobs
from imagine.left_over import LeftOver
from imagine.lifetime import background
from imagine.link_fetch import LinkFetcher, is_public
from imagine.models import Job
from imagine.planner_setup import planner_for
from imagine.profiles import Profiles, load_profiles
from imagine.routes.callers import Callers
from imagine.routes.errors import add_headers, guard
from imagine.routes.pages import Pages, routes_under
from imagine.routes.table import api_routes
from imagine.settings import Settings, is_everywhere
from imagine.storage import Storage, make_storage
from imagine.store import SqliteJobStore
from imagine.strays import Strays
from imagine.uploads import Uploads
from imagine.workflow_files import Registry
from imagine.workflow_shelf import Shelf

logger = logging.getLogger(__name__)

PROBE_TIMEOUT_S = 2.0
# How long a stop waits for answers that are being sent, and then once more for their handlers: with
# sockets of engines that say nothing it must end within the 10 s that a container is given.
STOP_S = 2.0
LARGEST_BODY = 1024**2
# A taken port: so many of the next ones are tried.
PORTS_TRIED = 20

TIMING = web.AppKey("timing", Timing)


def create_app(settings: Settings, timing: Timing = DEFAULT_TIMING) -> web.Application:
    """Return the whole server as an app that opens its parts when it starts.

    ``timing`` says how patient it is with a ComfyUI.
    """
    app = web.Application(middlewares=[guard], client_max_size=LARGEST_BODY)
    app[SETTINGS] = settings
    app[TIMING] = timing
    app.on_response_prepare.append(add_headers)
    app[CALLERS] = Callers(settings)
    routes = [*api_routes(), *Pages(static_dir()).routes()]
    app.add_routes(routes)
    if settings.base_path:
        app.add_routes(routes_under(settings.base_path, routes))
    app.cleanup_ctx.append(open_parts)
    app.on_shutdown.append(let_watchers_go)
    return app


async def let_watchers_go(app: web.Application) -> None:
    """End the sockets and event streams, which would otherwise hold up the stop."""
    app[PARTS].bus.close()


async def open_parts(app: web.Application) -> AsyncIterator[None]:
    """Open every part after those that it needs, and close them in reverse."""
    settings = app[SETTINGS]
    async with contextlib.AsyncExitStack() as stack:
        opened = stack.enter_async_context
        output = settings.output.resolve()
        stack.enter_context(sole_use(output))
        storage = await opened(open_storage(settings))
        await asyncio.to_thread(warn_of_lost_database, output, storage)

        # --- what is kept, and who hears of it

        queue, bus, estimates = MemoryQueue(settings.max_waiting), LocalEventBus(), Estimates()

        def told(job: Job) -> None:
            queue.stored(job)
            keeper.stored(job)
            bus.stored(job)

        images = ImageStore(storage, output)
        store = SqliteJobStore(
            output / DATABASE, MOVES, told=told, refused=lambda error: disk.refused(error)
        )
        keeper = Keeper(images, store)
        disk = Disk(
            (output, output / "images"),
            least_mb=settings.min_free_mb,
            queue=queue,
            probes=(images.probe, store.probe),
            changed=lambda: jobs.bell.set(),
        )
        await opened(store)
        bus.start(store.sequence)
        await opened(images)
        await opened(disk)

        # --- what prompts may name, and who makes them

        uploads = await opened(Uploads(storage, output))
        allowed = everywhere if settings.allow_private_links else is_public
        fetcher = await opened(LinkFetcher(allowed=allowed))
        characters = Characters(settings.characters)
        inputs = Inputs(uploads, fetcher, images, store, characters.open)
        session = await opened(aiohttp.ClientSession())
        profiles = load_profiles(settings.profiles)
        engines = await opened(open_engines(settings, session, app[TIMING], profiles, store))

        # --- what may be asked

        registry = Registry(settings.workflows, catalog=engines.catalog, profiles=profiles)
        planner = planner_for(
            settings,
            profiles,
            catalog=engines.catalog,
            inputs=inputs,
            registry=registry,
            characters=characters,
        )
        jobs = Jobs(store, queue, planner)
        engines.on_change = jobs.bell.set
        announcer = Announcer(queue, store, bus, engines, estimates)
        app[PARTS] = Parts(
            store=store,
            queue=queue,
            bus=bus,
            images=images,
            engines=engines,
            planner=planner,
            estimates=estimates,
            jobs=jobs,
            announcer=announcer,
            uploads=uploads,
            actions=Actions(jobs, planner),
            disk=disk,
            shelf=Shelf(registry, profiles, engines.catalog),
        )
        app[DIAGNOSTICS] = await opened(
            Diagnostics(settings, lambda: diagnose_inside(settings, lambda: engines.kind))
        )

        # --- from the line to an end

        endings = Endings(store, jobs)
        pictures = Pictures(store, images, disk)
        runner = Runner(
            queue=queue,
            jobs=jobs,
            bus=bus,
            inputs=inputs,
            estimates=estimates,
            pictures=pictures,
            endings=endings,
            limits=JobLimits(settings.job_timeout_s),
            memory=Memory(endings, tries_again=settings.oom_retry),
        )
        attempts = Attempts(
            store=store,
            queue=queue,
            jobs=jobs,
            endings=endings,
            engines=engines,
            planner=planner,
            runner=runner,
        )
        left_over = LeftOver(
            store=store,
            queue=queue,
            jobs=jobs,
            endings=endings,
            engines=engines,
            attempts=attempts,
            pictures=pictures,
        )
        dispatcher = Dispatcher(
            queue=queue,
            jobs=jobs,
            engines=engines,
            left_over=left_over,
            attempts=attempts,
            strays=Strays(store, jobs),
            hand_out=HandOut(queue, engines),
        )

        # --- what works by itself

        await opened(background(disk.run(), "disk"))
        await opened(background(keeper.run(), "keeper"))
        stack.push_async_callback(keeper.settle)
        await opened(background(dispatcher.run(), "dispatcher"))
        await opened(background(announcer.run(), "announcer"))
        yield


@contextlib.asynccontextmanager
async def open_storage(settings: Settings) -> AsyncIterator[Storage]:
    """Open the storage that the settings name, and close it."""
    storage = make_storage(settings)
    await asyncio.to_thread(storage.open)
    try:
        yield storage
    finally:
        await asyncio.to_thread(storage.close)


def warn_of_lost_database(output: Path, storage: Storage) -> None:
    if not (output / DATABASE).exists() and holds_pictures(storage):
        logger.warning(
            "There are pictures in %s, but no database: it begins empty. To have the pictures in "
            "the gallery again, stop Imagine and run `imagine rebuild`.",
            output,
        )


def everywhere(_: str) -> bool:
    """Allow links to any address, those of the own network too."""
    return True


def open_engines(
    settings: Settings,
    session: aiohttp.ClientSession,
    timing: Timing,
    profiles: Profiles,
    store: JobStore,
) -> Engines:
    """Return the engines that the settings name."""

    def connect(url: str, kind: str) -> ComfyClient:
        return ComfyClient(url, session, timing=timing, kind=kind)

    async def probe(url: str) -> bool:
        timeout = aiohttp.ClientTimeout(total=PROBE_TIMEOUT_S)
        try:
            async with session.get(f"{url}/system_stats", timeout=timeout) as answer:
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return False

    @contextlib.asynccontextmanager
    async def sketch() -> AsyncIterator[str]:
        from imagine.sketch import serve  # not loaded when a ComfyUI serves

        async with serve(step_ms=settings.sketch_step_ms) as engine:
            yield engine.url

    return Engines(
        settings.engine,
        settings.comfyui_url,
        connect=connect,
        probe=probe,
        sketch=sketch,
        recognised=lambda name: profiles.recognise(name) is not None,
        is_awaited=lambda: is_comfyui_awaited(store),
    )


async def is_comfyui_awaited(store: JobStore) -> bool:
    """Say whether jobs of a ComfyUI are unfinished: begun there, or not planned for sketches."""
    try:
        active = await store.active()
    except StorageError as error:  # to wait is better than to sketch what was not meant so
        logger.warning("what was left is not read yet: %s", error.message)
        return True
    return any(
        job.engine == "comfyui" or job.parameters.get("family") != "sketch" for job, _ in active
    )


def run(settings: Settings) -> int:
    """Serve until Ctrl+C or SIGTERM; return the exit code."""
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(settings))
    return 0


async def serve(settings: Settings) -> None:
    """Open the server, say where it is, and close it when asked to stop."""
    stop_asked = watch_signals()
    listener = listen(settings.host, settings.port)
    runner = web.AppRunner(
        create_app(settings), access_log=None, shutdown_timeout=STOP_S, handler_cancellation=True
    )
    await runner.setup()
    try:
        await web.SockSite(runner, listener).start()
        place = f"{display_host(settings.host)}:{listener.getsockname()[1]}"
        address = f"http://{place}{settings.base_path}/"
        say_where(settings, address, runner.app[PARTS])
        await stop_asked.wait()
    finally:
        await runner.cleanup()


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket on this port, or on the next free one.

    Raises:
        SettingsError: no port near it is free, or the address is not of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for candidate in range(port, min(port + PORTS_TRIED, 65536)) if port else (0,):
        try:
            return socket.create_server((host, candidate), family=family, backlog=1024)
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise SettingsError(
                    f"Imagine cannot listen on {host}: {error.strerror or error}.",
                    hint="Give an address of this machine with --host.",
                ) from error
    raise SettingsError(
        f"None of the ports {port}–{port + PORTS_TRIED - 1} is free.",
        hint="Give another one with --port.",
    )


def display_host(host: str) -> str:
    """Return the name under which a person reaches this address."""
    if is_everywhere(host):
        return "localhost"
    return f"[{host}]" if ":" in host else host


def say_where(settings: Settings, address: str, parts: Parts) -> None:
    logger.info("Imagine is at %s", address)
    if settings.port and f":{settings.port}/" not in address:
        logger.info("Port %s was taken, so it is another one.", settings.port)
    if parts.engines.is_standing_in:
        logger.info(
            "No ComfyUI found, so these are sketches: quick procedural paintings to try things "
            "out. Start ComfyUI, or say where it is with --comfyui-url."
        )
    elif parts.engines.kind == "sketch":
        logger.info("The sketch engine serves: quick procedural paintings.")
    if settings.open:
        webbrowser.open(address)


def watch_signals() -> asyncio.Event:
    """Return what Ctrl+C and SIGTERM set from now on; while we open, they wait for that."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(name, asked.set)
        except NotImplementedError:  # Windows: Ctrl+C ends asyncio.run by itself
            signal.signal(name, lambda *_: loop.call_soon_threadsafe(asked.set))
    return asked
