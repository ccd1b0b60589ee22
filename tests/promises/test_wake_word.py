"""P1 is held by the voice loop as it is, and found broken by its effect when it is broken."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from earwitness.assistant import session, wakening
from earwitness.assistant.wakening import Awake
from earwitness.bootstrap import House
from earwitness.promises.run import try_promise
from earwitness.speech.verify.learned import LearnedVerifier
from earwitness.speech.verify.port import Verdict
from earwitness.speech.wake.gate import WakeGate, Woke
from earwitness.transparency.register import PROMISES, State

P1 = next(each for each in PROMISES if each.id == "P1")
Sabotage = Callable[[pytest.MonkeyPatch, House], None]


def leave_sound_lying_about(patch: pytest.MonkeyPatch, house: House) -> None:
    push = WakeGate.push

    def careless(gate: WakeGate, pcm: bytes) -> Woke | None:
        with Path(house.data / "run" / "sound.raw").open("ab") as file:
            file.write(pcm)
        return push(gate, pcm)

    patch.setattr(WakeGate, "push", careless)


def believe_every_device(patch: pytest.MonkeyPatch, _house: House) -> None:
    patch.setattr(LearnedVerifier, "verify", lambda *_: Verdict(accepted=True, score=1.0, by="nobody"))


def listen_from_before_the_word(patch: pytest.MonkeyPatch, _house: House) -> None:
    def everything(woke: Woke) -> Awake:
        before = bytes(woke.sound)
        return replace(wakening.from_gate(woke), rest=before + before)  # twice: the first is taken for silence

    patch.setattr(session, "from_gate", everything)


@pytest.mark.parametrize(
    ("sabotage", "found"),
    [
        (leave_sound_lying_about, "holds sound from before a wake word"),
        (believe_every_device, "nobody spoke"),
        (listen_from_before_the_word, "begins before it"),
    ],
)
def test_a_broken_voice_loop_is_found(
    small_house: House, monkeypatch: pytest.MonkeyPatch, sabotage: Sabotage, found: str
) -> None:
    sabotage(monkeypatch, small_house)
    result = try_promise(small_house, P1)
    assert result.state is State.BROKEN
    assert found in result.tried
