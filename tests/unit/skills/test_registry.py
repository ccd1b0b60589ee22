"""Every intent that ships has one skill, and every skill ships what it says."""

from pathlib import Path

import pytest

from earwitness.kernel.errors import BadInput
from earwitness.skills.clock.skill import ClockSkill
from earwitness.skills.registry import by_intent
from earwitness.testing.talking import Talk
from earwitness.understanding.sentences import load

PAGE = Path(__file__).parents[3] / "docs" / "skills.md"


def test_every_intent_that_ships_has_one_skill(talk: Talk) -> None:
    table = by_intent(talk.skills)
    assert load().intent_names() - set(table) == set()


def test_a_skill_serves_no_intent_that_nobody_can_say(talk: Talk) -> None:
    unsaid = set(by_intent(talk.skills)) - load().intent_names()
    assert unsaid == set()


def test_two_skills_can_not_serve_the_same() -> None:
    with pytest.raises(BadInput, match="Both 'clock' and 'clock' serve DateQuestion"):
        by_intent([ClockSkill(), ClockSkill()])


def test_the_page_names_every_intent_with_its_skill(talk: Talk) -> None:
    page = PAGE.read_text()
    assert not [intent for intent in by_intent(talk.skills) if f"`{intent}`" not in page]
    assert not [skill.name for skill in talk.skills if f"| {skill.name} |" not in page]
