"""Every key under which the app holds a part, so that routes and server need not meet."""

from dataclasses import dataclass

from aiohttp import web

from imagine.actions import Actions
from imagine.announcer import Announcer
from imagine.disk import Disk
from imagine.doctor.diagnosis import Diagnostics
from imagine.engines import Engines
from imagine.estimates import Estimates
from imagine.events import LocalEventBus
from imagine.images import ImageStore
from imagine.job_queue import MemoryQueue
from imagine.jobs import Jobs
from imagine.planner import Planner
from imagine.routes.callers import Callers
from imagine.settings import Settings
from imagine.store import SqliteJobStore
from imagine.uploads import Uploads
from imagine.workflow_shelf import Shelf


@dataclass(frozen=True, slots=True)
class Parts:
    """The open parts of a running server, as its routes see them."""

    store: SqliteJobStore
    queue: MemoryQueue
    bus: LocalEventBus
    images: ImageStore
    engines: Engines
    planner: Planner
    estimates: Estimates
    jobs: Jobs
    announcer: Announcer
    uploads: Uploads
    actions: Actions
    disk: Disk
    shelf: Shelf


SETTINGS = web.AppKey("settings", Settings)
CALLERS = web.AppKey("callers", Callers)
PARTS = web.AppKey("parts", Parts)
DIAGNOSTICS = web.AppKey("diagnostics", Diagnostics)
