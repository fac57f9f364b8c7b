"""How much memory an engine has left, out of ``/system_stats``. Pure."""

from collections.abc import Mapping
from typing import Any


def memory_left(stats: Mapping[str, Any] | None) -> int:
    """Return the free memory of the card it computes on, or of its host without one; 0 = unknown.

    Units: bytes. Source: ComfyUI 0.3.64, ``server.py``, ``system_stats``.
    """
    devices = (stats or {}).get("devices")
    first = devices[0] if isinstance(devices, list) and devices else None
    system = (stats or {}).get("system")
    for part, name in ((first, "vram_free"), (system, "ram_free")):
        free = part.get(name) if isinstance(part, Mapping) else None
        if isinstance(free, int | float) and not isinstance(free, bool) and free > 0:
            return int(free)
    return 0
