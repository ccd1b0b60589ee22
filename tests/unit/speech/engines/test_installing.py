"""Engines are fetched from a hub that speaks Hugging Face's protocol, whole, checked, and never by themselves."""

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from earwitness.kernel.errors import BadInput, EngineFailed, EngineMissing, NotFound
from earwitness.speech.asr.choose import recogniser_spec
from earwitness.speech.engines.catalogue import OFFERS, HubFiles, find
from earwitness.speech.engines.folder import EngineFolder, Installed
from earwitness.speech.engines.plans import Digest, Plan, Remote, moonshine_plan, plan_of
from earwitness.testing.commandline import CommandLine
from earwitness.testing.modelhub import COMMIT, ModelHub, model_hub

WHISPER = find("whisper/tiny.en")
FILES = {
    "config.json": b"{}",
    "model.bin": bytes(range(256)) * 2_000,
    "tokenizer.json": b'{"version": "1.0"}' * 100,
    "vocabulary.txt": b"a\nb\n",
    "README.md": b"# not needed",
    ".gitattributes": b"",
}
NEEDED = {"config.json", "model.bin", "tokenizer.json", "vocabulary.txt"}
VOICE = "en_GB-alba-medium"
VOICE_FILES = {
    f"en/en_GB/alba/medium/{VOICE}.onnx": bytes(5_000),
    f"en/en_GB/alba/medium/{VOICE}.onnx.json": b'{"audio": {"sample_rate": 22050}}',
    "en/en_GB/alba/medium/MODEL_CARD": b"License: somebody's",
    f"en/en_US/ljspeech/medium/{VOICE}.onnx": b"another",
}


@pytest.fixture
def hub() -> Iterator[ModelHub]:
    assert isinstance(WHISPER.files, HubFiles)
    with model_hub(WHISPER.files.repository, FILES) as served:
        yield served


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(follow_redirects=True) as made:
        yield made


@pytest.fixture
def folder(tmp_path: Path) -> EngineFolder:
    return EngineFolder(tmp_path)


def fetch(hub: ModelHub, client: httpx.Client, folder: EngineFolder) -> Installed:
    return folder.fetch(WHISPER, plan_of(WHISPER, client, hub=hub.url), client, lambda _done, _all: None)


def test_an_engine_is_fetched_checked_and_recorded(hub, client, folder):
    told: list[tuple[int, int]] = []
    plan = plan_of(WHISPER, client, hub=hub.url)
    assert {each.name for each in plan.files} == NEEDED
    done = folder.fetch(WHISPER, plan, client, lambda done, whole: told.append((done, whole)))
    assert done == folder.installed(WHISPER) == folder.check(WHISPER)
    assert done.revision == COMMIT
    assert done.checked == "git, sha256"
    assert {each.name: each.sha256 for each in done.files} == {
        name: hashlib.sha256(FILES[name]).hexdigest() for name in NEEDED
    }
    assert {path.name for path in done.folder.iterdir()} == NEEDED | {"engine.json"}
    assert told[-1] == (plan.size, plan.size)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_what_broke_off_is_gone_on_with(hub, client, folder):
    hub.breaks_after = 100_000
    with pytest.raises(EngineMissing, match="cannot be reached") as failure:
        fetch(hub, client, folder)
    assert "goes on where it stopped" in failure.value.next_step
    assert folder.installed(WHISPER) is None
    hub.breaks_after = None
    hub.asked.clear()
    fetch(hub, client, folder)
    assert ("/cdn/model.bin", "bytes=100000-") in hub.asked
    assert not any(path == "/cdn/config.json" for path, _ in hub.asked)
    assert folder.check(WHISPER) is not None


def test_a_source_that_cannot_go_on_is_asked_for_the_whole(hub, client, folder):
    hub.breaks_after = 100_000
    with pytest.raises(EngineMissing):
        fetch(hub, client, folder)
    hub.breaks_after, hub.ranges = None, False
    assert fetch(hub, client, folder) == folder.check(WHISPER)


@pytest.mark.parametrize("data", [b"x" * 512_000, bytes(1_000_000)], ids=["other bytes", "more than stated"])
def test_what_is_not_what_was_stated_is_thrown_away(hub, client, folder, data):
    plan = plan_of(WHISPER, client, hub=hub.url)
    hub.files["model.bin"] = data
    with pytest.raises(EngineFailed, match=r"model\.bin"):
        folder.fetch(WHISPER, plan, client, lambda _done, _all: None)
    assert folder.installed(WHISPER) is None
    assert not list(folder.root.rglob("model.bin"))
    hub.files["model.bin"] = FILES["model.bin"]
    assert fetch(hub, client, folder) == folder.check(WHISPER)


@pytest.mark.parametrize(
    "told",
    [
        {"sha": "main"},
        {"siblings": []},
        {"siblings": [{"rfilename": "config.json"}]},
        {"siblings": None},
        {"siblings": [{"rfilename": f"vocabulary.{name}", "size": 1, "blobId": "0"} for name in ("", "../x", "a b")]},
    ],
)
def test_a_hub_that_answers_otherwise_is_told_of(hub, client, told):
    hub.told = told
    with pytest.raises(EngineFailed, match="form that is known") as failure:
        plan_of(WHISPER, client, hub=hub.url)
    assert "--from" in failure.value.next_step


@pytest.mark.parametrize("status", [401, 404, 429, 500])
def test_a_hub_that_refuses_is_told_of(hub, client, status):
    hub.status = status
    with pytest.raises(EngineFailed, match=str(status)):
        plan_of(WHISPER, client, hub=hub.url)


def test_without_a_network_nothing_is_installed_and_the_way_out_is_said(client, folder):
    with pytest.raises(EngineMissing, match="cannot be reached") as failure:
        plan_of(WHISPER, client, hub="http://127.0.0.1:9")
    assert "--from FOLDER" in failure.value.next_step
    assert not folder.root.exists()


def test_files_from_a_folder_are_taken_and_recorded(folder, tmp_path):
    source = tmp_path / "stick"
    source.mkdir()
    for name, data in FILES.items():
        (source / name).write_bytes(data)
    done = folder.take(WHISPER, source, None, lambda name: name in NEEDED)
    assert done.checked == "recorded only"
    assert {each.name for each in done.files} == NEEDED
    with pytest.raises(BadInput, match="no file"):
        folder.take(WHISPER, tmp_path / "elsewhere", None, lambda name: name in NEEDED)


def test_files_from_a_folder_are_held_to_the_hashes_that_are_known(folder, tmp_path):
    plan = Plan((Remote("a.bin", "", 3, "sha256", hashlib.sha256(b"abc").hexdigest()),), "1")
    with pytest.raises(BadInput, match=r"no a\.bin"):
        folder.take(WHISPER, tmp_path, plan, lambda _: True)
    (tmp_path / "a.bin").write_bytes(b"abd")
    with pytest.raises(BadInput, match="is not the file"):
        folder.take(WHISPER, tmp_path, plan, lambda _: True)
    (tmp_path / "a.bin").write_bytes(b"abc")
    assert folder.take(WHISPER, tmp_path, plan, lambda _: True).size == 3


def test_damage_is_seen(hub, client, folder):
    done = fetch(hub, client, folder)
    model = done.folder / "model.bin"
    model.write_bytes(b"x" * len(FILES["model.bin"]))
    assert folder.installed(WHISPER) == done  # the size is all that is looked at
    with pytest.raises(EngineMissing, match="not what was installed"):
        folder.check(WHISPER)
    model.write_bytes(b"x")
    for damaged in (lambda: folder.installed(WHISPER), lambda: recogniser_spec("whisper/tiny.en", folder.root.parent)):
        with pytest.raises(EngineMissing, match="not what was installed"):
            damaged()
    (done.folder / "engine.json").write_text("{")
    with pytest.raises(EngineMissing):
        folder.installed(WHISPER)


def test_removing_takes_all_of_it_and_a_part_as_well(hub, client, folder):
    fetch(hub, client, folder)
    hub.files["model.bin"] += b"newer"
    hub.breaks_after = 10
    with pytest.raises(EngineMissing):
        fetch(hub, client, folder)
    assert folder.remove(WHISPER) > 512_000
    assert not list(folder.root.rglob("*.*in"))
    with pytest.raises(NotFound):
        folder.remove(WHISPER)


def test_what_is_installed_can_be_chosen(hub, client, folder):
    data = folder.root.parent
    with pytest.raises(EngineMissing, match="not installed") as missing:
        recogniser_spec("whisper/tiny.en", data)
    assert missing.value.next_step == "earwitness engines install whisper/tiny.en"
    done = fetch(hub, client, folder)
    spec = recogniser_spec("whisper/tiny.en", data)
    assert spec.options["folder"] == str(done.folder.resolve())
    assert recogniser_spec("pocketsphinx", data).name == "pocketsphinx"
    with pytest.raises(BadInput, match="no recogniser"):
        recogniser_spec("piper", data)
    with pytest.raises(NotFound):
        recogniser_spec("ears", data)


def test_moonshines_own_list_becomes_a_plan():
    crc = base64.b64encode(bytes.fromhex("8e69fa24")).decode()
    file = {
        "name": "encoder.ort",
        "url": "https://x/encoder.ort",
        "size": 7,
        "checksum": crc,
        "checksum_type": "crc32c",
    }
    plan = moonshine_plan({"groups": [{"base_url": "https://x/model/rev_1", "files": [file]}]})
    assert plan == Plan((Remote("encoder.ort", "https://x/encoder.ort", 7, "crc32c", "8e69fa24"),), "rev_1")
    for wrong in ({}, {"groups": []}, {"groups": [{"base_url": "x", "files": [file | {"checksum_type": "md5"}]}]}):
        with pytest.raises(EngineFailed, match="in another way"):
            moonshine_plan(wrong)
    with pytest.raises(EngineFailed):
        moonshine_plan({"groups": [{"base_url": "x", "files": [file | {"name": "../../x"}]}]})


def test_gits_hash_is_gits():
    digest = Digest("git", 6)
    digest.update(b"hello\n")
    assert digest.hexdigest() == "ce013625030ba8dba906f756967f9e9ca394464a"  # git hash-object


def test_names_lead_to_offers():
    assert find("whisper").name == "whisper/base.en"
    assert find("moonshine").model == "tiny-streaming-en"
    assert find("piper/de_DE-thorsten-medium").files == HubFiles(
        "rhasspy/piper-voices",
        (
            "de/de_DE/thorsten/medium/de_DE-thorsten-medium.onnx",
            "de/de_DE/thorsten/medium/de_DE-thorsten-medium.onnx.json",
            "de/de_DE/thorsten/medium/MODEL_CARD",
        ),
    )
    assert len({each.name for each in OFFERS}) == len(OFFERS)
    for nothing in ("", "whisper/", "whisper/huge", "piper/../../etc", "piper/x"):
        with pytest.raises(NotFound):
            find(nothing)


# --- the command ----------------------------------------------------------------------------------


@pytest.fixture
def piper_program(tmp_path, monkeypatch) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "piper").write_text("#!/bin/sh\n")
    (programs / "piper").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")


@pytest.mark.usefixtures("piper_program")
def test_the_command_lists_installs_and_removes(tmp_path, monkeypatch):
    command = CommandLine(tmp_path / "data")
    assert {row["state"] for row in command.does("engines", "list", "--json").json} >= {"shipped", "not installed"}
    with model_hub("rhasspy/piper-voices", VOICE_FILES) as served:
        monkeypatch.setenv("HF_ENDPOINT", served.url)
        done = command.does("engines", "install", f"piper/{VOICE}", "--yes", "--json")
    assert done.json["files"] == [f"{VOICE}.onnx", f"{VOICE}.onnx.json", "MODEL_CARD"]
    assert "5.0 MB" not in done.err
    assert "127.0.0.1" in done.err
    record = json.loads((Path(done.json["folder"]) / "engine.json").read_text())
    assert record["revision"] == COMMIT
    assert record["source"].startswith("http://127.0.0.1")  # the mirror, not the hub it stands for
    listed = {row["name"]: row["state"] for row in command.does("engines", "list", "--check", "--json").json}
    assert listed[f"piper/{VOICE}"] == "installed"
    assert command.does("engines", "remove", f"piper/{VOICE}", "--yes", "--json").json["bytes"] > 5_000


@pytest.mark.usefixtures("piper_program")
def test_the_command_asks_first(tmp_path, monkeypatch):
    command = CommandLine(tmp_path / "data")
    with model_hub("rhasspy/piper-voices", VOICE_FILES) as served:
        monkeypatch.setenv("HF_ENDPOINT", served.url)
        outcome = command("engines", "install", f"piper/{VOICE}")
        assert outcome.code == 2
        assert "--yes" in outcome.err
        assert not any(path.startswith("/cdn") for path, _ in served.asked)
    assert not (tmp_path / "data").exists()


@pytest.mark.usefixtures("piper_program")
def test_the_command_follows_no_redirect_to_a_place_without_encryption(tmp_path, monkeypatch):
    command = CommandLine(tmp_path / "data")
    with model_hub("rhasspy/piper-voices", VOICE_FILES) as served:
        served.redirects_to = "http://cdn.example"
        monkeypatch.setenv("HF_ENDPOINT", served.url)
        outcome = command("engines", "install", f"piper/{VOICE}", "--yes")
    assert outcome.code == 1
    assert "without encryption" in outcome.err


def test_the_command_names_what_it_does_not_know(tmp_path):
    command = CommandLine(tmp_path)
    assert "engines list" in command.fails("engines", "install", "ears")
    assert "shipped" in command.fails("engines", "install", "pocketsphinx")
    assert "apt-get" in command.fails("engines", "install", "espeak-ng")
    assert "not installed" in command.fails("engines", "remove", "whisper", "--yes")
