"""The pictures of the benchmarks hold the figures they were given, and are XML."""

from xml.etree import ElementTree as ET

from earwitness.bench.turn import draw_turn
from earwitness.bench.understanding import draw_understanding
from earwitness.bench.wake import draw_wake


def texts(picture: str) -> list[str]:
    return [each.text or "" for each in ET.fromstring(picture).iter() if each.tag.endswith("text")]  # noqa: S314 - ours


def test_turn() -> None:
    shown = texts(draw_turn({"p50_ms": 377.4, "p95_ms": 612, "until_end_of_speech_p50_ms": None, "utterances": 60}))
    assert {"377", "612", "0", "95 of 100 in 800 ms"} <= set(shown)


def test_wake() -> None:
    figures = {"recall_clean": 1.0, "recall_10db": 0.988, "triggers_verified": 0.006, "false_accepts": 1, "hours": 1.43}
    shown = texts(draw_wake(figures))
    assert {"100", "98.8", "0.6", "“alexa”: 1 false accepts in 1.43 h"} <= set(shown)


def test_understanding() -> None:
    figures = {"hwu64": {"intent_f1": 0.884, "entity_f1": 0.835, "combined_f1": 0.862}, "clinc150": {"in_scope": 93.0}}
    assert {"88.4", "83.5", "86.2", "93"} <= set(texts(draw_understanding(figures)))
