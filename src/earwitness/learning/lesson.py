"""One run of learning, from examples to files with figures; this is what the learner's process does.

In this order: make out words and meaning of every example; fit wording, acoustics, understanding and the wake word's
verifier on the people who are learned from; compare each with what is in use on the others; keep the parts
that the gate lets through. Sentences of people's own need no comparison: they are matched word for word.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from earwitness.learning.adapt import acoustics
from earwitness.learning.adapt.background import Sound, between_words, room, samples
from earwitness.learning.adapt.language import Language, Meaning, Speech, wanted
from earwitness.learning.adapt.material import Lesson, Material
from earwitness.learning.adapt.understanding import fit_understanding
from earwitness.learning.adapt.wake import fit_wake, shipped_network, windows_of
from earwitness.learning.adapt.wording import fit_wording
from earwitness.learning.budget import Budget
from earwitness.learning.evaluate import LEVELS_DB, QUIET, Comparison, Recipe, System, paired, trials, understood
from earwitness.learning.examples import Example
from earwitness.learning.files import MEANS, MODEL, TAUGHT, VERIFIER, WEIGHTS
from earwitness.learning.gate import Judged, Verdict, judge, overall
from earwitness.learning.paired import Paired, Trial, compare
from earwitness.learning.split import Side, groups
from earwitness.speech.asr.acoustics.aligning import Aligner, frames_of
from earwitness.speech.asr.acoustics.model import install
from earwitness.speech.verify.network import Network, load_network, save_network
from earwitness.understanding.taught import NOTHING, Taught, read_taught

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Assignment:
    """What is to be learned from, and what is in use now; ``scratch`` is a folder that is removed afterwards."""

    language: Language
    examples: tuple[Example, ...]
    sides: Mapping[str, Side]
    fewest: int
    scratch: Path
    current: Mapping[str, bytes] = field(default_factory=dict)
    noise: bytes = field(default=b"", repr=False)
    budget: Budget = field(default_factory=Budget)
    levels_db: tuple[float, ...] = LEVELS_DB
    """of speech above noise, for comparing"""


@dataclass(slots=True)
class Outcome:
    """The files that the gate lets through, and what was found."""

    files: dict[str, bytes]
    figures: dict[str, Any]
    verdict: Verdict


class Run:
    """One run; :meth:`go` does it all."""

    def __init__(self, assignment: Assignment, progress: Progress) -> None:
        """Load the language and what is in use."""
        self._given = assignment
        self._progress = progress
        self._plain = Speech.open(assignment.language)
        self._used = self._in_use()
        self._loaded: System | None = None
        self._parts: dict[str, Judged] = {}
        self._conditions: dict[str, list[Paired]] = {}
        self._files: dict[str, bytes] = {}
        self._learned: dict[str, int] = {}
        self._blocked = False  # something that is in use would become worse

    @property
    def _before(self) -> System:
        """What is in use; loaded when something is first heard or compared."""
        if self._loaded is None:
            self._loaded = System.open(self._used)
        return self._loaded

    def _in_use(self) -> Recipe:
        current = self._given.current
        taught = read_taught(current[TAUGHT]) if TAUGHT in current else NOTHING
        folder = None
        if MEANS in current:
            folder = acoustics.install_means(current[MEANS], self._given.scratch / "before")
        return Recipe(self._given.language, taught, folder, self._understood(current))

    def _understood(self, current: Mapping[str, bytes]) -> Path | None:
        if MODEL not in current:
            return None
        folder = self._given.scratch / "understanding-before"
        folder.mkdir()
        (folder / "model.json").write_bytes(current[MODEL])
        (folder / "weights.npz").write_bytes(current[WEIGHTS])
        return folder

    def go(self) -> Outcome:
        """Learn; return what came of it."""
        begun = time.monotonic()
        material = Material(tuple(self._lessons()), self._given.fewest, self._given.noise[: self._half])
        self._learned |= {"examples": len(material.lessons), "learned_from": len(material.learn())}
        self._recogniser(material)
        self._understanding(material)
        self._wake(material)
        figures = {
            "parts": self._told(),
            "learned": self._learned,
            "seconds": round(time.monotonic() - begun, 1),
        }
        if self._blocked:
            return Outcome({}, figures, Verdict.WORSE)
        return Outcome(self._files, figures, overall(self._parts.values()))

    def _lets(self, part: str, *, in_use: bool) -> bool:
        """Whether a part is released: if it is better, or takes the place of one that it is not worse than.

        A release stands for all that is learned: without this, one that has little to add would take back what the
        one before it had shown to be better.
        """
        verdict = self._parts[part].verdict
        self._blocked |= in_use and verdict is Verdict.WORSE
        return verdict is Verdict.BETTER or (in_use and verdict is not Verdict.WORSE)

    def compare(self) -> Outcome:
        """Compare what is in use with what ships, on everybody who was not learned from; no files come of it."""
        lessons = self._lessons()
        shipped = Recipe(self._given.language)
        tested = [each for each in lessons if each.side is Side.TEST and each.meaning is not None and each.example.pcm]
        both = Comparison(shipped, self._used, tested, self._noise(tested, None), self._given.levels_db)
        found = paired(trials(both, self._given.budget, self._comparing))
        self._conditions["recogniser"], self._parts["recogniser"] = found, judge(found)
        return Outcome({}, {"parts": self._told()}, overall(self._parts.values()))

    def _comparing(self, done: int, whole: int) -> None:
        self._progress("comparing", done, whole)

    def _comparing_from(self, before: int, whole: int, done: int, _all: int) -> None:
        self._comparing(before + done, whole)

    def _told(self) -> dict[str, Any]:
        return {
            name: each.to_json() | {"conditions": [found.to_json() for found in self._conditions.get(name, [])]}
            for name, each in self._parts.items()
        }

    # --- words and meanings -------------------------------------------------------------------------

    def _lessons(self) -> list[Lesson]:
        made = []
        for done, example in enumerate(self._given.examples):
            words, meaning = self._made_out(example)
            made.append(Lesson(example, self._given.sides[example.subject], words, meaning))
            self._progress("reading", done + 1, len(self._given.examples))
        return made

    def _made_out(self, example: Example) -> tuple[str | None, Meaning | None]:
        """Words and meaning; where only the meaning was said, the reading of the sound that means it."""
        account = example.account
        if account.for_me is False:
            return account.words or example.heard or None, None
        if account.intent is None:
            means = account.meant or account.words
            return account.words, self._plain.meaning(means) if means else None
        meaning = wanted(account.intent, account.slots)
        if account.words or self._plain.meaning(example.heard) == meaning:
            return account.words or example.heard, meaning
        readings = self._before.hear(example.pcm) if example.pcm else []
        return next((each.text for each in readings if self._plain.meaning(each.text) == meaning), None), meaning

    # --- the parts ----------------------------------------------------------------------------------

    def _recogniser(self, material: Material) -> None:
        apart = groups(self._given.sides)
        wordings = [fit_wording(material.without(group), self._plain.meaning) for group in apart]
        fits = acoustics.fit_acoustics(material, apart, lambda done, whole: self._progress("listening", done, whole))
        learned = [_Learned(*each) for each in zip(apart, wordings, fits, strict=True)]
        wording, fitted = learned[0].wording, learned[0].fitted
        self._learned |= {
            "sentences": len(wording.sentences),
            "pairs": sum(map(len, wording.pairs.values())),
            "clips": fitted.clips if fitted else 0,
            "noise_ms": len(fitted.noise) // 16 if fitted and fitted.noise is not None else 0,
        }
        better = self._judge_recogniser(material, learned)
        taught = wording if better else Taught(wording.sentences)
        if taught:
            self._files[TAUGHT] = taught.to_bytes()
        if wording.sentences:
            self._parts["sentences"] = Judged(Verdict.OWN_WORDS, f"{len(wording.sentences)} sentences of people's own")
        if better and fitted:
            self._files[MEANS] = acoustics.to_bytes(fitted.means, fitted.noisy)

    def _judge_recogniser(self, material: Material, learned: Sequence["_Learned"]) -> bool:
        """Judge what was learned without each group by how it hears that group; the first is what may be released."""
        if not learned[0]:
            self._parts["recogniser"] = Judged(Verdict.NOT_ENOUGH, "not enough evidence: too few clips to learn from")
            return False
        comparisons = [self._comparison(material, at, each) for at, each in enumerate(learned) if each]
        comparisons = [each for each in comparisons if each.lessons]
        whole = min(self._given.budget.clips, sum(len(each.lessons) for each in comparisons))
        found: dict[str, list[Trial]] = {}
        begun, before = time.monotonic(), 0
        for at, each in enumerate(comparisons):
            left = len(comparisons) - at
            seconds = (self._given.budget.seconds - (time.monotonic() - begun)) / left
            budget = Budget(max(1.0, seconds), -(-(whole - before) // left))
            heard = trials(each, budget, partial(self._comparing_from, before, whole))
            before += len(heard[QUIET])
            for condition, more in heard.items():
                found.setdefault(condition, []).extend(more)
        self._conditions["recogniser"] = paired(found)
        self._parts["recogniser"] = judge(self._conditions["recogniser"])
        return self._lets("recogniser", in_use=MEANS in self._given.current or bool(self._used.taught.pairs))

    def _comparison(self, material: Material, at: int, learned: "_Learned") -> Comparison:
        """What is in use, and what was learned without a group, on the clips of that group."""
        fitted = learned.fitted
        folder = install(fitted.means, self._given.scratch / f"after-{at}", fitted.noisy) if fitted else None
        after = Recipe(self._given.language, learned.wording, folder)
        tested = [each for each in material.without(learned.apart).test() if each.meaning and each.example.pcm]
        noise = self._noise(tested, fitted.noise if fitted else None)
        return Comparison(self._used, after, tested, noise, self._given.levels_db)

    def _noise(self, tested: list[Lesson], learned: Sound | None) -> Sound | None:
        """The noise of people who were not learned from; where they have too little of it, the one that was."""
        if self._given.noise:
            return samples(self._given.noise[self._half :])
        aligner, stretches = Aligner(), []
        for each in tested[: self._given.budget.clips]:
            found = aligner.align(frames_of(each.example.pcm), each.words or "")
            if found is not None:
                stretches += between_words(samples(each.example.pcm), found.quiet)
        own = room(stretches)
        return own if own is not None else learned

    @property
    def _half(self) -> int:
        """Where the second half of a recording of the rooms begins: what is learned with is not tested with."""
        return len(self._given.noise) // 4 * 2

    def _understanding(self, material: Material) -> None:
        folder = self._given.scratch / "understanding"
        self._progress("understanding", 0, 1)
        count = fit_understanding(material, folder)
        self._learned["sentences_understood"] = count
        if not count:
            return
        before = Speech.open(self._given.language, self._used.taught, self._used.understanding)
        after = Speech.open(self._given.language, self._used.taught, folder)
        found = understood(before.meaning, after.meaning, material.test())
        self._conditions["understanding"], self._parts["understanding"] = [found], judge([found])
        if self._lets("understanding", in_use=MODEL in self._given.current):
            self._files |= {MODEL: (folder / "model.json").read_bytes(), WEIGHTS: (folder / "weights.npz").read_bytes()}
        self._progress("understanding", 1, 1)

    def _wake(self, material: Material) -> None:
        network = fit_wake(material, progress=lambda done, whole: self._progress("wake word", done, whole))
        self._learned["windows"] = len(windows_of(material.learn()).labels)
        if network is None:
            return
        found = _wakes(self._verifier(), network, material)
        self._conditions["wake"], self._parts["wake"] = [found], judge([found])
        if self._lets("wake", in_use=VERIFIER in self._given.current):
            path = self._given.scratch / "verifier.npz"
            save_network(path, network)
            self._files[VERIFIER] = path.read_bytes()

    def _verifier(self) -> Network:
        if VERIFIER not in self._given.current:
            return shipped_network()
        path = self._given.scratch / "verifier-before.npz"
        path.write_bytes(self._given.current[VERIFIER])
        return load_network(path)


@dataclass(frozen=True, slots=True)
class _Learned:
    """What was learned without the people ``apart``."""

    apart: frozenset[str]
    wording: Taught
    fitted: acoustics.AcousticFit | None

    def __bool__(self) -> bool:
        """Whether it would hear anything otherwise than what is in use."""
        return bool(self.wording.pairs or self.fitted)


def _wakes(before: Network, after: Network, material: Material) -> Paired:
    windows = windows_of(material.test())
    right = [
        [bool(score > network.threshold) == bool(label) for score, label in zip(scores, windows.labels, strict=True)]
        for network in (before, after)
        for scores in [network.scores(windows.features) if len(windows.labels) else np.zeros(0, np.float32)]
    ]
    answers = [Trial(person, *both) for person, *both in zip(windows.people, *right, strict=True)]
    return compare("wake words", answers)
