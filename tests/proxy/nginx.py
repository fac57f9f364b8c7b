"""An nginx of the tests: the lines of the manual, on a port of its own, in a folder of its own."""

import asyncio
import contextlib
import os
import re
import shutil
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path

MANUAL = Path(__file__).parents[2] / "docs" / "proxy.md"
# Root's search path may lack where distributions put servers.
PROGRAM = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")

# As root it would become somebody who may not read the folder of a test.
USER = "user root;" if hasattr(os, "geteuid") and os.geteuid() == 0 else ""
# What a packaged nginx.conf holds besides, with every file in the folder of the test.
AROUND = f"""\
{USER}
daemon off;
pid nginx.pid;
error_log error.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path bodies;
    proxy_temp_path answers;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    %s
}}
"""


def manual_blocks(text: str | None = None) -> list[str]:
    """Return the nginx pieces of the manual: a whole server, and two locations under a path."""
    text = MANUAL.read_text(encoding="utf-8") if text is None else text
    return re.findall(r"```nginx\n(.*?)```", text, re.DOTALL)


def replaced(pattern: str, new: str, text: str) -> str:
    """Replace what must be there exactly once."""
    changed, count = re.subn(pattern, lambda _: new, text, flags=re.DOTALL)
    assert count == 1, f"{pattern} is {count} times in {text}"
    return changed


def configuration(location: int, *, port: int, upstream: int) -> str:
    """Return the manual's server on another port, with one of the manual's locations.

    ``location``: 0 the whole host, 1 under a path that stays on, 2 under one that is taken off.
    """
    server, *locations = manual_blocks()
    if location:
        server = replaced(r"    location / \{.*?\n    \}\n", locations[location - 1], server)
    server = replaced(r"listen 80;", f"listen 127.0.0.1:{port};", server)
    return AROUND % replaced(r"127\.0\.0\.1:8190", f"127.0.0.1:{upstream}", server)


@contextlib.asynccontextmanager
async def nginx(folder: Path, location: int, upstream: int) -> AsyncIterator[str]:
    """Run nginx before the server on ``upstream`` and yield its address, without a path.

    nginx takes over a socket that listens already, as it does from its elder when it is upgraded:
    so nobody else has the port, and who connects before it runs is answered when it does.
    """
    assert PROGRAM is not None
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        text = configuration(location, port=port, upstream=upstream)
        (folder / "nginx.conf").write_text(text, encoding="utf-8")
        process = await asyncio.create_subprocess_exec(
            *(PROGRAM, "-p", str(folder), "-c", "nginx.conf", "-e", "error.log"),
            env={**os.environ, "NGINX": f"{listener.fileno()};"},
            pass_fds=[listener.fileno()],
        )
    try:
        yield f"http://127.0.0.1:{port}"
        assert process.returncode is None, (folder / "error.log").read_text()
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.wait()
