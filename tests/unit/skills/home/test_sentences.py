"""What people say, by kind of device, and what it has to do: every sentence on a fresh copy of the example home.

``sentences.tsv`` has a sentence, a tab and what it does: ``entity=state`` and ``entity.attribute=value``, or ASK (a
question back), TELL and a word of the answer, NOTHING (it is not acted on), SAME (it is done already).
"""

import asyncio
import json
from pathlib import Path

import pytest

from earwitness.skills.home.skill import Answer, HomeSkill, Kind
from earwitness.skills.home.virtual.home import VirtualHome

HERE = Path(__file__).parent
HOMES = {
    "sentences.tsv": Path(__file__).parents[4] / "examples" / "home.yaml",
    "later.tsv": Path(__file__).parents[4] / "examples" / "home.yaml",
    "flat.tsv": HERE / "flat.yaml",
    "last.tsv": HERE / "flat.yaml",
}
BESIDE = {"color_mode", "last_triggered", "items"}  # follow from what is asked for


def table(path: Path) -> list[tuple[str, str]]:
    rows = [
        line.split("\t") for line in path.read_text(encoding="utf-8").splitlines() if "\t" in line and line[0] != "#"
    ]
    return [(say, does) for say, does in rows if does]


def said(sentence: str, home: Path) -> Answer:
    return asyncio.run(HomeSkill(VirtualHome.load(home)).hear(sentence))


def wanted(does: str) -> dict[str, object]:
    found: dict[str, object] = {}
    for part in does.split():
        key, _, value = part.partition("=")
        entity, _, attribute = key.partition(".")[2].partition(".")
        is_state = not attribute
        found[f"{key.partition('.')[0]}.{entity} {attribute or 'state'}"] = value if is_state else json.loads(value)
    return found


def did(answer: Answer) -> dict[str, object]:
    return {
        f"{each.entity} {each.what}": each.after
        for each in answer.changes
        if each.what not in BESIDE and not each.entity.startswith(("scene.", "script."))
    }


ROWS = [(say, does, home) for name, home in HOMES.items() for say, does in table(HERE / name)]


@pytest.mark.parametrize(("sentence", "does", "home"), ROWS, ids=[say for say, _, _ in ROWS])
def test_a_sentence_does_what_it_says(sentence: str, does: str, home: Path) -> None:
    answer = said(sentence, home)
    kind, _, word = does.partition(" ")
    if kind == "ASK":
        assert answer.asks, answer.reply
        assert not answer.changes
    elif kind == "TELL":
        assert answer.kind is Kind.TOLD, answer.reply
        assert word.lower() in answer.reply.lower()
        assert not answer.changes
    elif kind in {"NOTHING", "SAME"}:
        assert not answer.changes
        assert answer.kind is (Kind.NOTHING if kind == "NOTHING" else Kind.DONE), answer.reply
    else:
        assert did(answer) == wanted(does), answer.reply
