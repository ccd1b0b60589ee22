"""How well spoken commands are understood: coffee orders clean and in kitchen noise, and a home's commands.

The sound goes the way it goes in a house: piece by piece through voice activity, endpointing with its default
settings and the default recogniser. Beside it, in the same run, the plain PocketSphinx decoder hears the whole
file with the same grammar. Noise is mixed by the mean power of the speech (frames within 30 dB of the loudest
hundredth), from a place in the noise that the file's name decides.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import hassil
import numpy as np
import pocketsphinx
from numpy.typing import NDArray

from earwitness.bench.hearing import Clockwork, hear, last_voice
from earwitness.bench.plot import Line, lines
from earwitness.kernel.audio import read_clip
from earwitness.kernel.errors import BadInput
from earwitness.kernel.word_graph import WordGraph
from earwitness.speech.asr.engines.pocketsphinx import PocketSphinxRecogniser
from earwitness.speech.asr.engines.searches import transitions
from earwitness.speech.asr.port import Recognition
from earwitness.speech.ring import samples_of
from earwitness.speech.vad.silero import SileroVoice
from earwitness.understanding.context import Context, Named
from earwitness.understanding.grammar import compile_grammar
from earwitness.understanding.sentences import Sentences, load
from earwitness.understanding.spelling import number_words
from earwitness.understanding.templates import TemplateMatcher

# accepted at 24 and at 6 dB, from the published benchmark of these recordings (Picovoice, speech-to-intent-benchmark)
PUBLISHED: Final = {
    "Dialogflow": (0.83, 0.70),
    "Amazon Lex": (0.88, 0.80),
    "IBM Watson": (0.96, 0.72),
    "Microsoft LUIS": (0.93, 0.86),
    "Picovoice Rhino": (0.99, 0.96),
}
SNRS: Final = (24, 21, 18, 15, 12, 9, 6)
DRAWS: Final = 2_000
CUT_MS: Final = 200  # of speech after the end that was found: cut off early
Progress = Callable[[str, int, int], None]
Sound = NDArray[np.float32]

HOME: Final = Context(
    areas=(Named("office", "Office"), Named("kitchen", "Kitchen")),
    devices=(
        Named("scene.mood", "Mood Lighting", domain="scene"),
        Named("script.party", "Party Time", domain="script"),
        Named("cover.garage", "Garage Door", domain="cover"),
        Named("light.kitchen", "Kitchen lights", ("kitchen light",), domain="light", area="kitchen"),
        Named("media_player.tv", "TV", domain="media_player"),
        Named("sensor.outdoor", "Outdoor Humidity", domain="sensor"),
        Named("light.bed", "Bed Light", domain="light"),
    ),
    lists=(Named("todo.shopping", "Shopping List"),),
)


@dataclass(slots=True)
class Tally:
    """Files accepted by us and by the plain decoder."""

    files: int = 0
    ours: int = 0
    peer: int = 0
    by_speaker: dict[str, tuple[int, int]] = field(default_factory=dict)  # right, files

    def add(self, speaker: str, *, ours: bool, peer: bool) -> None:
        """Count a file."""
        self.files, self.ours, self.peer = self.files + 1, self.ours + ours, self.peer + peer
        right, files = self.by_speaker.get(speaker, (0, 0))
        self.by_speaker[speaker] = right + ours, files + 1

    @property
    def share(self) -> float:
        """Accepted by us, 0 to 1."""
        return self.ours / max(1, self.files)

    @property
    def peer_share(self) -> float:
        """Accepted by the plain decoder, 0 to 1."""
        return self.peer / max(1, self.files)


def run_commands(  # noqa: PLR0913 - what is measured, in parts
    data: Path,
    progress: Progress = lambda _what, _done, _all: None,
    *,
    examples: Path,
    most: int | None = None,
    levels: Sequence[int] = SNRS,
    home: bool = True,
) -> dict[str, Any]:
    """Measure; ``examples`` is the folder of the barista's sentences, ``most`` takes so many orders only.

    Raises:
        BadInput: ``data`` has no labels.
    """
    rows = _rows(data)
    orders = _sample([row for row in rows if row["set"] == "commands_barista"], most)
    noise = _sound(data / "noise_kitchen" / "kitchen_a.flac")
    house = _Orders(examples)
    tallies: dict[int | None, Tally] = {level: Tally() for level in (None, *levels)}
    for done, row in enumerate(orders):
        clean = _sound(data / row["path"])
        house.attend(_pcm(clean))
        for level, tally in tallies.items():
            sound = clean if level is None else mixed(clean, noise, level, row["path"])
            house.judge(_pcm(sound), row, tally)
        progress("orders", done + 1, len(orders))
    return {
        **_shares(tallies, lambda tally: tally.share),
        **_intervals(tallies),
        "peer": _shares(tallies, lambda tally: tally.peer_share),
        **(_home([row for row in rows if row["set"] == "commands_home_real"], data) if home else {}),
        "files": len(orders),
        "cut_off": float(np.mean(house.cut)) if house.cut else 0.0,
        "rtf": house.clock.work / max(1e-9, house.clock.sound),
        "answered_p50_ms": 1000 * float(np.median(house.clock.answered)) if orders else 0.0,
        "answered_p95_ms": 1000 * float(np.percentile(house.clock.answered, 95)) if orders else 0.0,
    }


def _intervals(tallies: Mapping[int | None, Tally]) -> dict[str, Any]:
    """95 % intervals by drawing speakers, not files: one person's orders are right or wrong together."""
    noisy = [tally for level, tally in tallies.items() if level is not None]
    parts = {"accept_clean_interval": [tallies[None]], "accept_noise_interval": noisy}
    return {name: _interval(chosen) for name, chosen in parts.items() if chosen}


def _interval(tallies: Sequence[Tally]) -> list[float]:
    speakers = sorted({speaker for tally in tallies for speaker in tally.by_speaker})
    counts = np.array([[tally.by_speaker.get(each, (0, 0)) for each in speakers] for tally in tallies], float)
    drawn = np.random.default_rng(1).integers(len(speakers), size=(DRAWS, len(speakers)))
    right, files = counts[:, drawn, 0].sum(axis=2), np.maximum(counts[:, drawn, 1].sum(axis=2), 1)
    low, high = np.percentile((right / files).mean(axis=0), (2.5, 97.5))
    return [float(low), float(high)]


def _shares(tallies: Mapping[int | None, Tally], share: Callable[[Tally], float]) -> dict[str, Any]:
    noisy = {str(level): share(tally) for level, tally in tallies.items() if level is not None}
    mean = float(np.mean(list(noisy.values()))) if noisy else None
    return {"accept_clean": share(tallies[None]), "accept_noise_mean": mean, "by_snr": noisy}


def _rows(data: Path) -> list[dict[str, Any]]:
    try:
        text = (data / "labels.jsonl").read_text("utf-8")
        return [json.loads(line) for line in text.splitlines() if line]
    except (OSError, ValueError) as error:
        msg = "The folder has no labels.jsonl that can be read."
        raise BadInput(msg, next_step="Give the folder of the evaluation recordings with --data.") from error


def _sample(rows: list[dict[str, Any]], most: int | None) -> list[dict[str, Any]]:
    """All, or ``most`` in an order that depends on the names only."""
    ordered = sorted(rows, key=lambda row: hashlib.sha256(row["path"].encode()).digest())
    return ordered[:most]


def _sound(path: Path) -> Sound:
    return np.frombuffer(read_clip(path).pcm, "<i2").astype(np.float32)


def _pcm(sound: Sound) -> bytes:
    return np.clip(sound, -32768, 32767).astype("<i2").tobytes()


def speech_power(sound: Sound) -> float:
    """Mean power where somebody speaks: 25 ms frames within 30 dB of the loudest hundredth."""
    frames = np.convolve(sound**2, np.ones(400, np.float32) / 400, "same")[::160]
    return float(frames[frames > np.percentile(frames, 99) * 1e-3].mean())


def mixed(sound: Sound, noise: Sound, level_db: float, name: str) -> Sound:
    """``sound`` with noise ``level_db`` below its speech; the place in the noise follows from ``name``."""
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4])
    repeated = np.tile(noise, 2 + len(sound) // len(noise))
    begin = seed % len(noise)
    part = repeated[begin : begin + len(sound)]
    gain = np.sqrt(speech_power(sound) / float(np.mean(part**2)) / 10 ** (level_db / 10))
    return (sound + part * np.float32(gain)).astype(np.float32)


def draw_commands(figures: Mapping[str, Any]) -> str:
    """A picture of what :func:`run_commands` measured, beside what others published on the same material."""

    def line(label: str, shares: Mapping[str, float], *, ours: bool = False) -> Line:
        return Line(label, [(float(level), share) for level, share in shares.items()], ours)

    others = [Line(name, [(24.0, at_24), (6.0, at_6)]) for name, (at_24, at_6) in PUBLISHED.items()]
    drawn = [
        line("Earwitness", figures["by_snr"], ours=True),
        line("PocketSphinx as it comes", figures["peer"]["by_snr"]),
        *others,
    ]
    title = f"Coffee orders with every slot right, {figures['files']} recordings in kitchen noise"
    return lines(title, ("signal-to-noise ratio, dB", "accepted"), drawn, most=1.0, falling=True)


class _Orders:
    """Hears coffee orders and reads their slots with the templates they were compiled from."""

    def __init__(self, examples: Path) -> None:
        self._sentences = load([examples], shipped=False, home=False)
        self._recogniser = PocketSphinxRecogniser()
        self._grammar = compile_grammar(self._sentences.sources, Context())
        self._recogniser.prepare(self._grammar)
        self._voice = SileroVoice()
        self._plain = _Plain(self._grammar)
        self.clock = Clockwork()
        self.cut: list[bool] = []
        self._spoken_until = 0

    def attend(self, clean: bytes) -> None:
        """The next orders are this one, with and without noise: find where its speech ends."""
        self._spoken_until = last_voice(clean, self._voice)

    def judge(self, pcm: bytes, row: Mapping[str, Any], tally: Tally) -> None:
        wanted = row["intent"], {name: value.strip().lower() for name, value in row["slots"].items()}
        heard = hear(self._recogniser, pcm, self._voice, self.clock)
        self.cut.append(self._spoken_until - self.clock.ends[-1] > samples_of(CUT_MS))
        ours = self.meaning(heard.best.text if heard.best else "") == wanted
        tally.add(row["speaker"], ours=ours, peer=self.meaning(self._plain.hear(pcm)) == wanted)

    def meaning(self, text: str) -> tuple[str, dict[str, str]] | None:
        """The intent and slots of a sentence, None for none."""
        for source in self._sentences.sources:
            found = hassil.recognize_best(text, source.intents, slot_lists=source.intents.slot_lists)
            if found:
                slots = {entity.name: entity.text_clean.strip().lower() for entity in found.entities_list}
                return found.intent.name, slots
        return None


class _Plain:
    """PocketSphinx as it comes: its own analysis of the whole file, the same grammar."""

    def __init__(self, grammar: WordGraph) -> None:
        self._decoder = pocketsphinx.Decoder(lm=None, bestpath=False, loglevel="FATAL")
        arcs = list(transitions(grammar))
        fsg = self._decoder.create_fsg("plain", grammar.start, len(grammar.arcs), arcs)
        self._decoder.add_fsg("plain", fsg)
        self._decoder.activate_search("plain")

    def hear(self, pcm: bytes) -> str:
        self._decoder.start_utt()
        self._decoder.process_raw(pcm, full_utt=True)
        self._decoder.end_utt()
        found = self._decoder.hyp()
        return found.hypstr if found else ""


def _home(rows: Sequence[Mapping[str, Any]], data: Path) -> dict[str, Any]:
    """Real home commands: those the home can obey right in their meaning, the others refused."""
    sentences: Sentences = load(home=False)
    grammar = compile_grammar(sentences.sources, HOME)
    matcher = TemplateMatcher(sentences)
    recogniser, voice, clock = PocketSphinxRecogniser(), SileroVoice(), Clockwork()
    recogniser.prepare(grammar)
    counts = {"known": 0, "right": 0, "unknown": 0, "refused": 0}
    for row in rows:
        heard = hear(recogniser, _pcm(_sound(data / row["path"])), voice, clock)
        wanted = [] if row["out_of_vocabulary"] else [way for way in spoken(row["transcript"]) if _known(grammar, way)]
        if row["out_of_vocabulary"]:
            counts["unknown"] += 1
            counts["refused"] += not heard.for_me()
        else:
            counts["known"] += 1
            counts["right"] += bool(wanted) and heard.for_me() and _same(matcher, heard, wanted[0])
    shares = counts["right"] / max(1, counts["known"]), counts["refused"] / max(1, counts["unknown"])
    return {"home_right": shares[0], "home_refused": shares[1], "home_files": len(rows)}


def _known(grammar: WordGraph, text: str) -> bool:
    return grammar.accepts(text.split())


def _same(matcher: TemplateMatcher, heard: Recognition, wanted: str) -> bool:
    """Whether what was heard means what was said."""
    if heard.best is None:
        return False
    found, meant = matcher.match(heard.best.text, HOME), matcher.match(wanted, HOME)
    return heard.best.text == wanted or bool(found and meant and found[0].intent.same_as(meant[0].intent))


def spoken(text: str) -> Iterator[str]:
    """The ways to say a transcript with its numbers in words."""
    found = re.search(r"\d+", text)
    if found is None:
        yield text.lower()
        return
    for way in number_words(int(found.group())):
        yield from spoken(text[: found.start()] + way + text[found.end() :])
