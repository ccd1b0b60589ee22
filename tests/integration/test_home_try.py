"""``earwitness home try``: what it prints, for people and for programs, and how it ends."""

import json
from pathlib import Path

import pytest

from earwitness.cli.app import run

HOME = str(Path(__file__).parents[2] / "examples" / "home.yaml")


def try_(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert run(["home", "try", "--home", HOME, *arguments]) == code
    return capsys.readouterr().out


def test_a_person_reads_intent_reply_and_changes(capsys: pytest.CaptureFixture[str]) -> None:
    out = try_(capsys, "turn off the hall light")
    assert out.splitlines() == [
        "intent:  HassTurnOff name='Hall light' area='Hall' domain='light'",
        "reply:   Turned off the hall light.",
        "changed: light.hall: on -> off",
    ]


def test_a_program_reads_json(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(try_(capsys, "--json", "set the kitchen light to 50 percent"))
    assert found["intent"]["name"] == "HassLightSet"
    assert found["intent"]["slots"]["brightness"] == 50
    assert found["changes"] == [{"entity": "light.kitchen", "what": "brightness", "before": 255, "after": 128}]
    assert (found["kind"], found["asks"]) == ("done", False)
    assert found["undo"]


def test_a_question_back_is_no_failure_and_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(try_(capsys, "--json", "unlock the front door"))
    assert (found["kind"], found["asks"], found["changes"]) == ("confirm", True, [])
    assert found["reason"] == "unlocks"


def test_each_sentence_has_a_fresh_home_unless_it_is_a_conversation(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    lines = tmp_path / "lines.txt"
    lines.write_text("# a comment\nturn off the hall light\n\nturn off the hall light\n")
    fresh = json.loads(try_(capsys, "--json", "--file", str(lines)))
    assert [len(each["changes"]) for each in fresh] == [1, 1]
    kept = json.loads(try_(capsys, "--json", "--keep-state", "--file", str(lines)))
    assert [len(each["changes"]) for each in kept] == [1, 0]


def test_the_home_file_is_never_written(capsys: pytest.CaptureFixture[str]) -> None:
    before = Path(HOME).read_bytes()
    try_(capsys, "turn off all the lights")
    assert Path(HOME).read_bytes() == before


@pytest.mark.parametrize("arguments", [["--home", "none.yaml", "hello"], ["--home", HOME], ["--file", "none.txt"]])
def test_bad_input_is_told(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    assert run(["home", "try", *arguments]) == 2
    assert capsys.readouterr().err


def test_home_assistant_without_a_token_says_where_to_get_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EARWITNESS_HOME_TOKEN", raising=False)
    monkeypatch.delenv("EARWITNESS_HOME_TOKEN_FILE", raising=False)
    assert run(["home", "try", "--home", "http://127.0.0.1:1", "hello"]) == 2
    assert "EARWITNESS_HOME_TOKEN" in capsys.readouterr().err


@pytest.mark.parametrize("address", ["http://127.0.0.1:1", "mqtt://127.0.0.1:1"])
def test_a_home_that_is_off_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("EARWITNESS_HOME_TOKEN", "a token")
    code = run(["home", "try", "--home", address, "turn on the light"])
    out = capsys.readouterr()
    assert "does not answer" in out.out + out.err
    assert code in {0, 1}
