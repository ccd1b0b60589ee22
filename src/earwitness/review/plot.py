"""The figures of draws as a plot: one mark with its interval a draw, and what was not answered. SVG, no script."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from xml.sax.saxutils import escape

from earwitness.review.figures import Estimate, Figures

WIDTH: Final = 920
HEIGHT: Final = 420
LEFT, RIGHT, TOP, BOTTOM = 70, 30, 54, 118
SHOWN: Final = 24
STEPS: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5)
LINES: Final = 5
STYLE: Final = (
    "text{font:14px system-ui,sans-serif;fill:#1d2326}.quiet{fill:#566268;font-size:13px}.title{font-weight:650;"
    "font-size:16px}line{stroke:#dcdcd4}.interval{stroke:#0f5c63;stroke-width:2.5}.mark{fill:#0f5c63}"
    ".few{stroke:#8a959a;stroke-width:2.5;stroke-dasharray:4 4}.fewmark{fill:#fff;stroke:#8a959a;stroke-width:2}"
)


def plot(figures: Sequence[Figures], title: str = "Words misheard, of all words in the frame of each draw") -> str:
    """Draw the word error rate of the newest draws with its 95 % interval.

    A draw without enough evidence is dashed and open: its interval is shown, its mark is not to be relied on.
    """
    newest = list(figures)[-SHOWN:]
    top = _top([each.word_errors for each in newest])
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"',
        f' aria-label="{escape(title)}">',
        f'<style>{STYLE}</style><rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text class="title" x="{LEFT}" y="28">{escape(title)}</text>',
        *_scale(top),
    ]
    if not newest:
        parts.append(f'<text x="{LEFT}" y="{HEIGHT / 2}">Nothing was drawn yet.</text>')
    for at, each in enumerate(newest):
        x = LEFT + (WIDTH - LEFT - RIGHT) * (at + 0.5) / len(newest)
        parts += _draw(each, x, top)
    note = "Bars: 95 % interval (Hájek, Student's t). Open and dashed: not enough evidence."
    parts.append(f'<text class="quiet" x="{LEFT}" y="{HEIGHT - 12}">{escape(note)}</text></svg>')
    return "\n".join(parts)


def _draw(figures: Figures, x: float, top: float) -> list[str]:
    estimate = figures.word_errors
    when = datetime.fromtimestamp((figures.at or 0) / 1000, UTC).strftime("%d %b %Y")
    base = HEIGHT - BOTTOM
    lines = (when, f"{figures.answered} of {figures.drawn} answered", f"response {figures.response:.0%}")
    parts = [
        f'<text class="quiet" x="{x:.1f}" y="{base + 22 + 18 * row}" text-anchor="middle">{escape(line)}</text>'
        for row, line in enumerate(lines)
    ]
    if estimate.answered < 2:  # noqa: PLR2004 - one clip has no interval
        return parts
    low, high, middle = (_y(value, top) for value in (estimate.low, estimate.high, estimate.rate))
    bar, mark = ("interval", "mark") if estimate.enough else ("few", "fewmark")
    parts.append(f'<line class="{bar}" x1="{x:.1f}" x2="{x:.1f}" y1="{high:.1f}" y2="{low:.1f}"/>')
    parts += [f'<line class="{bar}" x1="{x - 8:.1f}" x2="{x + 8:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>' for y in (low, high)]
    parts.append(f'<circle class="{mark}" cx="{x:.1f}" cy="{middle:.1f}" r="5.5"/>')
    parts.append(f'<text x="{x + 12:.1f}" y="{middle + 5:.1f}">{estimate.rate:.1%}</text>')
    return parts


def _scale(top: float) -> list[str]:
    step = next((each for each in STEPS if top / each <= LINES), STEPS[-1])
    parts = []
    for number in range(math.floor(top / step + 1e-9) + 1):
        y = _y(number * step, top)
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(
            f'<text class="quiet" x="{LEFT - 10}" y="{y + 5:.1f}" text-anchor="end">{number * step:.0%}</text>'
        )
    return parts


def _top(estimates: Sequence[Estimate]) -> float:
    return min(1.0, max([0.05, *(min(1.0, each.high) for each in estimates if each.answered > 1)]) * 1.1)


def _y(value: float, top: float) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (1.0 - min(value, top) / top)
