"""The sound of rooms: found between words, laid under other clips at the level that was asked for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earwitness.learning.adapt.background import (
    ENOUGH,
    HOP,
    MARGIN,
    Quiet,
    Sound,
    between_words,
    laid_under,
    room,
    samples,
    speech_power,
    to_pcm,
)

RANDOM = np.random.default_rng(4)


def noise(seconds: float, level: float) -> Sound:
    return RANDOM.normal(0, level, int(16_000 * seconds)).astype(np.float32)


def clip(level: float) -> tuple[Sound, Quiet]:
    """Half a second of room, one of speech, half a second of room; and which frames are quiet."""
    sound = np.concatenate([noise(0.5, level), noise(1.0, 3_000), noise(0.5, level)])
    quiet = np.ones(200, np.bool_)
    quiet[50:150] = False
    return sound, quiet


def test_what_is_between_words_is_the_room() -> None:
    sound, quiet = clip(800.0)
    before, after = between_words(sound, quiet)
    assert len(before) == len(after) == (50 - MARGIN) * HOP
    assert np.array_equal(before, sound[: len(before)])
    assert np.array_equal(after, sound[-len(after) :])


def test_the_hiss_of_a_quiet_room_is_no_noise() -> None:
    assert between_words(*clip(20.0)) == []


def test_short_pauses_are_left_alone() -> None:
    sound, quiet = clip(800.0)
    quiet[:] = False
    quiet[60:70] = True
    assert between_words(sound, quiet) == []


def test_too_little_is_no_room() -> None:
    assert room([]) is None
    assert room([noise(0.5, 500)] * 3) is None


def test_stretches_become_one_sound_at_one_level() -> None:
    whole = room([noise(1.0, 300), noise(1.0, 3_000), noise(1.0, 900)])
    assert whole is not None
    assert len(whole) > ENOUGH
    parts = [np.sqrt(np.mean(whole[at : at + 12_000] ** 2)) for at in (1_000, 17_000, 33_000)]
    assert max(parts) / min(parts) < 1.2


@pytest.mark.parametrize("level_db", [15.0, 6.0, 0.0])
def test_noise_is_laid_under_speech_at_the_level_that_was_asked_for(level_db: float) -> None:
    sound = np.concatenate([noise(1.0, 3_000), np.zeros(16_000, np.float32)])
    mixed = laid_under(sound, noise(0.7, 77.0), level_db, "name")
    added = mixed - sound
    assert 10 * np.log10(speech_power(sound) / np.mean(added**2)) == pytest.approx(level_db, abs=0.3)


def test_which_part_of_the_noise_follows_from_the_name() -> None:
    sound, under = noise(0.5, 3_000), noise(2.0, 500)
    assert np.array_equal(laid_under(sound, under, 9.0, "a"), laid_under(sound, under, 9.0, "a"))
    assert not np.array_equal(laid_under(sound, under, 9.0, "a"), laid_under(sound, under, 9.0, "b"))


@given(st.binary(max_size=64).map(lambda data: data[: len(data) // 2 * 2]))
def test_sound_comes_back_as_it_was(pcm: bytes) -> None:
    assert to_pcm(samples(pcm)) == pcm
