"""The results for people: one Markdown table and one chart; and for programs: JSON."""

import json
import os
import platform
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from xml.sax.saxutils import escape

from bench.figures import Figure, shown
from imagine import __version__

VERDICTS = {True: "met", False: "**missed**", None: "not measured here"}
ROW_PX, LABEL_PX, CHART_PX, WIDTH_PX = 30, 290, 460, 840
FONT = "font-family='system-ui, sans-serif' font-size='13'"


def markdown(figures: Sequence[Figure]) -> str:
    """Return the table."""
    lines = [
        "| | Beside it | Imagine | Ratio | Target | |",
        "| --- | ---: | ---: | ---: | ---: | --- |",
    ]
    for figure in figures:
        target = figure.target
        beside = shown(figure.other, target.unit)
        if target.other != "direct" and figure.other is not None:
            beside += f" ({figure.other_is})"
        ratio = "–" if figure.ratio is None else f"{figure.ratio:.2f} ×"
        value = shown(figure.value, target.unit)
        verdict = VERDICTS[figure.is_met]
        lines.append(f"| {figure.title} | {beside} | {value} | {ratio} | {target} | {verdict} |")
    return "\n".join(lines)


def as_json(figures: Sequence[Figure], scale: str, began: datetime) -> str:
    """Return everything that was measured; of the machine only what the figures depend on."""
    rows = [
        {
            "name": figure.name,
            "title": figure.title,
            "unit": figure.target.unit,
            "imagine": figure.value,
            "beside": figure.other,
            "beside_is": figure.other_is,
            "ratio": figure.ratio,
            "target": str(figure.target),
            "met": figure.is_met,
            "details": figure.details,
        }
        for figure in figures
    ]
    about = {
        "version": __version__,
        "began": began.isoformat(timespec="seconds"),
        "scale": scale,
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
    }
    return json.dumps(about | {"figures": rows}, indent=1)


def chart(figures: Sequence[Figure]) -> str:
    """Return an SVG with a bar for each figure: how much of its target is used, at most all."""
    used = [(figure, share) for figure in figures if (share := share_used(figure)) is not None]
    height = ROW_PX * (len(used) + 2)
    scale = CHART_PX / max(1.25, *(share for _, share in used)) if used else 1.0
    edge = LABEL_PX + scale
    rows = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH_PX} {height}' {FONT}>",
        f"<rect width='{WIDTH_PX}' height='{height}' fill='white'/>",
        f"<text x='{edge:.0f}' y='18' text-anchor='middle' fill='#555'>target</text>",
    ]
    for place, (figure, share) in enumerate(used, 1):
        y = ROW_PX * place
        colour = "#2f7d5b" if figure.is_met else "#b4472f"
        told = shown(figure.value, figure.target.unit)
        if figure.ratio is not None:
            told += f", {figure.ratio:.2f} ×"
        rows += [
            f"<text x='{LABEL_PX - 10}' y='{y + 15}' text-anchor='end'>"
            f"{escape(figure.title)}</text>",
            f"<rect x='{LABEL_PX}' y='{y}' width='{max(1, share * scale):.1f}' height='20' "
            f"fill='{colour}'/>",
            f"<text x='{LABEL_PX + share * scale + 6:.1f}' y='{y + 15}' fill='#555'>"
            f"{escape(told)}</text>",
        ]
    bottom = ROW_PX * (len(used) + 1)
    rows.append(f"<path d='M{edge:.1f} 24V{bottom}' stroke='#222' stroke-dasharray='4 3'/>")
    return "\n".join((*rows, "</svg>\n"))


def share_used(figure: Figure) -> float | None:
    """Return how much of its limit a figure uses: 1 is just met, less is better."""
    target = figure.target
    measured = figure.value if target.of == "value" else figure.ratio
    if measured is None or not target.limit:
        return None
    if target.at_least:
        return target.limit / measured if measured else None
    return max(0.0, measured / target.limit)


def write(folder: Path, figures: Sequence[Figure], scale: str, began: datetime) -> Path:
    """Write JSON and chart under the time of the run; return the JSON's path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{began:%Y%m%d-%H%M%S}-{scale}.json"
    path.write_text(as_json(figures, scale, began), encoding="utf-8")
    path.with_suffix(".svg").write_text(chart(figures), encoding="utf-8")
    return path
