"""``earwitness learn`` as somebody uses it: put right, learn, look, roll back, forget."""

from pathlib import Path

import pytest

from earwitness.bootstrap import create_house
from earwitness.cli.session import opened
from earwitness.kernel.audio import Clip
from earwitness.settings import Settings
from earwitness.testing.canary import AUDIO, HOUSEHOLD, NAME, OTHER_NAME
from earwitness.testing.commandline import CommandLine

SENTENCE = "let there be light"


@pytest.fixture
def cli(tmp_path: Path) -> CommandLine:
    """Two adults who said yes to being kept; the first has one recording."""
    create_house(tmp_path / "data", Settings(installation="inst_learn"))
    made = CommandLine(tmp_path / "data")
    made.does("household", "add", HOUSEHOLD)
    for name, standing in ((NAME, ("--owner",)), (OTHER_NAME, ())):
        made.does("person", "add", name, *standing)
        made.does("consent", "give", "assist", "history", "--as", name)
    clip = tmp_path / "clip.wav"
    clip.write_bytes(Clip(AUDIO).to_wav())
    made.does("keep", str(clip), "--as", NAME)
    return made


def taught(cli: CommandLine) -> list[str]:
    with opened(cli.data) as house:
        (home,) = house.directory.households.list()
        return [each.said for each in house.learning.in_use(home.id).taught.sentences]


def put_right(cli: CommandLine) -> None:
    meaning = ("--said", SENTENCE, "--intent", "HassTurnOn", "--slot", "name=lamp")
    assert cli.does("learn", "correct", "last", *meaning, "--as", NAME, "--json").json["wrong"] == "not_what_i_meant"


def test_a_sentence_is_taught_by_another_that_is_understood(cli: CommandLine) -> None:
    said = ("--said", SENTENCE, "--meant", "turn on the lamp")
    assert cli.does("learn", "correct", "last", *said, "--as", NAME, "--json").json["wrong"] == "not_what_i_meant"
    cli.fails("learn", "correct", "last", *said, "--intent", "HassTurnOn", "--as", NAME)
    assert cli.does("learn", "run", "--own", "--json").json["gate"] == "own_words"
    with opened(cli.data) as house:
        (home,) = house.directory.households.list()
        assert house.learning.in_use(home.id).taught.stands_for(SENTENCE) == "turn on the lamp"


def test_from_putting_right_to_use_and_back_and_forgotten(cli: CommandLine, tmp_path: Path) -> None:
    put_right(cli)
    counted = cli.does("learn", "snapshot", "--own", "--json").json
    assert (counted["examples"], counted["people"], counted["corrections"]) == (1, 1, 1)
    made = cli.does("learn", "run", "--own", "--json").json
    assert (made["gate"], made["in_use"], made["files"]) == ("own_words", True, ["taught.json"])
    assert taught(cli) == [SENTENCE]

    (row,) = cli.does("learn", "releases", "--save", str(tmp_path / "proofs"), "--json").json
    assert (row["state"], row["layer"], row["id"]) == ("active", "household", made["release"])
    (proof,) = (tmp_path / "proofs").glob("*.tlog-proof")
    with opened(cli.data) as house:
        key = house.log.signer.vkey
    cli.does("verify", str(proof), "--key", key, where=False)

    assert cli.does("learn", "rollback", "--own", "--json").json == {"in_use": "what ships"}
    assert taught(cli) == []
    cli.does("learn", "run", "--own")
    forgotten = cli.does("learn", "forget", "--as", NAME, "--yes", "--json").json
    assert (forgotten["examples_forgotten"], forgotten["models_destroyed"]) == (1, 2)
    assert taught(cli) == []
    assert {each["state"] for each in cli.does("learn", "releases", "--json").json} == {"destroyed"}


def test_nothing_put_right_is_nothing_learned(cli: CommandLine) -> None:
    made = cli.does("learn", "run", "--json").json
    assert (made["examples"], made["release"], made["gate"]) == (0, None, "not_enough")
    assert "what ships" in cli.does("learn", "releases").err


def test_what_cannot_be_used_is_refused_in_a_line(cli: CommandLine) -> None:
    assert "really said" in cli.fails("learn", "correct", "last", "--as", NAME)
    assert "NAME=VALUE" in cli.fails("learn", "correct", "last", "--said", "a", "--slot", "b", "--as", NAME)
    assert "--own" in cli.fails("learn", "run", "--household", HOUSEHOLD)
    assert "no such release" in cli.fails("learn", "evaluate", "release_none")
    assert "in use" in cli.fails("learn", "rollback")
    assert "--yes" in cli.fails("learn", "forget", "--as", NAME)
