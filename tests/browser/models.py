"""A small model as a GLB, for tests that look at one."""

import json
import math
import struct


def knot(around: int = 160, across: int = 12) -> bytes:
    """Return a trefoil knot: a closed tube, its points as floats and its triangles as shorts."""
    points: list[float] = []
    corners: list[int] = []
    for i in range(around):
        t = 2 * math.pi * i / around
        middle = _trefoil(t)
        ahead = _trefoil(t + 0.01)
        along = _unit([b - a for a, b in zip(middle, ahead, strict=True)])
        side = _unit(_cross(along, [0.0, 0.0, 1.0]))
        up = _cross(side, along)
        for j in range(across):
            angle = 2 * math.pi * j / across
            c, s = 0.45 * math.cos(angle), 0.45 * math.sin(angle)
            points += [m + c * a + s * b for m, a, b in zip(middle, side, up, strict=True)]
            here, beside = i * across + j, i * across + (j + 1) % across
            then = ((i + 1) % around) * across
            corners += [here, beside, then + j, beside, then + (j + 1) % across, then + j]
    return glb(points, corners)


def glb(points: list[float], corners: list[int]) -> bytes:
    """Return triangles as a GLB with one node that is moved and turned."""
    shape = struct.pack(f"<{len(points)}f", *points)
    order = struct.pack(f"<{len(corners)}H", *corners)
    order += b"\0" * (-len(order) % 4)
    told = {
        "asset": {"version": "2.0"},
        "scenes": [{"nodes": [0]}],
        "nodes": [{"children": [1], "translation": [5, 0, 0]},
                  {"mesh": 0, "rotation": [0.2588, 0, 0, 0.9659], "scale": [2, 2, 2]}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1, "material": 0}]}],
        "materials": [{"pbrMetallicRoughness": {"baseColorFactor": [0.75, 0.32, 0.1, 1]}}],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": len(points) // 3, "type": "VEC3"},
            {"bufferView": 1, "componentType": 5123, "count": len(corners), "type": "SCALAR"},
        ],
        "bufferViews": [
            {"buffer": 0, "byteOffset": 0, "byteLength": len(shape)},
            {"buffer": 0, "byteOffset": len(shape), "byteLength": len(order)},
        ],
        "buffers": [{"byteLength": len(shape) + len(order)}],
    }  # fmt: skip
    text = json.dumps(told).encode()
    text += b" " * (-len(text) % 4)
    body = shape + order
    chunks = struct.pack("<II", len(text), 0x4E4F534A) + text
    chunks += struct.pack("<II", len(body), 0x004E4942) + body
    return struct.pack("<III", 0x46546C67, 2, 12 + len(chunks)) + chunks


def _trefoil(t: float) -> list[float]:
    return [
        math.sin(t) + 2 * math.sin(2 * t), math.cos(t) - 2 * math.cos(2 * t), -math.sin(3 * t)
    ]  # fmt: skip


def _cross(a: list[float], b: list[float]) -> list[float]:
    return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]


def _unit(a: list[float]) -> list[float]:
    length = math.sqrt(sum(x * x for x in a)) or 1.0
    return [x / length for x in a]
