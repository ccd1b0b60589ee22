"""Backup and restore by command: what was erased after the backup stays erased."""

import shutil
from pathlib import Path

import pytest

from earwitness.bootstrap import create_house
from earwitness.kernel.audio import Clip
from earwitness.settings import Settings
from earwitness.testing.canary import AUDIO, HOUSEHOLD, NAME, TRANSCRIPT, traces_in_folder
from earwitness.testing.commandline import CommandLine


@pytest.fixture
def cli(tmp_path: Path) -> CommandLine:
    """One adult with two recordings."""
    create_house(tmp_path / "data", Settings(installation="inst_cli"))
    cli = CommandLine(tmp_path / "data")
    cli.does("household", "add", HOUSEHOLD)
    cli.does("person", "add", NAME, "--owner")
    cli.does("consent", "give", "assist", "history")
    (tmp_path / "hello.wav").write_bytes(Clip(AUDIO).to_wav())
    for at in ("2d", "1d"):
        cli.does("keep", str(tmp_path / "hello.wav"), "--transcript", TRANSCRIPT, "--at", at)
    return cli


def restore(made: dict[str, str], to: Path, *words: str) -> list[str]:
    return ["restore", made["backup"], "--keys", made["keys"], "--to", str(to), *words]


def test_what_was_erased_stays_erased(cli: CommandLine, tmp_path: Path) -> None:
    made = cli.does("backup", str(tmp_path / "a"), "--keys-to", str(tmp_path / "b"), "--days", "2", "--json").json
    assert (made["recordings"], made["people"], made["objects_missing"]) == (2, 1, 0)
    assert traces_in_folder(tmp_path / "a") == []
    kept = [each["id"] for each in cli.does("history", "--json").json["recordings"]]
    cli.does("erase", kept[0], "--yes")
    restored = CommandLine(tmp_path / "restored")
    words = restore(made, restored.data, "--second", str(cli.data / "second"))
    done = cli.does(*words, "--json", where=False).json
    assert done["relied_on"] == "second copy"
    assert done["ended_by_the_log"]["recording"] == 1
    assert [each["id"] for each in restored.does("history", "--json").json["recordings"]] == kept[1:]
    restored.fails("play", kept[0], "--to", str(tmp_path / "new.wav"))
    restored.does("verify")
    assert restored.does("who", "--check").rows[1]["did"] in {"read", "restored a backup"}


def test_a_restore_that_cannot_be_proved_is_refused(cli: CommandLine, tmp_path: Path) -> None:
    made = cli.does("backup", str(tmp_path / "a"), "--keys-to", str(tmp_path / "b"), "--json").json
    cli.does("erase", "last", "--yes")
    target = tmp_path / "restored"
    line = cli.fails(*restore(made, target), code=1, where=False)
    assert "what was erased since may return" in line
    assert "--without-second-copy-erased-things-may-return" in line
    checkpoint = cli.data / "log" / "checkpoint"
    line = cli.fails(*restore(made, target, "--checkpoint", str(checkpoint)), code=1, where=False)
    assert "are missing" in line
    cli.fails(*restore(made, target, "--checkpoint", "/proc/nowhere"), where=False)
    cli.fails(*restore(made, target, "--second", str(tmp_path / "a")), where=False)
    assert not target.exists()
    dangerous = "--without-second-copy-erased-things-may-return"
    told = cli.does(*restore(made, target, dangerous), where=False)
    assert "may be back" in told.err
    assert len(CommandLine(target).does("history", "--json").json["recordings"]) == 2


def test_a_backup_says_what_it_lacks(cli: CommandLine, tmp_path: Path) -> None:
    told = cli.does("backup", str(tmp_path / "a"))
    assert "Without keys it cannot be restored" in told.err
    assert "keys" not in told.out


@pytest.mark.parametrize("place", ["backup", "keys", "target"])
def test_wrong_places(place: str, cli: CommandLine, tmp_path: Path) -> None:
    made = cli.does("backup", str(tmp_path / "a"), "--keys-to", str(tmp_path / "b"), "--json").json
    words = restore(made, tmp_path / "restored", "--second", str(cli.data / "second"))
    wrong = {"backup": 1, "keys": 3, "target": 5}[place]
    words[wrong] = str(cli.data)
    cli.fails(*words, code=2 if place == "target" else 1, where=False)
    words[wrong] = "/proc/nowhere"
    cli.fails(*words, code=1 if place == "target" else 2, where=False)
    assert not (tmp_path / "restored").exists()


def test_a_changed_backup(cli: CommandLine, tmp_path: Path) -> None:
    made = cli.does("backup", str(tmp_path / "a"), "--keys-to", str(tmp_path / "b"), "--json").json
    blob = next(each for each in sorted(Path(made["backup"], "blobs").rglob("*")) if each.is_file())
    shutil.copy(blob, tmp_path / "whole")
    blob.unlink()  # it may be a hard link
    blob.write_bytes((tmp_path / "whole").read_bytes()[::-1])
    words = restore(made, tmp_path / "restored", "--second", str(cli.data / "second"))
    assert blob.name in cli.fails(*words, code=1, where=False)
