"""Damage and wrong places: the command line names what is wrong on one line, and makes it no worse."""

import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from earwitness.bootstrap import create_house
from earwitness.kernel.audio import Clip
from earwitness.settings import Settings
from earwitness.storage import database
from earwitness.testing.canary import AUDIO, HOUSEHOLD, NAME, TRANSCRIPT
from earwitness.testing.commandline import CommandLine
from earwitness.vault.custodians import passphrase as passphrases

PASSPHRASE = "EARWITNESS_PASSPHRASE"


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation with one adult and two recordings: one in an object, one in its row."""
    data = tmp_path_factory.mktemp("lived-in") / "data"
    create_house(data, Settings(installation="inst_cli"))
    cli = CommandLine(data)
    cli.does("household", "add", HOUSEHOLD)
    cli.does("person", "add", NAME, "--owner")
    cli.does("consent", "give", "assist", "history")
    for at, pcm in (("2d", AUDIO[:2_000]), ("1d", AUDIO)):
        clip = data.parent / "clip.wav"
        clip.write_bytes(Clip(pcm).to_wav())
        cli.does("keep", str(clip), "--at", at, "--transcript", TRANSCRIPT)
    return data


@pytest.fixture
def cli(lived_in: Path, tmp_path: Path) -> CommandLine:
    return CommandLine(Path(shutil.copytree(lived_in, tmp_path / "data")))


def flip(path: Path, place: int = -1) -> None:
    """Change one bit of a file, by default in its middle."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2 if place < 0 else place] ^= 1
    path.chmod(0o600)
    path.write_bytes(data)


def only(folder: Path, pattern: str) -> Path:
    return next(each for each in sorted(folder.rglob(pattern)) if each.is_file())


def sql(data: Path, statement: str) -> None:
    with closing(sqlite3.connect(data / "data.db")) as rows, rows:
        assert rows.execute(statement).rowcount


# --- the place -------------------------------------------------------------------------------------


def test_no_data_folder(tmp_path: Path) -> None:
    line = CommandLine(tmp_path / "none").fails("history")
    assert "no Earwitness installation" in line
    assert f"earwitness init --data {tmp_path / 'none'}" in line


def test_an_empty_folder_and_somebody_elses_folder(tmp_path: Path) -> None:
    cli = CommandLine(tmp_path)
    (tmp_path / "letter.txt").write_text("mine")
    cli.fails("history")
    cli.fails("init")
    cli.fails("up", "--port", "0")
    assert [each.name for each in tmp_path.iterdir()] == ["letter.txt"]


def test_a_file_in_place_of_the_data_folder(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_text("no folder")
    for words in (("history",), ("init",), ("backup", str(tmp_path / "b"))):
        CommandLine(path).fails(*words)
    assert path.read_text() == "no folder"


def test_a_place_that_nobody_can_write(tmp_path: Path) -> None:
    """/proc takes no files, from root either."""
    cli = CommandLine(Path("/proc/nowhere"))
    assert "/proc/nowhere" in cli.fails("init", code=1)
    home = CommandLine(tmp_path / "data")
    assert "/proc/nowhere" in home.fails("init", "--owner", NAME, "--key-file", "/proc/nowhere/key")
    assert not home.data.exists()


def test_an_installation_is_not_made_twice(cli: CommandLine) -> None:
    assert "already holds" in cli.fails("init", "--owner", NAME)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('installation = "inst_x"\nport = 0\n', "port"),
        ('installation = "inst_x"\nspeed = "fast"\n', "speed"),
        ("installation = ", "cannot be read"),
        ("", "installation"),
        ("\x00\x01", "cannot be read"),
    ],
)
def test_settings_that_cannot_be(text: str, says: str, cli: CommandLine) -> None:
    (cli.data / "earwitness.toml").write_text(text)
    line = cli.fails("history")
    assert "earwitness.toml" in line
    assert says in line


def test_settings_in_another_encoding(cli: CommandLine) -> None:
    (cli.data / "earwitness.toml").write_bytes(b'installation = "caf\xe9"\n')
    assert "earwitness.toml" in cli.fails("history")


# --- the database ------------------------------------------------------------------------------------


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)


@pytest.fixture
def held(cli: CommandLine) -> Iterator[CommandLine]:
    """An installation whose database another program holds for writing."""
    with closing(sqlite3.connect(cli.data / "data.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield cli
        other.execute("ROLLBACK")


@pytest.mark.usefixtures("_impatient")
def test_a_locked_database(held: CommandLine) -> None:
    assert "data.db is held by another process" in held.fails("history", code=1)


def test_a_database_of_a_newer_version(cli: CommandLine) -> None:
    sql(cli.data, "UPDATE alembic_version SET version_num = '9999'")
    assert "schema 9999" in cli.fails("history", code=1)


@pytest.mark.parametrize("damage", [b"", b"not a database" * 1000], ids=["emptied", "overwritten"])
def test_a_database_that_is_none(damage: bytes, cli: CommandLine) -> None:
    (cli.data / "data.db").write_bytes(damage)
    line = cli.fails("history", code=1, changes=not damage)  # an empty file becomes a new database
    assert "it is an older one" in line if not damage else "data.db is damaged" in line


def test_a_damaged_row(cli: CommandLine) -> None:
    sql(cli.data, "UPDATE artefact SET sealed = zeroblob(length(sealed)) WHERE kind = 'transcript'")
    listed = cli.does("history", "--json").json["recordings"]
    assert [each["damaged"] for each in listed] == [True, True]
    for each in listed:
        assert each["id"] in cli.fails("why", each["id"], code=1, changes=True)  # the look is logged first


def test_a_damaged_name(cli: CommandLine) -> None:
    sql(cli.data, "UPDATE person SET sealed = zeroblob(length(sealed))")
    assert "person" in cli.fails("person", "list", code=1)


# --- keys ----------------------------------------------------------------------------------------------


def test_a_root_key_that_others_can_read(cli: CommandLine) -> None:
    path = only(cli.data / "keys", "root-*.key")
    path.chmod(0o644)
    assert path.name in cli.fails("history", code=1)


@pytest.mark.parametrize("pattern", ["root-*.key", "log.key", "CURRENT"])
def test_a_damaged_key_file(pattern: str, cli: CommandLine) -> None:
    path = only(cli.data / "keys", pattern)
    flip(path)
    line = cli.fails("history", code=1)
    assert path.name in line or "ring" in line


@pytest.mark.parametrize("pattern", ["root-*.key", "ring-*.db", "CURRENT"])
def test_a_key_file_that_is_gone(pattern: str, cli: CommandLine) -> None:
    path = only(cli.data / "keys", pattern)
    path.unlink()
    line = cli.fails("history", code=1)
    assert path.name in line
    assert "from the newest key backup" in line


def test_an_overwritten_ring(cli: CommandLine) -> None:
    path = only(cli.data / "keys", "ring-*.db")
    path.write_bytes(b"no ring" * 1000)
    assert path.name in cli.fails("history", code=1)


@pytest.fixture
def with_passphrase(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """An installation under a passphrase, with a cheap argon2id."""
    for name in ("MEMORY_KIB", "MEMORY_COST", "MEMORY"):
        if hasattr(passphrases, name):
            monkeypatch.setattr(passphrases, name, 8 * 1024)
    cli = CommandLine(tmp_path / "data")
    monkeypatch.setenv(PASSPHRASE, "correct horse")
    cli.does("init", "--owner", NAME, "--custodian", "passphrase")
    return cli


def test_a_passphrase(with_passphrase: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    with_passphrase.does("person", "list")
    monkeypatch.setenv(PASSPHRASE, "wrong horse")
    line = with_passphrase.fails("person", "list", code=1)
    assert "passphrase" in line
    assert "horse" not in line
    for absent in ("", None):
        monkeypatch.setenv(PASSPHRASE, absent) if absent is not None else monkeypatch.delenv(PASSPHRASE)
        assert PASSPHRASE in with_passphrase.fails("person", "list")


def test_no_passphrase_makes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PASSPHRASE, raising=False)
    cli = CommandLine(tmp_path / "data")
    assert PASSPHRASE in cli.fails("init", "--custodian", "passphrase")
    assert not cli.data.exists()


# --- objects and the log -------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", [flip, Path.unlink], ids=["changed", "gone"])
def test_a_damaged_object(damage: Callable[[Path], None], cli: CommandLine, tmp_path: Path) -> None:
    damage(only(cli.data / "blobs", "??/*"))
    target = tmp_path / "clip.wav"
    cli.fails("play", "last", "--to", str(target), code=1, changes=True)
    assert not target.exists()
    other = cli.does("history", "--json").json["recordings"][1]["id"]
    cli.does("play", other, "--to", str(target))
    assert target.read_bytes()[:4] == b"RIFF"


@pytest.mark.parametrize("name", ["tile/0", "tile/entries", "checkpoint"])
@pytest.mark.parametrize("damage", [flip, Path.unlink], ids=["changed", "gone"])
def test_a_damaged_log(damage: Callable[[Path], None], name: str, cli: CommandLine) -> None:
    folder = cli.data / "log"
    files = [each for each in sorted(folder.rglob("*")) if each.is_file()]
    damage(next(each for each in reversed(files) if str(each.relative_to(folder)).startswith(name)))
    assert name in cli.fails("verify", code=1)
    told = json.loads(cli("verify", "--json").err)
    assert told["file"].startswith(name)
    assert told["reason"]


def test_a_log_of_somebody_else(cli: CommandLine, tmp_path: Path) -> None:
    other = CommandLine(tmp_path / "other")
    other.does("init")
    key = other.does("verify", "--json").json["origin"]
    assert key != cli.does("verify", "--json").json["origin"]
    cli.fails("verify", str(other.data / "log"), code=1)  # it is not signed by the key of this one


def test_a_damaged_receipt(cli: CommandLine, tmp_path: Path) -> None:
    cli.does("erase", "last", "--yes")
    cli.does("receipts", "--save", str(tmp_path / "receipts"))
    path = only(tmp_path / "receipts", "*.tlog-proof")
    assert cli.does("verify", str(path), "--json").json["result"] == "valid"
    flip(path)
    cli.fails("verify", str(path), code=1)
    path.write_bytes(b"")
    cli.fails("verify", str(path), code=1)
    path.write_bytes(os.urandom(1000))
    cli.fails("verify", str(path), code=1)
