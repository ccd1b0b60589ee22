"""Pairing, facts and choices of devices on the command line; a satellite that runs against the hub of a data folder."""

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from earwitness.bootstrap import create_house
from earwitness.kernel.audio import Clip, read_clip
from earwitness.settings import Settings
from earwitness.testing.canary import HOUSEHOLD, NAME, canary
from earwitness.testing.commandline import CommandLine
from earwitness.testing.runlog import RunLog

COMMAND = [sys.executable, "-c", "from earwitness.cli.app import main; main()"]
EVAL = Path(__file__).parents[2].parent / "shared" / "eval"
KITCHEN, ROOM = canary("kitchen"), canary("room")
SOON = 60


@pytest.fixture
def cli(tmp_path: Path) -> CommandLine:
    create_house(tmp_path / "data", Settings(installation="inst_cli"))
    made = CommandLine(tmp_path / "data")
    made.does("household", "add", HOUSEHOLD)
    made.does("person", "add", NAME, "--owner")
    made.does("device", "add", KITCHEN, "--mode", "shared")
    return made


def test_a_device_is_paired_shown_chosen_for_and_unpaired(cli: CommandLine, tmp_path: Path) -> None:
    token = cli.does("device", "pair", KITCHEN, "--json").json["token"]
    assert token.startswith("ewd1_")
    assert cli.does("device", "list", "--json").json[0]["state"] == "paired"
    path = tmp_path / "kitchen.token"
    shown = cli.does("device", "pair", KITCHEN, "--out", str(path), "--json").json
    assert "token" not in shown
    assert path.read_text().strip() != token
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    chosen = cli.does("device", "set", KITCHEN, "--area", ROOM, "--wake-word", "Hey Jarvis", "--json").json
    assert (chosen["area"], chosen["wake_word"]) == (ROOM, "hey jarvis")
    assert cli.does("device", "set", KITCHEN, "--area", "", "--json").json["area"] is None
    facts = cli.does("device", "show", KITCHEN, "--json").json
    assert (facts["wake_word"], facts["sound"], facts["out_of_date"]) == ("hey jarvis", None, None)
    assert cli.does("device", "unpair", KITCHEN, "--json").json["was_paired"]
    assert cli.does("device", "list", "--json").json[0]["state"] == "not paired"
    assert token not in cli.does("device", "show", KITCHEN).out


def test_a_satellite_says_what_is_wrong(cli: CommandLine, tmp_path: Path) -> None:
    missing, token = str(tmp_path / "none"), tmp_path / "token"
    token.write_text("ewd1_x")
    run = ("device", "run", "--token-file", str(token), "--microphone", "order.wav", "--speaker", "none")
    line = cli.fails("device", "run", "--hub", "localhost:1", "--token-file", missing, where=False)
    assert f"{missing} cannot be read" in line
    assert "unencrypted" in cli.fails(*run, "--hub", "http://192.0.2.1:1", where=False)
    assert "order.wav cannot be read" in cli.fails(*run, "--hub", "localhost:1", where=False)
    line = cli.fails("listen", "--microphone", str(_clip(tmp_path)), "--speaker", "none")
    assert "No hub runs" in line


def _clip(folder: Path) -> Path:
    path = folder / "clip.wav"
    path.write_bytes(Clip(bytes(3_200)).to_wav())
    return path


def test_a_satellite_talks_to_the_hub(cli: CommandLine, tmp_path: Path, run_log: RunLog) -> None:
    """With a person's "alexa" and a person's order: woken here, verified there, answered aloud."""
    wake, order = EVAL / "wake_alexa" / "000.flac", EVAL / "commands_home_real" / "cancel_all_timers.flac"
    if not wake.exists() or not order.exists():
        pytest.skip(f"no recordings in {EVAL.name}: nobody can be heard")
    sound = tmp_path / "order.wav"
    sound.write_bytes(Clip(bytes(16_000) + read_clip(wake).pcm + bytes(6_400) + read_clip(order).pcm).to_wav())
    token, reply = tmp_path / "token", tmp_path / "reply.wav"
    cli.does("device", "pair", KITCHEN, "--out", str(token))
    with run_log.file("hub-satellite").open("ab") as log:
        hub = subprocess.Popen(
            [*COMMAND, "up", "--port", "0", "--data", str(cli.data)], stdout=subprocess.PIPE, stderr=log, text=True
        )
    try:
        assert hub.stdout is not None
        url = hub.stdout.readline().removeprefix("ready ").strip()
        options = ["--microphone", str(sound), "--speaker", str(reply), "--json"]
        ran = subprocess.run(
            [*COMMAND, "device", "run", "--hub", url, "--token-file", str(token), *options],
            capture_output=True,
            text=True,
            timeout=SOON,
            check=True,
        )
        listened = subprocess.run(
            [*COMMAND, "listen", "--data", str(cli.data), *options],
            capture_output=True,
            text=True,
            timeout=SOON,
            check=True,
        )
    finally:
        hub.terminate()
        hub.communicate(timeout=SOON)
    for each in (ran, listened):
        lines = [json.loads(line) for line in each.stdout.splitlines()]
        lights = [line["light"] for line in lines if "light" in line]
        assert lights == ["away", "waiting", "verifying", "listening", "thinking", "speaking", "waiting"]
        assert [line for line in lines if "answered" in line]
    assert len(read_clip_at_any_rate(reply)) > 8_000
    facts = cli.does("device", "show", KITCHEN, "--json").json
    assert (facts["sound"], facts["streams"], facts["muted"]) == ("wakes itself", False, False)
    assert (facts["program"], facts["out_of_date"], facts["microphone"]) == ("earwitness", False, "file")
    assert facts["seen_at"] is not None
    states = {each["label"]: each["state"] for each in cli.does("device", "list", "--json").json}
    assert states == {KITCHEN: "paired", "This machine": "not paired"}


def read_clip_at_any_rate(path: Path) -> bytes:
    return path.read_bytes()[44:]
