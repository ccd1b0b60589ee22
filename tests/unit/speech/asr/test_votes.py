from earwitness.speech.asr.engines.passes import Found
from earwitness.speech.asr.engines.segments import SCORE_UNIT, Segment
from earwitness.speech.asr.engines.votes import NOT_STREAMED, UNSCORED, Reading, agree, answer
from earwitness.speech.asr.port import Partial

HEARD_MS = 1_000
FRAMES = HEARD_MS / 10


def path(text: str, nats: float) -> Found:
    """A path whose score is ``nats`` a frame below the best there could be."""
    return Found(text, -nats * FRAMES / SCORE_UNIT, [Segment(text, 0, int(FRAMES), -3.0 * FRAMES)])


def test_two_passes_that_agree_outvote_a_slightly_better_one():
    reading = Reading(path("", 0.0), [path("latte", 1.0), path("mocha", 1.05), path("mocha", 1.1)])
    found = answer([reading], NOT_STREAMED, HEARD_MS)
    assert [each.text for each in found.hypotheses] == ["mocha", "latte"]
    assert abs(sum(each.score for each in found.hypotheses) - 1) < 1e-9


def test_a_pass_that_is_far_worse_has_no_say():
    reading = Reading(path("", 0.0), [path("latte", 1.0), path("mocha", 4.0), path("mocha", 4.0)])
    best = answer([reading], NOT_STREAMED, HEARD_MS).best
    assert best is not None
    assert best.text == "latte"


def test_scores_of_two_models_are_never_compared_with_each_other():
    low = Reading(path("", 8.0), [path("latte", 9.0), path("latte", 9.0)])
    high = Reading(path("", 0.0), [path("mocha", 1.0)])
    best = answer([high, low], NOT_STREAMED, HEARD_MS).best
    assert best is not None
    assert best.text == "latte"


def test_the_model_that_fits_the_sentence_better_says_how_sure_it_is():
    near, far = Reading(path("", 0.9), [path("latte", 1.0)]), Reading(path("", 0.0), [path("latte", 5.0)])
    both = answer([near, far], NOT_STREAMED, HEARD_MS).in_grammar
    assert both == answer([near], NOT_STREAMED, HEARD_MS).in_grammar > answer([far], NOT_STREAMED, HEARD_MS).in_grammar


def test_what_only_the_stream_said_is_kept_as_a_weak_reading():
    reading = Reading(path("", 0.0), [path("latte", 1.0)])
    found = answer([reading], Partial("mocha", complete=True, may_go_on=False), HEARD_MS)
    assert [each.text for each in found.hypotheses] == ["latte", "mocha"]
    assert abs(found.hypotheses[1].score - UNSCORED / (1 + UNSCORED)) < 1e-9


def test_nothing_found_is_no_sentence():
    assert answer([Reading(None, []), Reading(path("", 0.0), [])], NOT_STREAMED, HEARD_MS).hypotheses == ()


def test_models_agree_where_their_first_passes_do():
    latte, mocha = Reading(None, [path("latte", 1.0)]), Reading(None, [path("mocha", 1.0), path("latte", 2.0)])
    assert agree(latte, latte)
    assert not agree(latte, mocha)
    assert not agree(latte, Reading(None, []))


def test_a_model_that_counts_less_is_outvoted_where_both_are_as_sure():
    trusted = Reading(path("", 0.0), [path("latte", 1.0)])
    other = Reading(path("", 0.0), [path("mocha", 1.0)], weight=0.4)
    for readings in ([trusted, other], [other, trusted]):
        found = answer(readings, NOT_STREAMED, HEARD_MS).hypotheses
        assert [(each.text, round(each.score, 3)) for each in found] == [("latte", 0.714), ("mocha", 0.286)]
