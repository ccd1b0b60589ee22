"""The room of review, put together: what bootstrap hands down and what the floors above use."""

from dataclasses import dataclass

from earwitness.review.budget import ListeningBudgets
from earwitness.review.draws import Draws


@dataclass(frozen=True, slots=True)
class Review:
    """Everything of review that is safe from many threads."""

    budgets: ListeningBudgets
    draws: Draws
