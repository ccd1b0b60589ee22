"""Every command as somebody uses it: what it says, what it prints for programs, what it changes."""

import json
import stat
import tarfile
from io import BytesIO
from pathlib import Path

import pyrage
import pytest

from earwitness.bootstrap import create_house, open_house
from earwitness.cli.reference import NO_JSON
from earwitness.cli.root import make_root
from earwitness.kernel.audio import Clip
from earwitness.promises import run
from earwitness.settings import Settings
from earwitness.testing.canary import (
    ADDRESS,
    AUDIO,
    CHILD_NAME,
    CONTACT,
    HOUSEHOLD,
    NAME,
    OTHER_NAME,
    PLACE,
    TRANSCRIPT,
    canary,
)
from earwitness.testing.canary import REPLY as ANSWER
from earwitness.testing.commandline import CommandLine, require_one_clear_line
from earwitness.vault.effects import Effect
from earwitness.vault.rings import schemas

KITCHEN = canary("kitchen")


@pytest.fixture
def empty(tmp_path: Path) -> CommandLine:
    create_house(tmp_path / "data", Settings(installation="inst_cli"))
    return CommandLine(tmp_path / "data")


@pytest.fixture
def clip(tmp_path: Path) -> str:
    path = tmp_path / "hello.wav"
    path.write_bytes(Clip(AUDIO).to_wav())
    return str(path)


@pytest.fixture
def cli(empty: CommandLine) -> CommandLine:
    """Two adults who said yes to what keeping needs; the first has an age key."""
    empty.does("household", "add", HOUSEHOLD)
    empty.does("person", "add", NAME, "--owner", "--key-file", str(empty.data.parent / "one.agekey"))
    empty.does("person", "add", OTHER_NAME)
    for name in (NAME, OTHER_NAME):
        empty.does("consent", "give", "assist", "history", "--as", name)
    return empty


def test_init_makes_all_there_is(tmp_path: Path) -> None:
    cli, key = CommandLine(tmp_path / "data"), tmp_path / "key"
    made = cli.does("init", "--owner", NAME, "--household", HOUSEHOLD, "--key-file", str(key), "--json").json
    assert made["custodian"] == "keyfile"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert "AGE-SECRET-KEY-1" in key.read_text()
    assert cli.does("verify", "--json").json["origin"] in made["log_key"]
    assert cli.does("person", "list", "--json").json[0]["standing"] == "owner"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--database-url", "mysql://nowhere/x"), 2),
        (("--database-url", "postgresql+psycopg://127.0.0.1:1/x"), 1),
        (("--keys-url", "postgresql+psycopg://127.0.0.1:1/x"), 1),
        (("--custodian", "transit", "--vault-address", "http://127.0.0.1:1"), 1),
        (("--custodian", "transit"), 2),
        (("--key-file", "key"), 2),
    ],
    ids=str,
)
@pytest.mark.parametrize("place", ["an empty folder", "no folder"])
def test_init_makes_all_or_nothing(
    words: tuple[str, ...], code: int, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAULT_TOKEN", "token")
    monkeypatch.setattr(schemas, "WAIT_SECONDS", 1.0)  # for a server that does not answer
    cli = CommandLine(tmp_path / "data")
    before = [cli.data] if place == "an empty folder" else []
    for each in before:
        each.mkdir()
    require_one_clear_line(cli("init", *words), code)
    assert list(tmp_path.rglob("*")) == before


def test_a_log_finds_the_key_that_lies_beside_it(empty: CommandLine, tmp_path: Path) -> None:
    elsewhere = CommandLine(tmp_path / "nowhere")
    for place in (empty.data, empty.data / "log", empty.data / "second"):
        assert elsewhere.does("verify", str(place), "--json").json["signature"] == "valid"


def test_people(empty: CommandLine) -> None:
    empty.does("person", "add", NAME, "--owner")
    added = empty.does("person", "add", CHILD_NAME, "--child")
    assert "consent" not in added.err
    assert [row["age"] for row in empty.does("person", "list").rows] == ["adult", "child"]
    assert empty.does("household", "list", "--json").json[0]["people"] == 2
    whole = empty.does("person", "list", "--json").json[1]["id"]
    for named in (CHILD_NAME, CHILD_NAME.upper(), whole, whole[:15]):
        assert empty.does("person", "show", named, "--json").json["id"] == whole
    mine = empty.does("person", "show", "--json").json
    assert (mine["name"], mine["yes_to"], mine["kept_for"]) == (NAME, [], "3 months")
    assert empty.does("person", "rename", OTHER_NAME, "--json").json["name"] == OTHER_NAME
    recipient = str(pyrage.x25519.Identity.generate().to_public())
    assert empty.does("person", "recipient", recipient, "--json").json["export_key"] == recipient


def test_contacts_and_places(cli: CommandLine) -> None:
    cli.does("contact", "add", CONTACT, "--said", canary("the doctor"), "--address", ADDRESS, "--as", NAME)
    assert cli.does("contact", "list", "--as", NAME).rows[0]["also said"] == canary("the doctor")
    assert cli.does("contact", "list", "--as", OTHER_NAME, "--json").json == []
    cli.does("contact", "remove", canary("the doctor"), "--as", NAME)
    assert "None yet." in cli.does("contact", "list", "--as", NAME).err
    cli.does("place", "add", PLACE, "--said", canary("home"))
    assert cli.does("place", "list", "--json").json[0]["said"] == [canary("home")]
    cli.does("place", "remove", canary("home"))


def test_a_shared_device(cli: CommandLine, clip: str) -> None:
    added = cli.does("device", "add", KITCHEN, "--mode", "shared")
    assert "2 adult(s) have still to agree" in added.err
    cli.fails("keep", clip, "--device", KITCHEN, "--as", NAME, code=3)
    cli.does("device", "agree", KITCHEN, "--as", NAME)
    assert cli.does("device", "agree", KITCHEN, "--as", OTHER_NAME, "--json").json["keeps"] == "yes"
    kept = cli.does("keep", clip, "--device", KITCHEN, "--as", NAME, "--json").json["recording"]
    assert cli.does("history", "--shared", "--as", OTHER_NAME).rows[0]["id"] == kept
    assert cli.does("history", "--as", NAME, "--json").json["recordings"] == []
    cli.does("device", "disagree", KITCHEN, "--as", OTHER_NAME)
    cli.fails("play", kept, "--as", OTHER_NAME, "--to", "new", code=3)
    assert cli.does("erase", "--device", KITCHEN, "--shared", "--as", NAME, "--yes", "--json").json["recordings"] == 1
    cli.does("device", "mode", KITCHEN, "guest")
    assert cli.does("device", "list", "--json").json[0]["keeps"] == "never"
    cli.does("device", "remove", KITCHEN)
    assert cli.does("device", "list", "--json").json == []


def test_a_personal_device(cli: CommandLine, clip: str) -> None:
    added = cli.does("device", "add", canary("desk"), "--mode", "personal", "--person", NAME)
    assert "still to confirm" in added.err
    cli.fails("device", "confirm", canary("desk"), "--as", OTHER_NAME, code=3)
    assert cli.does("device", "confirm", canary("desk"), "--as", NAME, "--json").json["keeps"] == "yes"
    cli.does("keep", clip, "--device", canary("desk"), "--as", NAME)
    assert cli.does("history", "--as", NAME).rows[0]["through"] == canary("desk")


def test_consent(cli: CommandLine) -> None:
    assert cli.does("consent", "give", "review", "--as", NAME, "--json").json["yes_to"] == ["review"]
    cli.does("consent", "withdraw", "review", "--as", NAME)
    cli.does("consent", "give", "history", "--toward", OTHER_NAME, "--as", NAME)
    shown = cli.does("consent", "show", "--as", NAME, "--json").json
    assert [(each["purpose"], each["answer"], each["stands"]) for each in shown["answers"]][2:] == [
        ("review", "yes", False),
        ("review", "no", True),
        ("history", "yes", True),
    ]
    assert cli.does("consent", "show", "--as", NAME).rows[-1]["toward"] == OTHER_NAME
    assert cli.does("consent", "keep", "day", "--yes", "--as", NAME, "--json").json["choice"] == "day"
    cli.does("consent", "keep", "until_deleted", "--as", NAME)  # longer: nothing to ask
    cli.does("person", "add", CHILD_NAME, "--child")
    cli.does("consent", "give", "assist", "--child", CHILD_NAME, "--as", NAME)
    cli.fails("consent", "give", "review", "--child", CHILD_NAME, "--as", NAME, code=3)
    cli.fails("consent", "give", "assist", "--child", OTHER_NAME, "--as", NAME, code=3)


def test_keep_look_listen_ask(cli: CommandLine, clip: str, tmp_path: Path) -> None:
    words = ("--transcript", TRANSCRIPT, "--reply", ANSWER, "--as", NAME)
    older = cli.does("keep", clip, "--at", "3d", *words, "--json").json["recording"]
    newer = cli.does("keep", clip, *words, "--json").json["recording"]
    page = cli.does("history", "--limit", "1", "--as", NAME)
    assert [row["id"] for row in page.rows] == [newer]
    following = page.err.partition("--before ")[2].split()[0]
    assert f"--data {cli.data}" in page.err
    rest = cli.does("history", "--before", following, "--as", NAME, "--json").json
    assert [each["id"] for each in rest["recordings"]] == [older]
    assert rest["next"] is None
    target = tmp_path / "again.wav"
    cli.does("play", older[:12], "--to", str(target), "--as", NAME)
    assert target.read_bytes() == Path(clip).read_bytes()
    told = cli.does("why", "last", "--as", NAME).out
    assert TRANSCRIPT in told
    assert ANSWER in told
    assert isinstance(cli.does("why", "last", "--as", NAME, "--json").json, list)


def test_sound_goes_through_a_pipe(cli: CommandLine, clip: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    cli.does("keep", clip, "--as", NAME)
    cli.does("play", "last", "--to", "-", "--as", NAME)
    outcome = cli("play", "last", "--to", "-", "--json", "--as", NAME)
    assert (outcome.code, json.loads(outcome.err)["kind"]) == (2, "BadInput")
    assert capfdbinary.readouterr().out == b""


def test_a_transcript_cannot_command_the_terminal(cli: CommandLine, clip: str) -> None:
    cli.does("keep", clip, "--as", NAME, "--transcript", f"\x1b[2J{TRANSCRIPT}\nrm")
    for command in ("history", "why"):
        shown = cli.does(command, *(("last",) if command == "why" else ()), "--as", NAME).out
        assert "\x1b" not in shown
        assert f"�[2J{TRANSCRIPT}�rm" in shown


def test_who_names_people_where_one_may_know_them(cli: CommandLine, clip: str) -> None:
    cli.does("keep", clip, "--as", NAME)
    cli.does("consent", "give", "history", "--toward", OTHER_NAME, "--as", NAME)
    cli.does("history", "--of", NAME, "--as", OTHER_NAME)
    theirs = cli.does("history", "--of", NAME, "--as", OTHER_NAME).rows[0]["id"]
    cli.does("play", theirs[:12], "--to", "-", "--as", OTHER_NAME)
    listed = cli.does("who", "--check", "--as", NAME)
    assert [(row["who"], row["did"]) for row in listed.rows] == [
        ("you", "looked at this log"),
        (OTHER_NAME, "played"),
        (OTHER_NAME, "read"),
        (OTHER_NAME, "read"),
        ("you", "said yes to"),
        ("you", "kept"),
        ("you", "said yes to"),
        ("you", "said yes to"),
    ]
    assert listed.rows[4]["what"] == f"history toward {OTHER_NAME}"
    assert "8 entries have a valid proof" in listed.err
    found = cli.does("who", "--limit", "2", "--check", "--as", NAME, "--json").json
    assert found["checked"] == len(found["entries"]) == 2
    assert found["entries"][1]["who"].startswith("person_")


def test_erase_in_every_way(cli: CommandLine, clip: str, tmp_path: Path) -> None:
    for at in ("5d", "3d", "1d"):
        cli.does("keep", clip, "--at", at, "--as", NAME)
    made = cli.does("erase", "--from", "4d", "--to", "2d", "--yes", "--as", NAME, "--json").json
    assert made["recordings"] == 1
    made = cli.does("erase", "last", "last", "--yes", "--as", NAME)
    assert f"earwitness receipts --data {cli.data} --as" in made.err
    receipts = cli.does("receipts", "--save", str(tmp_path / "receipts"), "--as", NAME, "--json").json
    assert [each["says"] for each in receipts] == ["unreadable", "unreadable"]
    for path in (tmp_path / "receipts").iterdir():
        assert cli.does("verify", str(path), "--json").json["result"] == "valid"
    person = cli.does("person", "show", "--as", NAME, "--json").json["id"]
    gone = cli.does("erase", "--me", "--yes", "--as", NAME)
    assert f"--subject {person}" in gone.err
    cli.fails("history", "--as", NAME)
    assert len(cli.does("receipts", "--subject", person, "--json").json) == 3


def test_nobody_is_asked_where_nobody_is(cli: CommandLine, clip: str) -> None:
    cli.does("keep", clip, "--as", NAME)
    for words in (("erase", "last"), ("erase", "--me"), ("consent", "keep", "nothing")):
        assert "--yes" in cli.fails(*words, "--as", NAME)


def test_effects(cli: CommandLine, clip: str) -> None:
    recording = cli.does("keep", clip, "--as", NAME, "--json").json["recording"]
    person = cli.does("person", "show", "--as", NAME, "--json").json["id"]
    with open_house(cli.data) as house, house.database.write() as tx:
        effect = Effect("", recording, person, "message", house.clock.now_ms(), canary("a message"))
        name = house.effects.record(tx, effect).id
    assert cli.does("effects", "list", "--as", NAME).rows[0]["what it caused"] == canary("a message")
    assert cli.does("who", "--limit", "2", "--as", NAME).rows[1]["did"] == "read"  # the look is in the log
    erased = cli.does("erase", "last", "--yes", "--as", NAME)
    assert canary("a message") in erased.out
    cli.fails("effects", "remove", name, "--as", NAME, changes=True)  # it has left this house
    cli.fails("effects", "remove", name, "--as", OTHER_NAME, changes=True)  # the look is logged


def test_export_opens_with_its_persons_key(cli: CommandLine, clip: str, tmp_path: Path) -> None:
    cli.does("keep", clip, "--as", NAME)
    made = cli.does("export", "--to", str(tmp_path / "out"), "--as", NAME, "--json").json
    secret = (tmp_path / "one.agekey").read_text().splitlines()[-1]
    plain = pyrage.decrypt(Path(made["archive"]).read_bytes(), [pyrage.x25519.Identity.from_str(secret)])
    with tarfile.open(fileobj=BytesIO(plain)) as archive:
        assert len(archive.getnames()) == made["members"] + 1
    assert cli.does("copies", "list", "--key-file", str(tmp_path / "one.agekey"), "--json").json == []
    cli.fails("copies", "erase", "all", "--key-file", str(tmp_path / "one.agekey"))


def test_an_incident(cli: CommandLine, clip: str) -> None:
    recording = cli.does("keep", clip, "--as", NAME, "--json").json["recording"]
    words = ("incident", canary("a guest heard it"), "--recording", recording[:12])
    assert cli.does(*words, "--as", NAME, "--json").json["affected"][0]["ids"] == [recording]
    reported = cli.does("incident", canary("a disk was stolen"), "--from", "1d", "--as", NAME, "--json").json
    assert [each["who"] for each in reported["affected"]] == [NAME]
    assert reported["incident"] in cli.does("notices", "--as", NAME).out
    assert canary("a disk was stolen") in cli.does("notices", "--as", NAME, "--json").json[1]
    assert "none" in cli.does("notices", "--as", OTHER_NAME).err
    cli.fails("incident", canary("x"), "--from", "1d", "--as", OTHER_NAME, code=3)


def test_upkeep(cli: CommandLine, clip: str) -> None:
    cli.does("keep", clip, "--as", NAME)
    cli.does("erase", "last", "--yes", "--as", NAME)
    assert cli.does("jobs").rows == [{"kind": "vault.remove", "state": "ready", "count": "1"}]
    assert cli.does("jobs", "--run", "--json").json == {
        "run": 1,
        "jobs": [{"kind": "vault.remove", "state": "done", "count": 1}],
    }
    turned = cli.does("rotate", "--json").json
    assert turned["new_epoch"] == turned["old_epoch"] + 1
    assert turned["erasures_completed"] == 1
    assert cli.does("receipts", "--as", NAME).rows[-1]["says"] == "final"
    assert cli.does("sweep", "--json").json["overdue_erasures"] == 0


def test_staff_and_what_takes_two(cli: CommandLine) -> None:
    one, two = (
        cli.does("staff", "add", role, "--employer", "vendor", "--country", "de", "--json").json["id"]
        for role in ("operator", "auditor")
    )
    person = cli.does("person", "show", "--as", NAME, "--json").json["id"]
    asks = ("approval", "request", person, "--purpose", "support", "--as", one)
    assert "second factor" in cli.fails(*asks, code=3)
    request = cli.does(*asks, "--second-factor-given", "--json").json["id"]
    assert cli.does("approval", "list").rows[0]["asked by"] == one
    approves = ("approval", "approve", request[:20], "--second-factor-given")
    assert "their own request" in cli.fails(*approves, "--as", one, code=3)
    cli.fails("approval", "approve", request, "--as", two, code=3)
    assert cli.does(*approves, "--as", two, "--json").json["approved_by"] == two
    assert cli.does("approval", "list", "--json").json == []
    assert cli.does("staff", "suspend", two[:14], "--json").json["state"] == "suspended"
    cli.fails("staff", "certify", one, "--as", one, code=3)
    cli.fails("staff", "certify", one, "--as", two, code=3)
    assert cli.does("staff", "certify", two, "--as", one, "--json").json["state"] == "active"
    assert [row["state"] for row in cli.does("staff", "list").rows] == ["active", "active"]


def test_promises(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of them; tests/promises tries all, on the same kind of house."""
    monkeypatch.setattr(run, "CHECKS", {each: run.CHECKS[each] for each in ("P2", "P7")})
    tried = cli.does("promises", "--json").json
    assert len(tried) == 16
    assert {each["id"] for each in tried if each["state"] == "held"} == {"P2", "P7"}
    assert {each["state"] for each in tried} == {"held", "not_built"}
    assert set(tried[0]) == {"id", "state", "tried", "at"}
    assert [row["name"] for row in cli.does("person", "list").rows] == [NAME, OTHER_NAME]  # the canaries are gone


def test_with_json_failures_are_json_too(cli: CommandLine) -> None:
    """Of every command: the folder that is none is found by all that take one."""
    root = make_root()
    needs = {
        "keep": ["/dev/null"],
        "play": ["last", "--to", "x"],
        "why": ["last"],
        "erase": ["--me"],
        "export": ["--to", "x"],
        "incident": [canary("x"), "--from", "1d"],
        "backup": [str(cli.data / "b")],
    }
    for name in root.list_commands(None):  # type: ignore[arg-type]
        if f"earwitness {name}" in NO_JSON or hasattr(root.get_command(None, name), "commands"):  # type: ignore[arg-type]
            continue
        where = name not in {"witness", "restore"}
        outcome = CommandLine(Path("/dev/null"))(name, *needs.get(name, []), "--json", where=where)
        assert outcome.code in {1, 2}, name
        assert set(json.loads(outcome.err)) >= {"error", "kind", "next_step"}, name


def test_names_by_environment(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARWITNESS_DATA", str(cli.data))
    monkeypatch.setenv("EARWITNESS_AS", NAME)
    assert cli.does("person", "show", "--json", where=False).json["name"] == NAME
    monkeypatch.setenv("EARWITNESS_DATA", str(cli.data / "nowhere"))
    require_one_clear_line(cli("person", "show", where=False), 2)
