"""The rooms of `docs/architecture.md`: which file belongs to which, and what each may import."""

import ast
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "imagine"

# The first pattern that fits names the room, so exceptions stand above their families.
ROOMS = {
    "__init__": 0,
    "assets": 0,
    "errors": 0,
    "event_log": 0,
    "events": 0,
    "ids": 0,
    "input_image": 0,
    "lifetime": 0,
    "links": 0,
    "logs": 0,
    "models": 0,
    "settings*": 0,
    "breaker": 1,
    "catalog": 1,
    "chance": 1,
    "characters": 1,
    "choice": 1,
    "comfy_causes": 1,
    "comfy_errors": 1,
    "comfy_failures": 1,
    "comfy_history": 1,
    "comfy_messages": 1,
    "comfy_outputs": 1,
    "comfy_words": 1,
    "defaults": 1,
    "fidelity": 1,
    "file_mistakes": 1,
    "geometry": 1,
    "graph*": 1,
    "growth": 1,
    "image_bytes": 1,
    "image_names": 1,
    "image_request": 1,
    "importing*": 1,
    "left_out": 1,
    "looks": 1,
    "media*": 1,
    "memory_left": 1,
    "model_choice": 1,
    "names": 1,
    "node_packs": 1,
    "out_of_reach": 1,
    "parameters": 1,
    "plan": 1,
    "planning*": 1,
    "preflight": 1,
    "profiles": 1,
    "progress": 1,
    "prompt*": 1,
    "recognition": 1,
    "registry*": 1,
    "regathering": 1,
    "repair": 1,
    "sizes": 1,
    "workflow_builder": 1,
    "workflows*": 1,
    "comfy_*": 2,
    "database": 2,
    "group_commit": 2,
    "image_files": 2,
    "image_reading": 2,
    "incoming": 2,
    "images": 2,
    "job_family": 2,
    "job_query": 2,
    "job_reading": 2,
    "job_rows": 2,
    "link_fetch": 2,
    "local_copies": 2,
    "masks": 2,
    "rebuilding": 2,
    "migrations*": 2,
    "replies": 2,
    "storage": 2,
    "store": 2,
    "thumbnails": 2,
    "uploads": 2,
    "character_files": 2,
    "watched_files": 2,
    "wildcards": 2,
    "workflow_files": 2,
    "workflow_saving": 2,
    "actions": 3,
    "announcer": 3,
    "attempts": 3,
    "disk": 3,
    "dispatcher": 3,
    "engine": 3,
    "engines": 3,
    "estimates": 3,
    "explain": 3,
    "hand_out": 3,
    "gallery_files": 3,
    "inputs": 3,
    "job_queue": 3,
    "job_endings": 3,
    "job_limits": 3,
    "job_memory": 3,
    "job_pictures": 3,
    "job_run": 3,
    "job_runner": 3,
    "job_store": 3,
    "jobs": 3,
    "left_over": 3,
    "picture_text": 3,
    "planned": 3,
    "planner": 3,
    "run_pictures": 3,
    "strays": 3,
    "workflow_planner": 3,
    "workflow_shelf": 3,
    "app_keys": 4,
    "doctor*": 4,
    "routes*": 4,
    "__main__": 5,
    "cli*": 5,
    "planner_setup": 5,
    "server": 5,
}

# Room 3 is given the objects of room 2 and knows them by its own protocols.
BELOW = {0: {0}, 1: {0, 1}, 2: {0, 1, 2}, 3: {0, 1, 3}, 4: {0, 1, 2, 3, 4}, 5: {0, 1, 2, 3, 4, 5}}

DATABASE = (
    "store",
    "database",
    "group_commit",
    "job_family",
    "job_query",
    "job_reading",
    "job_rows",
    "migrations*",
    "rebuilding",
    "replies",
)
PICTURES = (
    "image_files",
    "image_reading",
    "images",
    "incoming",
    "local_copies",
    "masks",
    "storage",
    "thumbnails",
    "uploads",
)
FAMILIES = {
    "database": DATABASE,
    "images": PICTURES,
    "engine": ("comfy_*",),
    "web": ("link_fetch",),
    "folders": (
        "character_files",
        "watched_files",
        "wildcards",
        "workflow_files",
        "workflow_saving",
    ),
}

# Who may import what from outside; what is not listed here is for nobody.
OUTSIDERS = {
    "aiofiles": ("uploads",),
    "aiohttp": (
        "comfy_*",
        "link_fetch",
        "app_keys",
        "doctor*",
        "routes*",
        "server",
        "cli_client",
        "cli_models",
        "cli_prompt",
        "cli_queue",
        "cli_registry",
        "cli_workflow",
    ),
    "alembic": DATABASE,
    "jinja2": ("routes.pages",),
    "PIL": ("masks", "thumbnails", "uploads"),
    "pydantic": ("*",),
    "pydantic_core": ("*",),
    "rich": ("cli*",),
    "sqlalchemy": DATABASE,
    "typer": ("cli", "cli_flags", "cli_workflow_commands"),
    "websockets": ("comfy_*",),
}

# Pure functions do not wait, draw, look at a clock or touch files; profiles come from a file.
IMPURE = {"asyncio", "os", "pathlib", "random", "secrets", "shutil", "socket", "threading", "time"}
IMPURE_BY_DESIGN = {"profiles": {"pathlib"}}


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


FILES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}
OURS = sorted(name for name in FILES if name.split(".")[0] != "sketch")
SKETCH = sorted(FILES.keys() - set(OURS))


def imported(name: str) -> Iterator[str]:
    """Yield every module that a file imports, at its top or later: ``imagine.models``."""
    for node in ast.walk(ast.parse(FILES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module is not None
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner.removeprefix("imagine.") in FILES else node.module


def ours_imported(name: str) -> set[str]:
    found = {module for module in imported(name) if module.split(".")[0] == "imagine"}
    return {module.removeprefix("imagine").removeprefix(".") or "__init__" for module in found}


def strangers_imported(name: str) -> set[str]:
    return {module.split(".")[0] for module in imported(name)} - {"imagine"}


def room_of(name: str) -> int | None:
    return next((room for pattern, room in ROOMS.items() if fnmatch(name, pattern)), None)


@pytest.mark.parametrize("name", OURS)
def test_every_file_has_a_room(name):
    assert room_of(name) is not None, "name its room in this file, and say so in architecture.md"


@pytest.mark.parametrize("name", OURS)
def test_a_file_imports_only_from_rooms_below_its_own(name):
    allowed = BELOW[room_of(name) or 0]
    known = {other for other in ours_imported(name) if not other.startswith("sketch")}
    assert {other for other in known if room_of(other) not in allowed} == set()


@pytest.mark.parametrize("name", OURS)
def test_a_package_from_outside_is_imported_in_its_place_only(name):
    strangers = strangers_imported(name) - sys.stdlib_module_names
    misplaced = {
        stranger
        for stranger in strangers
        if not any(fnmatch(name, pattern) for pattern in OUTSIDERS.get(stranger, ()))
    }
    assert misplaced == set()


@pytest.mark.parametrize("name", [name for name in OURS if room_of(name) == 1])
def test_the_language_and_the_graphs_are_pure(name):
    impure = strangers_imported(name) & IMPURE
    assert impure <= IMPURE_BY_DESIGN.get(name, set())


def test_the_disk_the_database_and_the_engine_do_not_know_each_other():
    def family(name: str) -> str:
        (found,) = (f for f, files in FAMILIES.items() if any(fnmatch(name, p) for p in files))
        return found

    for name in (name for name in OURS if room_of(name) == 2):
        others = {family(other) for other in ours_imported(name) if room_of(other) == 2}
        assert others <= {family(name)}, name


def test_routes_never_see_the_engine():
    for name in (name for name in OURS if room_of(name) == 4):
        seen = {other for other in ours_imported(name) if fnmatch(other, "comfy_*")}
        assert seen == set(), name


def test_only_those_who_start_it_know_the_sketch_engine():
    starters = {
        name
        for name in OURS
        if any(other.split(".")[0] == "sketch" for other in ours_imported(name))
    }
    assert starters <= {"cli", "server"}


@pytest.mark.parametrize("name", SKETCH)
def test_the_sketch_engine_knows_nothing_of_the_product(name):
    others = {other for other in ours_imported(name) if other.split(".")[0] != "sketch"}
    assert others == set()
    assert strangers_imported(name) - sys.stdlib_module_names <= {"aiohttp", "PIL"}


def test_nothing_imports_in_a_circle():
    graph = {name: (ours_imported(name) & FILES.keys()) - {name, "__init__"} for name in FILES}
    order = list(TopologicalSorter(graph).static_order())
    assert set(order) >= FILES.keys() - {"__init__"}
