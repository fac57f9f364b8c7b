"""Sessions recorded with ComfyUI 0.3.64, line by line: ``tests/data/recordings/*.jsonl``.

A line has ``t`` and ``ch``: ``http`` (``dir`` req or res, paired by ``n``), ``ws`` (``client`` and
``dir``) or words of whoever recorded it. Large frames are kept as head, length and hash: they are
filled up with zeros here.
"""

import base64
import json
from functools import cache
from pathlib import Path
from typing import Any

RECORDINGS = Path(__file__).parent.parent / "data" / "recordings"
NAMES = sorted(path.stem for path in RECORDINGS.glob("*.jsonl"))

Line = dict[str, Any]


@cache
def lines_of(name: str) -> list[Line]:
    """Read a recording; a graph written as "see an earlier line" is that graph again."""
    lines: list[Line] = []
    graph: Any = None
    with (RECORDINGS / f"{name}.jsonl").open(encoding="utf-8") as file:
        for text in file:
            line = json.loads(text)
            if line.get("path") == "/prompt" and line.get("dir") == "req":
                if isinstance(line.get("json"), dict):
                    graph = graph or line["json"]
                else:
                    line["json"] = graph
            lines.append(line)
    return lines


def frames(name: str, client: str | None = None) -> list[str | bytes]:
    """Every frame that was received, by one client or by all."""
    return [
        frame_of(line)
        for line in lines_of(name)
        if line["ch"] == "ws" and line["dir"] == "recv" and client in (None, line["client"])
    ]


def frame_of(line: Line) -> str | bytes:
    if "json" in line:
        return json.dumps(line["json"])
    if "text" in line:
        return str(line["text"])
    return _binary(line["bin"])


def _binary(described: dict[str, Any]) -> bytes:
    if "b64" in described:
        return base64.b64decode(described["b64"])
    if "metadata" not in described:
        return base64.b64decode(described["head_b64"]).ljust(described["len"], b"\0")
    metadata = json.dumps(described["metadata"]).encode()
    picture = b"\xff\xd8\xff".ljust(described["len"] - described["payload_offset"], b"\0")
    return b"\0\0\0\4" + len(metadata).to_bytes(4) + metadata + picture


def answers(name: str, path: str) -> list[tuple[Any, int, Any]]:
    """Every exchange of one path: the body sent, the status, the body that came back."""
    lines = [line for line in lines_of(name) if line["ch"] == "http"]
    requests = {line["n"]: line for line in lines if line["dir"] == "req"}
    return [
        (requests[line["n"]].get("json"), line["status"], line.get("json", line.get("text")))
        for line in lines
        if line["dir"] == "res" and requests[line["n"]]["path"] == path
    ]
