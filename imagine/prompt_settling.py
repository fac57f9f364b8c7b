"""What the values of a prompt stand for together: the nearest quality, sizes in steps, ``--raw``.

Apart from `imagine.prompt_values`, which reads and writes each by itself.
"""

from collections.abc import Collection, Mapping

from imagine.models import Note, NoteLevel
from imagine.prompt_values import Value, nearest_step, write_number


def settle(
    values: Mapping[str, Value], own: Collection[str] = ()
) -> tuple[dict[str, Value], list[Note]]:
    """Bring values to what they stand for: quality to its steps, sizes to 8, ``--style raw``.

    ``own`` are the names to which a workflow gives a meaning of its own.
    """
    settled, notes = dict(values), []
    if "quality" not in own and isinstance(quality := settled.get("quality"), float):
        steps = _qualities(settled)
        settled["quality"] = near = nearest_step(quality, steps)
        if near != quality:
            message = f"--quality {write_number(quality)} became {write_number(near)}, the nearest."
            notes.append(Note(parameter="quality", message=message))
    if isinstance(size := settled.get("size"), str):
        sides = [(int(side) + 4) // 8 * 8 for side in size.split("x")]
        settled["size"] = rounded = f"{sides[0]}x{sides[1]}"
        if rounded != size:
            message = f"--size {size} became {rounded}: both sides go in steps of 8."
            notes.append(Note(parameter="size", level=NoteLevel.INFO, message=message))
    if "raw" in implied(settled, own):
        settled["raw"] = True
    return settled, notes


def implied(values: Mapping[str, Value], own: Collection[str] = ()) -> frozenset[str]:
    """Return the parameters that follow from others, and so need not be written."""
    style = values.get("style") if not {"style", "raw"} & set(own) else None
    is_raw = isinstance(style, str) and (style == "raw" or style.startswith("raw-"))
    return frozenset({"raw"}) if is_raw else frozenset()


def _qualities(values: Mapping[str, Value]) -> tuple[float, ...]:
    """Return the steps of ``--quality`` of the version that is asked for; all when none is."""
    version = values.get("version")
    if version == "7":
        return (1.0, 2.0, 4.0)
    if isinstance(version, str) and version[0] in "456":
        return (0.25, 0.5, 1.0, 2.0)
    return (0.25, 0.5, 1.0, 2.0, 4.0)
