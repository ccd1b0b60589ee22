"""Pictures of the benchmarks' figures: small SVG files, written without a library.

A line chart (:func:`lines`) and a bar chart (:func:`bars`); both begin the axis of values at nought unless told, carry
what was measured in their titles, and tell lines apart by their labels at the end, not by colour alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import Final

from earwitness.storage.files import write_durably

WIDTH, HEIGHT = 760, 420
LEFT, RIGHT, TOP, BOTTOM = 64, 170, 48, 56
COLOURS: Final = ("#0b6e4f", "#c0392b", "#1f5fa8", "#8e6c00", "#7d3c98", "#5d6d7e", "#b9770e", "#117a8b")
STEPS: Final = 5
LINE_GAP: Final = 15.0


@dataclass(frozen=True, slots=True)
class Line:
    """Points (x, y) with a label; ``ours`` is drawn stronger than what it is compared with."""

    label: str
    points: Sequence[tuple[float, float]]
    ours: bool = False


def lines(
    title: str, axes: tuple[str, str], drawn: Sequence[Line], most: float | None = None, *, falling: bool = False
) -> str:
    """Return an SVG with a line for each series; ``axes`` are the labels of x and y, ``most`` the largest y.

    ``falling`` has x fall from left to right (loud noise, little signal, on the right).
    """
    top = most or _round_up(max((y for line in drawn for _, y in line.points), default=1.0))
    ticks = sorted({x for line in drawn for x, _ in line.points})
    low, high = (ticks[0], ticks[-1]) if ticks else (0.0, 1.0)
    if falling:
        low, high = high, low
    drawn = [replace(line, points=sorted(line.points, reverse=falling)) for line in drawn]

    def x_of(x: float) -> float:
        return LEFT + (x - low) / ((high - low) or 1.0) * (WIDTH - LEFT - RIGHT)

    parts = [*_frame(title, axes, top), *(_tick(x_of(x), f"{x:g}") for x in ticks)]
    for index, line in enumerate(drawn):
        colour, width = COLOURS[index % len(COLOURS)], 3 if line.ours else 1.5
        at = " ".join(f"{x_of(x):.1f},{_y_of(y, top):.1f}" for x, y in line.points)
        parts.append(f'<polyline points="{at}" fill="none" stroke="{colour}" stroke-width="{width}"/>')
    ends = sorted((_y_of(line.points[-1][1], top), index) for index, line in enumerate(drawn) if line.points)
    for (_, index), height in zip(ends, _apart([height for height, _ in ends]), strict=True):
        weight = "bold" if drawn[index].ours else "normal"
        parts.append(_text(WIDTH - RIGHT + 8, height + 4, drawn[index].label, COLOURS[index % len(COLOURS)], weight))
    return _svg(parts)


def bars(title: str, y_axis: str, values: Mapping[str, float], limit: tuple[str, float] | None = None) -> str:
    """Return an SVG with a bar for each value and, if there is one, a line with a label at ``limit``."""
    top = _round_up(max([*values.values(), limit[1] if limit else 0.0, 1e-9]))
    room = (WIDTH - LEFT - RIGHT) / max(1, len(values))
    parts = _frame(title, ("", y_axis), top)
    for index, (name, value) in enumerate(values.items()):
        left, height = LEFT + index * room, _y_of(value, top)
        size = f'width="{room * 0.7:.1f}" height="{HEIGHT - BOTTOM - height:.1f}"'
        parts += [
            f'<rect x="{left + room * 0.15:.1f}" y="{height:.1f}" {size} fill="{COLOURS[0]}"/>',
            _text(left + room / 2, height - 5, f"{value:g}", anchor="middle"),
            _tick(left + room / 2, name),
        ]
    if limit:
        height = _y_of(limit[1], top)
        where = f'x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{height:.1f}" y2="{height:.1f}"'
        parts += [
            f'<line {where} stroke="{COLOURS[1]}" stroke-dasharray="6 4"/>',
            _text(WIDTH - RIGHT + 8, height + 4, limit[0], COLOURS[1]),
        ]
    return _svg(parts)


def write_plot(path: Path, picture: str) -> None:
    """Write a picture where it survives a power cut."""
    write_durably(path, picture.encode())


def _y_of(value: float, top: float) -> float:
    return HEIGHT - BOTTOM - min(max(value / top, 0.0), 1.0) * (HEIGHT - TOP - BOTTOM)


def _round_up(value: float) -> float:
    """The next 1, 2 or 5 times a power of ten."""
    power = 10.0 ** (len(f"{value:.0f}") - 1) if value >= 1 else 10.0 ** -(len(f"{1 / max(value, 1e-9):.0f}"))
    return next(step * power for step in (1, 2, 5, 10, 20) if step * power >= value)


def _apart(heights: Sequence[float]) -> list[float]:
    """Labels from the top down, each far enough below the one before."""
    placed: list[float] = []
    for height in heights:
        placed.append(max(height, placed[-1] + LINE_GAP) if placed else height)
    return placed


def _frame(title: str, axes: tuple[str, str], top: float) -> list[str]:
    parts = [
        _text(LEFT, 24, title, weight="bold", size=15),
        _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 14, axes[0], anchor="middle"),
    ]
    parts.append(_text(LEFT, TOP - 8, axes[1], anchor="start"))
    for step in range(STEPS + 1):
        height = _y_of(top * step / STEPS, top)
        where = f'x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{height:.1f}" y2="{height:.1f}"'
        parts += [
            f'<line {where} stroke="#ddd"/>',
            _text(LEFT - 8, height + 4, f"{top * step / STEPS:g}", anchor="end"),
        ]
    return parts


def _tick(x: float, label: str) -> str:
    return _text(x, HEIGHT - BOTTOM + 18, label, anchor="middle")


def _text(  # noqa: PLR0913, PLR0917 - where, what, and how it looks
    x: float,
    y: float,
    text: str,
    colour: str = "#222",
    weight: str = "normal",
    anchor: str = "start",
    size: int = 12,
) -> str:
    style = f'font-family="sans-serif" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" {style}>{escape(text)}</text>'


def _svg(parts: Sequence[str]) -> str:
    size = f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
    background = '<rect width="100%" height="100%" fill="white"/>'
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" {size}>', background, *parts, "</svg>", ""])
