"""How long a turn takes, how many streams a core holds, and how much memory they need; ledger and vault are on.

Each utterance is a recorded wake word and a recorded order after it, played as slowly as life into a session of a
whole installation. The clock starts at the last voiced sample of the recording (Silero VAD over the clean file) and
stops at the first byte of the reply's sound. Where listening ended before that sample, the utterance was cut off.
"""

import asyncio
import hashlib
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from earwitness.assistant.assistant import Assistant
from earwitness.assistant.events import Answered, Event, Speech, SpeechEnded, Woken
from earwitness.assistant.playing import LEAD, Played, Player
from earwitness.assistant.session import Session
from earwitness.bench.house import Bench, scratch_house
from earwitness.bench.plot import bars
from earwitness.bootstrap.listening import listening
from earwitness.identity.device_rows import DeviceMode
from earwitness.kernel.audio import SAMPLE_RATE, SAMPLE_WIDTH, read_clip
from earwitness.kernel.errors import BadInput
from earwitness.speech.vad.port import FRAME_BYTES
from earwitness.speech.vad.silero import SileroVoice
from earwitness.speech.wake.microwakeword import MicroWakeDetector

VOICED: Final = 0.5
EARLY_MS: Final = 100  # a soft ending may be missed by so much
STREAMS: Final = 40
STREAM_SECONDS: Final = 30
PIECE: Final = 2_560  # bytes, 80 ms
SECOND: Final = SAMPLE_RATE * SAMPLE_WIDTH
Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Turns:
    """What was measured of turns, in milliseconds."""

    latency: list[float] = field(default_factory=list)
    listening: list[float] = field(default_factory=list)  # of it, until the end of speech was decided
    woke: int = 0
    played: int = 0
    cut_off: int = 0
    answered: int = 0


def run_turn(
    data: Path, progress: Progress = lambda _done, _all: None, *, sentences: Path, most: int = 60
) -> dict[str, Any]:
    """Measure ``most`` utterances, then streams and memory; ``sentences`` is the folder of the barista's.

    Raises:
        BadInput: ``data`` has no labels.
    """
    utterances = _utterances(data, most)
    with scratch_house() as bench:
        shutil.copytree(sentences, bench.house.data / "sentences")
        device = _device(bench)
        turns, streams = asyncio.run(_measure(bench, device, utterances, data, progress))
    found = np.array(turns.latency) if turns.latency else np.array([float("nan")])
    return {
        "p50_ms": float(np.percentile(found, 50)),
        "p95_ms": float(np.percentile(found, 95)),
        "until_end_of_speech_p50_ms": float(np.percentile(turns.listening, 50)) if turns.listening else None,
        "cut_off": turns.cut_off / max(1, turns.woke),
        "woke": turns.woke / max(1, turns.played),
        "answered": turns.answered / max(1, turns.woke),
        "utterances": turns.played,
        **streams,
        **_idle(),
    }


async def _measure(
    bench: Bench, device: str, utterances: Sequence[tuple[bytes, float]], data: Path, progress: Progress
) -> tuple[Turns, dict[str, float]]:
    async with listening(bench.house) as loop:
        turns = Turns()
        player = Player(loop.assistant, device, pace=True)
        for done, (pcm, voiced_s) in enumerate(utterances):
            note(turns, await player.play(pcm), voiced_s)
            progress(done + 1, len(utterances))
        await player.close()
        sound = _talk(data)
        figures = await _streams(bench, loop.assistant, sound)
    return turns, figures | {"peer_streams_per_core": _bare(sound)}


def note(turns: Turns, played: Played, voiced_s: float) -> None:
    """Add one utterance; ``voiced_s`` is when its last voiced sample was played."""
    turns.played += 1
    ended, first = played.when(SpeechEnded), played.when(Speech)
    if played.last(Woken) is None or ended is None or first is None:
        return
    turns.woke += 1
    turns.answered += played.last(Answered) is not None and bool(played.reply)
    if ended < voiced_s - EARLY_MS / 1000:
        turns.cut_off += 1
        return
    turns.latency.append(1000 * (first - voiced_s))
    turns.listening.append(1000 * (ended - voiced_s))


def _utterances(data: Path, most: int) -> list[tuple[bytes, float]]:
    """Wake word and order, with the second at which the last voiced sample comes."""
    rows = _rows(data)
    wakes = _ordered(rows, "wake_alexa")
    orders = _ordered(rows, "commands_barista")[:most]
    made = []
    for at, order in enumerate(orders):
        wake = read_clip(data / wakes[at % len(wakes)]["path"]).pcm
        said = read_clip(data / order["path"]).pcm
        made.append((wake + said, (len(LEAD) + len(wake) + _last_voiced(said)) / SECOND))
    return made


def _rows(data: Path) -> list[dict[str, Any]]:
    try:
        text = (data / "labels.jsonl").read_text("utf-8")
        return [json.loads(line) for line in text.splitlines() if line]
    except (OSError, ValueError) as error:
        raise BadInput(
            "The folder has no labels.jsonl that can be read.",
            next_step="Give the folder of the evaluation recordings with --data.",
        ) from error


def _ordered(rows: Sequence[Mapping[str, Any]], name: str) -> list[Mapping[str, Any]]:
    found = [row for row in rows if row["set"] == name]
    return sorted(found, key=lambda row: hashlib.sha256(row["path"].encode()).digest())


def _last_voiced(pcm: bytes) -> int:
    """The byte after the last frame in which somebody speaks."""
    voice = SileroVoice()
    last = 0
    for at in range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES):
        if voice.probability(pcm[at : at + FRAME_BYTES]) >= VOICED:
            last = at + FRAME_BYTES
    return last


def _talk(data: Path) -> bytes:
    """Half a minute of general speech: harder on a wake word than silence."""
    rows = _ordered(_rows(data), "speech_libri")
    sound = b"".join(read_clip(data / row["path"]).pcm for row in rows[:20])
    return sound[: STREAM_SECONDS * SECOND]


async def _streams(bench: Bench, assistant: Assistant, sound: bytes) -> dict[str, float]:
    """Idle streams through sessions: seconds of sound for a second of one core, and memory."""
    devices = [_device(bench, f"Stream {number}") for number in range(STREAMS)]
    before = _resident_mb(os.getpid())
    sessions = [await assistant.open(each, _ignore, wakes_itself=False) for each in devices]
    for session in sessions:
        await session.hear(sound[: 4 * PIECE])
        await session.caught_up()
    grown = _resident_mb(os.getpid()) - before
    begun = _cpu_seconds()
    await asyncio.gather(*(_feed(session, sound) for session in sessions))
    spent = _cpu_seconds() - begun
    for session in sessions:
        await session.close()
    return {
        "streams_per_core": STREAMS * len(sound) / SECOND / spent,
        "per_stream_mb": max(0.0, grown) / STREAMS,
        "streams": STREAMS,
    }


async def _feed(session: Session, sound: bytes) -> None:
    for at in range(0, len(sound), PIECE):
        await session.hear(sound[at : at + PIECE])
    await session.caught_up()


def _bare(sound: bytes) -> float:
    """The wake word library alone, on one stream."""
    stream = MicroWakeDetector.shipped("alexa").open()
    begun = time.process_time()
    for at in range(0, len(sound), PIECE):
        stream.push(sound[at : at + PIECE])
    spent = time.process_time() - begun
    stream.close()
    return len(sound) / SECOND / spent


def _idle() -> dict[str, float]:
    """Memory of an idle hub with its processes: proportional set size, in MB."""
    with scratch_house() as bench:
        data = str(bench.house.data)
        with _hub(data) as hub:
            pids = [hub, *_children(hub)]
            return {"idle_mb": sum(_proportional_mb(pid) for pid in pids), "idle_processes": len(pids)}


@contextmanager
def _hub(data: str) -> Iterator[int]:
    command = [sys.executable, "-c", "from earwitness.cli.app import main; main()", "up", "--data", data, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:  # noqa: S603 - ourselves
        try:
            if process.stdout is None or not process.stdout.readline().startswith("ready"):
                raise BadInput("The hub did not start.", next_step="earwitness up says why.")
            yield process.pid
        finally:
            process.terminate()


def _children(pid: int) -> list[int]:
    found = [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += [int(each) for each in (task / "children").read_text("ascii").split()]
    return sorted(set(found))


def _proportional_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def _resident_mb(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * resource.getpagesize() / 2**20


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _device(bench: Bench, label: str = "Bench") -> str:
    device = bench.house.directory.devices.add(bench.household, label, DeviceMode.PERSONAL, bench.person)
    bench.house.directory.agreements.confirm(bench.actor, device.id)
    return device.id


async def _ignore(_event: Event) -> None:
    """Nobody looks."""


def draw_turn(figures: Mapping[str, Any]) -> str:
    """A picture of how long a turn takes, beside the reach of 800 ms for 95 of 100."""
    shown = {
        "p50": figures["p50_ms"],
        "p95": figures["p95_ms"],
        "until end of speech": figures["until_end_of_speech_p50_ms"],
    }
    return bars(
        f"From the last voiced sample to the first sound of the reply, {figures['utterances']} orders",
        "ms",
        {name: round(value or 0) for name, value in shown.items()},
        ("95 of 100 in 800 ms", 800),
    )
