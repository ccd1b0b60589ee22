"""How often the house mishears, counted from the clips that were answered; the arithmetic is in ``estimating``."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, func, select

from earwitness.kernel.clock import DAY
from earwitness.storage.database import Database
from earwitness.storage.schema import recording
from earwitness.storage.schema.review import review_annotation, review_clip, review_draw, review_hearing

YEAR_MS: Final = 365 * DAY


@dataclass(frozen=True, slots=True)
class Estimate:
    """A rate with its interval; ``enough`` is false where the evidence does not carry it, and then it is not told."""

    rate: float
    low: float
    high: float
    answered: int
    enough: bool


@dataclass(frozen=True, slots=True)
class Figures:
    """What an operator sees of some draws.

    ``response`` is weighted by 1/pi; ``lost`` counts why clips have no answer.
    """

    draws: tuple[str, ...]
    at: int | None
    frame: int
    drawn: int
    answered: int
    response: float
    lost: dict[str, int]
    word_errors: Estimate
    sentences_wrong: Estimate
    intents_wrong: Estimate


class Counting:
    """Counts what came of draws."""

    def __init__(self, database: Database) -> None:
        """Read rows from ``database``."""
        self._database = database

    def all(self) -> list[Figures]:
        """Figures of each finished draw, oldest first."""
        with self._database.read() as tx:
            return [self._of(tx, [row]) for row in tx.execute(_FINISHED).all()]

    def together(self) -> Figures:
        """Figures of all finished draws as one sample: each drew from its own frame, so their sums add up."""
        with self._database.read() as tx:
            return self._of(tx, list(tx.execute(_FINISHED).all()))

    def heard_share(self, now: int) -> tuple[int, int]:
        """How many recordings were heard by somebody in the last year, and how many were kept in it."""
        since = now - YEAR_MS
        heard = select(func.count(func.distinct(review_hearing.c.clip_id))).where(review_hearing.c.at > since)
        kept = select(func.count()).select_from(recording).where(recording.c.kept_at > since)
        with self._database.read() as tx:
            return tx.scalar(heard) or 0, tx.scalar(kept) or 0

    def _of(self, tx: Connection, draws: Sequence[Row[Any]]) -> Figures:
        names = [row.id for row in draws]
        query = (
            select(review_clip, review_annotation.c.words, review_annotation.c.errors, review_annotation.c.intent_right)
            .join(review_annotation, review_annotation.c.clip_id == review_clip.c.id, isouter=True)
            .where(review_clip.c.draw_id.in_(names))
        )
        clips = tx.execute(query).all()
        answered = [row for row in clips if row.words is not None]
        judged = [row for row in answered if row.intent_right is not None]
        return Figures(
            draws=tuple(names),
            at=max((row.drawn_at for row in draws), default=None),
            frame=sum(row.size for row in draws),
            drawn=len(clips),
            answered=len(answered),
            response=_weight(answered) / _weight(clips) if clips else 0.0,
            lost=_lost([row for row in clips if row.words is None]),
            word_errors=_estimate(clips, answered, [row.errors for row in answered], [row.words for row in answered]),
            sentences_wrong=_estimate(clips, answered, [float(row.errors > 0) for row in answered]),
            intents_wrong=_estimate(clips, judged, [float(not row.intent_right) for row in judged]),
        )


_Rows = Sequence[Row[Any]]
_FINISHED = (
    select(review_draw)
    .where(review_draw.c.state == "drawn", review_draw.c.trial.is_(False))
    .order_by(review_draw.c.drawn_at, review_draw.c.id)
)


def _estimate(clips: _Rows, answered: _Rows, errors: Sequence[float], sizes: Sequence[float] = ()) -> Estimate:
    import numpy as np  # noqa: PLC0415 - few commands count, and it takes a while to load

    from earwitness.review.estimating import ratio  # noqa: PLC0415 - likewise

    chances = np.array([row.pi for row in answered], dtype=np.float64)
    shares = np.array(sizes, dtype=np.float64) if sizes else np.ones(len(answered))
    response = _weight(answered) / _weight(clips) if clips else 1.0
    return ratio(np.array(errors, dtype=np.float64), shares, chances, response)


def _weight(rows: _Rows) -> float:
    return sum(1.0 / float(row.pi) for row in rows)


def _lost(rows: Sequence[Row[Any]]) -> dict[str, int]:
    """Count clips without an answer by what became of them: ``withheld: unaligned``, ``skipped``, ``waiting``."""
    counts: dict[str, int] = {}
    for row in rows:
        waiting = row.state in {"drawn", "copying", "ready", "leased"}
        what = "waiting" if waiting else f"{row.state}: {row.reason}" if row.reason else row.state
        counts[what] = counts.get(what, 0) + 1
    return dict(sorted(counts.items()))
