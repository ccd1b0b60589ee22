from dataclasses import dataclass, replace

import pytest

from earwitness.speech.asr.confidence import LOWEST, in_grammar, measure, of_word


@dataclass(frozen=True)
class Stretch:
    start: int
    end: int
    score: float
    spoken: bool = True


GOOD = [Stretch(0, 20, -20.0, spoken=False), Stretch(20, 50, -60.0), Stretch(50, 90, -100.0)]


def test_a_good_fit_is_for_me_and_a_bad_one_is_not():
    assert in_grammar(measure(GOOD, 1.0)) > 0.9
    bad = [replace(each, score=each.score * 6) for each in GOOD]
    assert in_grammar(measure(bad, -3.0)) < 0.05


@pytest.mark.parametrize("step", [-4.0, -2.0, 0.0])
def test_more_against_any_phones_is_more_certain(step):
    assert in_grammar(measure(GOOD, step)) < in_grammar(measure(GOOD, step + 1.0))


def test_no_words_is_no_sentence():
    assert in_grammar(measure([Stretch(0, 50, -10.0, spoken=False)], 0.0)) < 0.1
    assert in_grammar(measure([], 0.0)) < 0.1


def test_one_hopeless_word_counts_no_more_than_wholly_wrong():
    hopeless = [*GOOD, Stretch(90, 91, -1e6)]
    assert measure(hopeless, 0.0)[0] == LOWEST
    assert of_word(hopeless[-1]) < 0.01 < of_word(GOOD[1])
