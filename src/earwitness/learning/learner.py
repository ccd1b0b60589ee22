"""Learning as the house does it: a snapshot, a process of its own, a release if the gate lets it, and what is in use.

A layer is what all share, or a household's own. Both are in use at once: the sentences of the household come
before those that are shared; of the other parts the household's is taken where it has one.
"""

import secrets
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from earwitness.kernel.errors import BadInput, BlobCorrupt, BlobMissing, KeyDestroyed
from earwitness.learning.budget import Budget
from earwitness.learning.files import MEANS, MODEL, TAUGHT, VERIFIER
from earwitness.learning.gate import Verdict
from earwitness.learning.process import Progress, Task, learn
from earwitness.learning.release import Made, Release, Releases
from earwitness.learning.scratch import clear_away
from earwitness.learning.snapshot import SHARED, Snapshot, Snapshots
from earwitness.learning.split import Side
from earwitness.understanding.taught import NOTHING, Taught, read_taught, together

if TYPE_CHECKING:
    from earwitness.learning.adapt.language import Language

FEWEST_SHARED: Final = 2
ALONE: Final = 1

LanguageOf = Callable[[str], "Language"]
"""The language of a household, or of what is shared."""
Teach = Callable[[Snapshot, Task, Path, Progress], Made]
"""Learns from a snapshot, in a process of its own; :func:`earwitness.learning.process.learn` is the real one."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What a run came to. ``release`` is None where there was nothing to learn from."""

    examples: int
    people: int
    release: Release | None
    activated: bool

    @property
    def verdict(self) -> Verdict:
        """What the gate said."""
        return self.release.verdict if self.release else Verdict.NOT_ENOUGH


@dataclass(frozen=True, slots=True)
class InUse:
    """What is learned and in use for a household; each is empty or None where what ships is used.

    ``acoustics`` is a folder for the recogniser, ``understanding`` one for the learned matcher, ``verifier`` a file.
    """

    releases: tuple[str, ...] = ()
    taught: Taught = NOTHING
    acoustics: Path | None = None
    understanding: Path | None = None
    verifier: Path | None = None


@dataclass(frozen=True, slots=True)
class Learning:
    """Runs learning and tells what is in use; safe from several threads."""

    snapshots: Snapshots
    releases: Releases
    folder: Path
    language: LanguageOf
    fewest: int = FEWEST_SHARED
    teach: Teach = learn
    _known: dict[tuple[str, ...], InUse] = field(default_factory=dict)

    def run(
        self,
        subject: str = SHARED,
        *,
        noise: bytes = b"",
        budget: Budget | None = None,
        progress: Progress = lambda _what, _done, _all: None,
    ) -> Learned:
        """Learn for a layer; activate what the gate lets through. Blocking, minutes.

        Raises:
            NotFound: no such household; or something it learned from was erased meanwhile, and nothing was made.
            EngineFailed: the learner's process failed.
        """
        snapshot = self.snapshots.take(subject)
        if not snapshot.examples:
            return Learned(0, 0, None, activated=False)
        before = self._content(subject)
        task = Task(
            self.language(subject),
            self.fewest if subject == SHARED else ALONE,
            before,
            noise,
            budget or Budget(),
        )
        made = self.teach(snapshot, task, self.folder, progress)
        release = self.releases.make(snapshot, made)
        activated = bool(made.files) and made.verdict is not Verdict.WORSE
        if activated:
            release = self.releases.activate(release.id)
        return Learned(len(snapshot.examples), snapshot.people, release, activated)

    def _content(self, subject: str) -> dict[str, bytes]:
        """The files that are in use; none where they went meanwhile, or are damaged."""
        current = self.releases.current(subject)
        try:
            return self.releases.content(current) if current else {}
        except (BlobMissing, BlobCorrupt, KeyDestroyed):
            return {}

    def evaluate(self, release: Release, budget: Budget, progress: Progress) -> dict[str, Any]:
        """Compare a release with what ships, on the people it was not learned from; return the figures.

        Raises:
            BlobMissing, BlobCorrupt, KeyDestroyed: the release is gone.
            EngineFailed: the learner's process failed.
        """
        taken = self.snapshots.take(release.subject)
        learned = self.snapshots.learned_from(release.snapshot)
        side_of = {subject: Side.LEARN if subject in learned else Side.TEST for subject in taken.side_of}
        task = Task(self.language(release.subject), ALONE, self.releases.content(release), budget=budget, compare=True)
        figures: dict[str, Any] = dict(self.teach(replace(taken, side_of=side_of), task, self.folder, progress).figures)
        return figures

    def clear(self) -> None:
        """Remove what a crash left, and opened models that no other process uses; for the start of the hub."""
        clear_away(self.folder)
        self.releases.close_all()

    def sweep(self) -> None:
        """Remove what runs and releases left that did not come to their end; leaves alone what is under way."""
        clear_away(self.folder)
        self.releases.sweep()

    def in_use(self, household: str | None = None) -> InUse:
        """What is in use now; opened into ``run/models`` at the first time. Never raises for what is gone."""
        layers = [self.releases.current(subject) for subject in (household, SHARED) if subject]
        standing = [each for each in layers if each is not None]
        key = tuple(each.id for each in standing)
        found = self._known.get(key)
        if found is None or not self._there(found):
            found = self._opened(standing)
            self._known.clear()  # what is no longer in use is not held in memory either
            self._known[key] = found
        return found

    @staticmethod
    def _there(known: InUse) -> bool:
        return all(path is None or path.exists() for path in (known.acoustics, known.understanding, known.verifier))

    def _opened(self, layers: list[Release]) -> InUse:
        taught: list[Taught] = []
        found: dict[str, Path] = {}
        for release in layers:
            folder = self.releases.install(release)
            if folder is None:
                continue
            for name, make in _PARTS.items():
                if name not in found and (folder / name).exists():
                    with suppress(BadInput):  # made by another version, or damaged: what ships does it
                        found[name] = make(folder)
            if (folder / TAUGHT).exists():
                with suppress(BadInput):
                    taught.append(read_taught((folder / TAUGHT).read_bytes()))
        used = tuple(each.id for each in layers)
        return InUse(used, together(taught), found.get(MEANS), found.get(MODEL), found.get(VERIFIER))


def _acoustics(folder: Path) -> Path:
    from earwitness.learning.adapt import acoustics  # noqa: PLC0415 - numpy and PocketSphinx, for the hub alone

    place = folder / "acoustics"
    if not place.exists():
        making = folder / f".acoustics.{secrets.token_hex(4)}"
        try:
            acoustics.install_means((folder / MEANS).read_bytes(), making)
            with suppress(OSError):  # another was first
                making.rename(place)
        finally:
            shutil.rmtree(making, ignore_errors=True)
    return place


_PARTS: Mapping[str, Callable[[Path], Path]] = {
    MEANS: _acoustics,
    MODEL: lambda folder: folder / "understanding",
    VERIFIER: lambda folder: folder / VERIFIER,
}


def figures_in_words(release: Release) -> list[str]:
    """What a release's figures say, a sentence a part."""
    parts: Mapping[str, Any] = release.manifest["figures"].get("parts", {})
    return [f"{name}: {each['why']}" for name, each in parts.items()]
