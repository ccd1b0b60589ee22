"""Bad input: one clear line on standard error, exit code 2, and nothing changed."""

import os
import struct
import wave
from collections.abc import Callable
from pathlib import Path

import pytest

from earwitness.bootstrap import create_house
from earwitness.kernel.audio import LARGEST_FILE, LONGEST_SECONDS, Clip
from earwitness.settings import Settings
from earwitness.testing.canary import AUDIO, CONTACT, HOUSEHOLD, NAME, OTHER_NAME, PLACE, TRANSCRIPT, canary
from earwitness.testing.commandline import CommandLine

UNKNOWN = "rec_" + "a" * 26
ESCAPE = "\x1b[31m"
NOT_UTF8 = os.fsdecode(b"caf\xe9")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    """Two adults in one home and one in another; the first has said yes and keeps one recording."""
    data = tmp_path_factory.mktemp("home") / "data"
    create_house(data, Settings(installation="inst_cli"))
    cli = CommandLine(data)
    cli.does("household", "add", HOUSEHOLD)
    cli.does("household", "add", canary("next door"))
    cli.does("person", "add", NAME, "--owner", "--household", HOUSEHOLD)
    cli.does("person", "add", OTHER_NAME, "--household", HOUSEHOLD)
    cli.does("person", "add", canary("neighbour"), "--owner", "--household", canary("next door"))
    for name in (NAME, canary("neighbour")):
        cli.does("consent", "give", "assist", "history", "--as", name)
        cli.does("keep", str(sound(data.parent / "hello.wav")), "--as", name, "--transcript", TRANSCRIPT)
    cli.does("device", "add", canary("kitchen"), "--mode", "shared", "--household", HOUSEHOLD)
    cli.does("device", "add", canary("porch"), "--mode", "shared", "--household", canary("next door"))
    return cli


def sound(path: Path) -> Path:
    path.write_bytes(Clip(AUDIO).to_wav())
    return path


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def pcm(path: Path, *, rate: int = 16_000, channels: int = 1, seconds: float = 0.1) -> Path:
    with wave.open(str(path), "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(bytes(int(seconds * rate) * 2 * channels))
    return path


def folder(path: Path) -> Path:
    path.mkdir()
    return path


def pipe(path: Path) -> Path:
    os.mkfifo(path)
    return path


def circle(path: Path) -> Path:
    """A link to itself, which nobody can read, not even root."""
    path.symlink_to(path)
    return path


def huge(path: Path) -> Path:
    with path.open("wb") as file:
        file.truncate(LARGEST_FILE + 1)
    return path


def lying(path: Path) -> Path:
    """A WAV file whose header promises 4 GB."""
    data = bytearray(Clip(AUDIO).to_wav())
    data[4:8] = data[40:44] = struct.pack("<I", 0xFFFF_FFF0)
    return written(path, bytes(data[:44]))


NO_AUDIO: dict[str, tuple[Callable[[Path], Path], str]] = {
    "missing": (lambda path: path, "cannot be read"),
    "empty": (lambda path: written(path, b""), "0 bytes"),
    "no sound in it": (lambda path: pcm(path, seconds=0), "no sound"),
    "text": (lambda path: written(path, b"not audio at all\n" * 100), "not audio"),
    "half a header": (lambda path: written(path, Clip(AUDIO).to_wav()[:20]), "not audio"),
    "a header that lies": (lying, "ten minutes|not audio|no sound|longer than"),
    "8 kHz": (lambda path: pcm(path, rate=8_000), "8000 Hz"),
    "44.1 kHz": (lambda path: pcm(path, rate=44_100), "44100 Hz"),
    "stereo": (lambda path: pcm(path, channels=2), "2 channel"),
    "too long": (lambda path: pcm(path, seconds=LONGEST_SECONDS + 1), "longer than 10 minutes"),
    "huge": (huge, "larger than 64 MB"),
    "a folder": (folder, "is a folder"),
    "a pipe": (pipe, "is not a file"),
    "a device": (lambda _: Path("/dev/zero"), "is not a file"),
    "unreadable": (circle, "cannot be read"),
    "below a file": (lambda path: written(path, b"x") / "clip.wav", "cannot be read"),
}


@pytest.mark.parametrize("kind", NO_AUDIO)
def test_what_is_no_recording_is_not_kept(kind: str, home: CommandLine, tmp_path: Path) -> None:
    make, says = NO_AUDIO[kind]
    line = home.fails("keep", str(make(tmp_path / "clip.wav")), "--as", NAME)
    assert any(each in line for each in says.split("|")), line
    assert line.endswith(".")


@pytest.mark.parametrize("name", [f"a{ESCAPE}b.wav", "two\nlines.wav", f"{NOT_UTF8}.wav", "-dash.wav", "x" * 250])
def test_a_strange_file_name_is_shown_harmlessly(name: str, home: CommandLine, tmp_path: Path) -> None:
    assert "is not audio" in home.fails("keep", str(written(tmp_path / name, b"no audio")), "--as", NAME)


def test_a_sentence_without_quotes_is_not_repeated(home: CommandLine, tmp_path: Path) -> None:
    clip = str(sound(tmp_path / "sound.wav"))
    line = home.fails("keep", clip, "--as", NAME, "--transcript", *TRANSCRIPT.split())
    assert line.startswith("7 word(s) too many")
    assert "one of 'assist'" in home.fails("consent", "give", canary("it's"), "--as", NAME)


def test_a_file_name_in_no_encoding_is_kept(home: CommandLine, tmp_path: Path) -> None:
    kept = home.does("keep", str(sound(tmp_path / f"{NOT_UTF8}.wav")), "--as", NAME, "--json").json
    assert home.does("erase", kept["recording"], "--as", NAME, "--yes", "--json").json["recordings"] == 1


BAD_NAMES = {
    "": "is empty",
    "   ": "is empty",
    f"{canary('x')}{ESCAPE}": "control characters",
    canary("two\nlines"): "control characters",
    canary("\u202ebackwards"): "control characters",
    canary("x" * 80): "longer than 80",
}
NAMED = [
    ("person", "add"),
    ("person", "rename", "--as", NAME),
    ("household", "add"),
    ("device", "add", "--mode", "guest", "--household", HOUSEHOLD),
    ("place", "add", "--household", HOUSEHOLD),
    ("contact", "add", "--as", NAME),
    ("staff", "add", "reviewer", "--country", "DE", "--employer"),
]


@pytest.mark.parametrize("name", BAD_NAMES, ids=range(len(BAD_NAMES)))
@pytest.mark.parametrize("words", NAMED, ids=lambda words: " ".join(words[:2]))
def test_a_bad_name(words: tuple[str, ...], name: str, home: CommandLine) -> None:
    extra = ("--household", HOUSEHOLD) if words == ("person", "add") else ()
    assert BAD_NAMES[name] in home.fails(*words, name, *extra)


def test_a_bad_name_of_the_very_first_person_makes_no_household(tmp_path: Path) -> None:
    create_house(tmp_path / "data", Settings(installation="inst_cli"))
    cli = CommandLine(tmp_path / "data")
    cli.fails("person", "add", "\x07")
    cli.fails("person", "add", NAME, "--key-file", str(tmp_path / "no" / "folder.agekey"))
    assert cli.does("household", "list", "--json").json == []


@pytest.mark.parametrize(
    "words",
    [
        ("keep", "SOUND", "--at", "soon"),
        ("keep", "SOUND", "--at", "2026-13-45"),
        ("keep", "SOUND", "--at", "9999-12-31"),
        ("keep", "SOUND", "--at", "999999w"),
        ("keep", "SOUND", "--transcript", canary(NOT_UTF8)),
        ("keep", "SOUND", "--transcript", canary("x" * 20_000)),
        ("keep", "SOUND", "--device", canary("nowhere")),
        ("keep", "SOUND", "--device", canary("porch")),
        ("history", "--limit", "0"),
        ("history", "--limit", "-1"),
        ("history", "--limit", "201"),
        ("history", "--limit", "many"),
        ("history", "--before", "yesterday"),
        ("history", "--before", f"{10**30}:rec_x"),
        ("history", "--of", canary("nobody")),
        ("history", "--of", canary("neighbour")),
        ("history", "--of", OTHER_NAME, "--shared"),
        ("who", "--limit", "0"),
        ("who", "--limit", "-3"),
        ("play", UNKNOWN, "--to", "NEW"),
        ("play", "nonsense", "--to", "NEW"),
        ("play", "last", "--to", "SOUND"),
        ("play", "last", "--to", "NEW/below"),
        ("why", UNKNOWN),
        ("why", "rec_"),
        ("erase",),
        ("erase", UNKNOWN, "--yes"),
        ("erase", "last", "--me", "--yes"),
        ("erase", "--me", "--shared", "--yes"),
        ("erase", "--device", canary("nowhere"), "--yes"),
        ("erase", "--from", "1d", "--to", "2d", "--yes"),
        ("erase", "--from", "tomorrow", "--yes"),
        ("erase", "last"),
        ("erase", "--me"),
        ("consent", "give", "everything"),
        ("consent", "give", "history", "--toward", canary("neighbour")),
        ("consent", "give", "assist", "--toward", OTHER_NAME),
        ("consent", "give", "assist", "--child", canary("nobody")),
        ("consent", "keep", "forever"),
        ("consent", "keep", "day"),
        ("person", "recipient", "age1nonsense"),
        ("person", "show", canary("nobody")),
        ("contact", "add", CONTACT, "--address", "x" * 400),
        ("contact", "add", CONTACT, *(f"--said=way {each}" for each in range(21))),
        ("contact", "remove", CONTACT),
        ("device", "agree", canary("porch")),
        ("device", "confirm", canary("kitchen")),
        ("receipts", "--subject", "person_" + "a" * 26),
        ("incident", canary("")),
        ("incident", canary("x"), "--recording", UNKNOWN, "--from", "1d"),
        ("incident", canary("x"), "--recording", UNKNOWN),
        ("incident", "x" * 3000, "--from", "1d"),
        ("export", "--to", "SOUND"),
    ],
    ids=" ".join,
)
def test_bad_words(words: tuple[str, ...], home: CommandLine, tmp_path: Path) -> None:
    places = {"SOUND": str(sound(tmp_path / "sound.wav")), "NEW": str(tmp_path / "new.wav")}
    given = [places.get(each, each.replace("NEW", places["NEW"])) for each in words]
    home.fails(*given, "--as", NAME)
    assert not (tmp_path / "new.wav").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("person", "add", NAME, "--owner", "--child", "--household", HOUSEHOLD),
        ("person", "add", NAME, "--recipient", "age1x", "--household", HOUSEHOLD),
        ("person", "add", NAME, "--household", canary("nowhere")),
        ("person", "add", NAME),
        ("person", "list", "--household", canary("nowhere")),
        ("person", "show", "--as", canary("nobody")),
        ("history",),
        ("history", "--as", canary("nobody")),
        ("history", "--as", "person_" + "a" * 26),
        ("history", "--as", f"{ESCAPE}"),
        ("history", "--as", NOT_UTF8),
        ("device", "add", canary("x"), "--mode", "everybody", "--household", HOUSEHOLD),
        ("device", "add", canary("x"), "--mode", "personal", "--household", HOUSEHOLD),
        ("device", "add", canary("x"), "--mode", "shared", "--person", NAME, "--household", HOUSEHOLD),
        ("device", "mode", canary("kitchen"), "personal", "--person", canary("neighbour"), "--household", HOUSEHOLD),
        ("device", "remove", canary("porch"), "--household", HOUSEHOLD),
        ("place", "remove", PLACE, "--household", HOUSEHOLD),
        ("place", "list"),
        ("staff", "add", "owner", "--employer", "vendor", "--country", "DE"),
        ("staff", "add", "auditor", "--employer", "vendor", "--country", "Germany"),
        ("staff", "suspend", "staff_" + "a" * 26),
        ("staff", "certify", "staff_" + "a" * 26, "--as", "staff_" + "b" * 26),
        ("approval", "approve", "approval_x", "--as", "staff_x"),
        ("approval", "request", "person_x", "--purpose", "assist", "--as", "staff_x"),
        ("copies", "list", "--key-file", "/proc/nowhere"),
        ("copies", "list", "--key-file", "/"),
        ("copies", "list", "--key-file", "/dev/zero"),
        ("verify", "/proc/nowhere"),
        ("verify", "/dev/null"),
        ("verify", "", "--key", "nonsense"),
        ("verify", "", "--quorum", "-1"),
        ("verify", "", "--witness", "nonsense"),
        ("backup", "INSIDE"),
        ("backup", "ELSEWHERE", "--keys-to", "ELSEWHERE"),
        ("backup", "ELSEWHERE", "--keys-to", "INSIDE"),
        ("backup", "ELSEWHERE", "--days", "3"),
        ("backup", "ELSEWHERE", "--keys-to", "KEYS", "--days", "0"),
        ("jobs", "extra"),
    ],
    ids=" ".join,
)
def test_bad_words_of_nobody_in_particular(words: tuple[str, ...], home: CommandLine, tmp_path: Path) -> None:
    places = {"INSIDE": home.data / "backup", "ELSEWHERE": tmp_path / "a", "KEYS": tmp_path / "b"}
    home.fails(*(str(places.get(each, each)) for each in words))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [("play", "ID", "--to", "NEW"), ("why", "ID"), ("erase", "ID", "--yes")])
def test_an_id_of_another_household_opens_nothing(words: tuple[str, ...], home: CommandLine, tmp_path: Path) -> None:
    theirs = home.does("history", "--as", canary("neighbour"), "--json").json["recordings"][0]["id"]
    given = [{"ID": theirs, "NEW": str(tmp_path / "new.wav")}.get(each, each) for each in words]
    home.fails(*given, "--as", NAME, code=2 if words[0] == "erase" else 3)  # one erases among one's own
    shortened = [theirs[:12] if each == theirs else each for each in given]
    home.fails(*shortened, "--as", NAME, code=2)  # a short id is looked for among one's own
    assert not (tmp_path / "new.wav").exists()


def test_what_is_refused_is_3_and_changes_nothing(home: CommandLine, tmp_path: Path) -> None:
    clip = str(sound(tmp_path / "hello.wav"))
    line = home.fails("keep", clip, "--as", OTHER_NAME, code=3)
    assert "no yes to assist and history" in line
    home.fails("history", "--of", NAME, "--as", OTHER_NAME, code=3)
    home.fails("keep", clip, "--device", canary("kitchen"), "--as", NAME, code=3)
    home.fails("export", "--to", str(tmp_path / "out"), "--as", NAME, code=2)  # no key is enrolled
    assert not (tmp_path / "out").exists()
