"""A server that dies at a chosen line: ``python -m tests.lines.dying PORT_OF_ENGINE PORT STEP_MS``.

Importing everything takes longer than a life. So this process does it once and forks an engine that
lives on, and a server for each line of JSON on its input: where its output is, at which line of the
product it dies (nobody has a chance to tidy up: `os._exit`), from when on the lines count, and
where to write which they were. It says ``up PID`` when the server serves, and ``ended CODE`` at its
end.
"""

import asyncio
import json
import os
import signal
import sys
import threading
from collections import Counter
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from imagine import cli, logs, server
from imagine.settings import LogFormat, LogLevel, Settings
from tests.conftest import QUICK

PRODUCT = Path(server.__file__).parent
# All that has a hand in the life of a job after its prompt was understood.
TRACED = (
    *("jobs.py", "job_*.py", "dispatcher.py", "engines.py", "actions.py", "inputs.py"),
    *("store.py", "group_commit.py", "database.py", "uploads.py", "disk*.py", "*stray*.py"),
    *(
        "images.py",
        "image_files.py",
        "incoming.py",
        "storage.py",
        "gallery*.py",
        "comfy_client.py",
        "comfy_run.py",
    ),
    *("comfy_submit.py", "comfy_watch.py", "routes/jobs.py", "routes/actions.py"),
    "migrations/*.py",
)
# Like the shell's, of a process that was killed.
KILLED = 137
# Handles every request: the first that may change something begins a life.
GUARD = "guard"


class Tracer:
    """Counts the lines of the traced files in all threads, and ends the process at one of them."""

    def __init__(self, order: dict[str, Any]) -> None:
        self._counts = order["from_start"]
        self._target: list[Any] | None = order["at"]
        self._record: str | None = order["record"]
        self._passed: Counter[tuple[str, int]] = Counter()
        self._lines: list[tuple[str, int]] = []
        self._files = {
            str(path): path.relative_to(PRODUCT).as_posix()
            for path in PRODUCT.rglob("*.py")
            if any(fnmatch(path.relative_to(PRODUCT).as_posix(), traced) for traced in TRACED)
        }
        self._guard = str(PRODUCT / "routes" / "errors.py")

    def install(self) -> None:
        threading.settrace(self._call)
        sys.settrace(self._call)

    def _call(self, frame: FrameType, event: str, _: object) -> Any:
        code = frame.f_code
        if code.co_filename in self._files:
            return self._line
        if not self._counts and code.co_name == GUARD and code.co_filename == self._guard:
            self._counts = frame.f_locals["request"].method != "GET"
        return None

    def _line(self, frame: FrameType, event: str, _: object) -> Any:
        if event == "line" and self._counts:
            place = (self._files[frame.f_code.co_filename], frame.f_lineno)
            if self._record is not None:
                self._lines.append(place)
            if self._target is not None and place == (self._target[0], self._target[1]):
                self._passed[place] += 1
                if self._passed[place] == self._target[2]:
                    os._exit(KILLED)
        return self._line

    def save(self) -> None:
        sys.settrace(None)
        if self._record is not None:
            Path(self._record).write_text(json.dumps(self._lines), encoding="utf-8")


def live(order: dict[str, Any], engine: int, port: int) -> None:
    """Serve until the process is ended."""
    logs.configure(LogFormat.TEXT, LogLevel.INFO)
    settings = Settings.model_validate(
        {
            "output": order["output"],
            "engine": "comfyui",
            "comfyui_url": [f"http://127.0.0.1:{engine}"],
            "port": port,
        }
    )
    server.create_app = partial(server.create_app, timing=QUICK)
    server.say_where = lambda *_: say(f"up {os.getpid()}")
    tracer = Tracer(order)
    if order["at"] is not None or order["record"] is not None:
        tracer.install()
    asyncio.run(server.serve(settings))
    tracer.save()


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def wait_for(child: int) -> None:
    say(f"ended {os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}")


def sketch(port: int, step_ms: str) -> int:
    """Run ``imagine sketch`` in a process of its own; return its id."""
    child = os.fork()
    if not child:
        sys.argv = ["imagine", "sketch", "--port", str(port), "--step-ms", step_ms]
        cli.main()
        os._exit(0)
    return child


def main() -> None:
    engine, port, step_ms = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    children, waiter = [sketch(engine, step_ms)], None
    for line in sys.stdin:
        if waiter is not None:
            waiter.join()
            children.pop()
        children.append(os.fork())
        if not children[-1]:
            live(json.loads(line), engine, port)
            os._exit(0)
        waiter = threading.Thread(target=wait_for, args=(children[-1],))
        waiter.start()
    # Whoever started us is gone, and nobody else would end them.
    if waiter is not None and not waiter.is_alive():
        children.pop()
    for child in children:
        os.kill(child, signal.SIGKILL)


if __name__ == "__main__":
    main()
