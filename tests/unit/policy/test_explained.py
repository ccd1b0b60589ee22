"""The sentences about a yes come from the policies: another policy, another sentence."""

from earwitness.policy.actions import Action, Program
from earwitness.policy.engine import Engine, shipped_engine, shipped_rules
from earwitness.policy.explained import WORDS, Consequence, Opening, consequences, openings
from earwitness.policy.purposes import Purpose


def test_a_yes_to_review_opens_a_copy_to_reviewers_alone() -> None:
    review = consequences()[Purpose.REVIEW]
    assert {(str(each.who), each.action) for each in review.opens} == {
        ("reviewer", Action.RECORDING_REVIEW),
        ("deidentifier", Action.RECORDING_DEIDENTIFY),
    }
    assert review.with_yes.startswith("A reviewer may hear a copy with a changed voice")
    assert review.without == "Without it none of that happens."


def test_what_keeping_needs_is_said() -> None:
    assert [each.purpose for each in consequences().values() if each.needed_to_keep] == [
        Purpose.ASSIST,
        Purpose.HISTORY,
    ]


def test_without_any_yes_nobody_opens_anything() -> None:
    left = openings(shipped_engine(), frozenset())
    assert {each.action for each in left} <= {Action.RECORDING_ERASE, Action.RECORDING_DEIDENTIFY}
    assert all(isinstance(each.who, Program) for each in left)


def test_every_opening_that_a_yes_gives_has_words() -> None:
    opened = {(each.who, each.action, each.purpose) for found in consequences().values() for each in found.opens}
    assert opened == set(WORDS)


def test_a_wider_policy_shows_in_the_sentence() -> None:
    rules, schema = shipped_rules()
    wider = rules["staff.cedar"] + (
        '\n@id("wider") permit (principal is Staff, action == Action::"recording:review", resource is Recording)\n'
        'when { principal.role == "operator" && resource.consents.contains("review") };'
    )
    engine = Engine(rules | {"staff.cedar": wider}, schema)
    more = openings(engine, frozenset({"review"})) - openings(shipped_engine(), frozenset({"review"}))
    assert {str(each.who) for each in more} == {"operator"}
    shown = Consequence(Purpose.REVIEW, tuple(more), needed_to_keep=False).with_yes
    assert "perator may do recording:review" in shown
    assert Opening(Program.LEARNER, Action.RECORDING_PLAY, Purpose.LEGAL).in_words == (
        "the program learner may do recording:play for legal"
    )
