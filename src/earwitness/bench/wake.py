"""Wake word figures on real recordings: who is found, what wakes it wrongly, and what published triggers do.

Every figure stands beside the first stage's own: as its author ships it, and at our lower cutoff. Where the shipped
verifier was trained on the very speakers of the folder, its recall here flatters it: the honest figure is the
speaker-disjoint one that the training prints with ``--folds`` (docs/speech/wake.md).
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from earwitness.bench.plot import bars
from earwitness.kernel.audio import SAMPLE_RATE, read_clip
from earwitness.speech.verify.learned import LearnedVerifier
from earwitness.speech.verify.port import Verifier
from earwitness.speech.verify.training.disturbing import Samples, from_pcm, mix_noise, to_pcm
from earwitness.speech.verify.training.renderings import plain_voices, render
from earwitness.speech.wake.gate import WakeGate
from earwitness.speech.wake.microwakeword import MicroWakeDetector

WORD = "alexa"
SEED = 7
NOISE_DB = 10.0
SETTLE = bytes(SAMPLE_RATE)  # half a second of silence before and after each clip
SAID = ("Alexa", "Alexa, turn on the kitchen light", "Alexa, what time is it?")
PACKET = 640  # 20 ms, as devices send
STREAMS_MEASURED = 50

Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Tally:
    """Clips heard, and how many woke the first stage at its author's cutoff, at ours, and the gate."""

    clips: int = 0
    seconds: float = 0.0
    author: int = 0
    first: int = 0
    verified: int = 0
    firings: int = 0
    wakes: int = 0

    def share(self, count: int) -> float:
        """Return ``count`` as a share of the clips."""
        return count / self.clips if self.clips else 0.0

    def figures(self, name: str) -> dict[str, float]:
        """Return the shares found by the gate, by the first stage at our cutoff, and at its author's."""
        return {
            name: self.share(self.verified),
            f"{name}_first_stage": self.share(self.first),
            f"{name}_author": self.share(self.author),
        }


class Listener:
    """Plays clips to the first stage and the gate, each from a fresh start."""

    def __init__(self, verifier: Verifier, word: str = WORD) -> None:
        """Listen for ``word`` with the shipped model."""
        self._author = MicroWakeDetector.shipped(word, cutoff=None)
        self._ours = MicroWakeDetector.shipped(word)
        self.verifier = verifier
        self.seconds = 0.0
        self.spent = 0.0

    def play(self, pcm: bytes, tally: Tally) -> None:
        """Play a clip and count what it woke; after a wake the gate is rearmed, as after a turn."""
        sound = SETTLE + pcm + SETTLE
        stream = self._author.open()
        tally.author += bool(stream.push(sound))
        stream.close()
        gate = WakeGate(self._ours.open(), self.verifier)
        started, wakes, at = time.process_time(), 0, 0
        for at in range(0, len(sound), PACKET):
            if gate.push(sound[at : at + PACKET]) is not None:
                wakes += 1
                gate.rearm()
        self.spent += time.process_time() - started
        self.seconds += len(sound) / 2 / SAMPLE_RATE
        tally.clips += 1
        tally.seconds += len(pcm) / 2 / SAMPLE_RATE
        tally.first += bool(gate.counts.heard)
        tally.firings += gate.counts.heard
        tally.verified += bool(wakes)
        tally.wakes += wakes
        gate.close()


def run_wake(
    data: Path,
    progress: Progress = lambda _done, _all: None,
    *,
    verifier: Verifier | None = None,
    every: int = 1,
) -> dict[str, float]:
    """Measure on a folder with a labels.jsonl; return the figures of the shipped word "alexa".

    ``every`` takes every so many-th file of each kind only.
    """
    memory = stream_mb()  # before anything else, or it would reuse what that freed
    listener = Listener(verifier or LearnedVerifier.shipped())
    rows = [row for row in labels(data) if row["set"] != "rir"]
    saying = [row for row in rows if row["set"] == f"wake_{WORD}"][::every]
    others = [row for row in rows if row["set"] != f"wake_{WORD}"][::every]
    total = 2 * len(saying) + len(others)
    clean, noisy, quiet, triggers, said = Tally(), Tally(), Tally(), Tally(), Tally()
    for number, pcm in enumerate(_people(data, rows, saying)):
        listener.play(pcm, noisy if number % 2 else clean)
        progress(number, total)
    for number, row in enumerate(others):
        listener.play(read_clip(data / row["path"]).pcm, quiet)
        progress(2 * len(saying) + number, total)
    for phrase in list(published_triggers(data))[::every]:
        _speak(phrase, listener, triggers)
    for sentence in SAID:
        _speak(sentence, listener, said)
    return {
        **clean.figures("recall_clean"),
        **noisy.figures("recall_10db"),
        "false_accepts": quiet.wakes,
        "false_accepts_first_stage": quiet.firings,
        "false_accepts_author": quiet.author,
        "hours": quiet.seconds / 3600,
        "triggers": triggers.clips,
        "triggers_first_stage": triggers.share(triggers.first),
        "triggers_author": triggers.share(triggers.author),
        "triggers_verified": triggers.share(triggers.verified),
        **said.figures("spoken_word"),
        "rtf": listener.spent / listener.seconds,
        **_verification_ms(listener.verifier, data, saying),
        "per_stream_mb": memory,
    }


def _people(data: Path, rows: list[dict[str, str]], saying: list[dict[str, str]]) -> Iterator[bytes]:
    """Yield each recording of the word, as it is and then with noise at 10 dB over the active speech."""
    noises = tuple(samples_of_row(data, row) for row in rows if row["set"].startswith("noise_"))
    random = np.random.default_rng(SEED)
    for row in saying:
        samples = samples_of_row(data, row)
        yield to_pcm(samples)
        yield to_pcm(mix_noise(samples, noises, NOISE_DB, random))


def _speak(text: str, listener: Listener, tally: Tally) -> None:
    for voice in plain_voices():
        listener.play(to_pcm(render(text, voice)), tally)


def labels(data: Path) -> list[dict[str, str]]:
    """Return the rows of the folder's labels.jsonl."""
    with (data / "labels.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def samples_of_row(data: Path, row: dict[str, str]) -> Samples:
    """Return a row's recording as float samples."""
    return from_pcm(read_clip(data / row["path"]).pcm)


def published_triggers(data: Path) -> Iterator[str]:
    """Yield the phrases of text/published_triggers.tsv, those of every wake word."""
    with (data / "text" / "published_triggers.tsv").open(encoding="utf-8") as lines:
        next(lines)
        for line in lines:
            yield line.split("\t")[1]


def stream_mb(streams: int = STREAMS_MEASURED) -> float:
    """Return the resident memory (MB) that one more idle stream takes: first stage, gate and ring."""
    detector, verifier = MicroWakeDetector.shipped(WORD), LearnedVerifier({})
    gates = [WakeGate(detector.open(), verifier) for _ in range(3)]  # the library itself is loaded once
    sound = bytes(SAMPLE_RATE * 4)
    for gate in gates:
        gate.push(sound)
    before = _resident_kb()
    for _ in range(streams):
        gates.append(WakeGate(detector.open(), verifier))
        gates[-1].push(sound)
    grown = _resident_kb() - before
    for gate in gates:
        gate.close()
    return grown / 1024 / streams


def _verification_ms(verifier: Verifier, data: Path, rows: list[dict[str, str]]) -> dict[str, float]:
    """Return the median and 95th percentile of one verification, in milliseconds."""
    times = []
    for row in rows:
        window = read_clip(data / row["path"]).pcm[: 3 * SAMPLE_RATE]
        started = time.perf_counter()
        verifier.verify(window, WORD)
        times.append((time.perf_counter() - started) * 1000)
    return {"verify_p50_ms": float(np.median(times)), "verify_p95_ms": float(np.quantile(times, 0.95))}


def _resident_kb() -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1])


def draw_wake(figures: Mapping[str, Any]) -> str:
    """A picture of who is found and what passes, in per cent."""
    names = {
        "recall_clean": "found, clean",
        "recall_10db": "found, 10 dB",
        "triggers_first_stage": "triggers, first stage",
        "triggers_verified": "triggers, verified",
    }
    shown = {name: round(100 * figures[key], 1) for key, name in names.items() if key in figures}
    return bars(
        f"“alexa”: {figures['false_accepts']} false accepts in {figures['hours']:.2f} h", "%", shown, ("98 %", 98)
    )
