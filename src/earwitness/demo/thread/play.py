"""The thread from its beginning to its end, step by step, on a real installation with its real programs."""

import asyncio
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from earwitness import settings as settings_file
from earwitness.bootstrap import House, create_house, open_house
from earwitness.bootstrap.sample import give_sample_home
from earwitness.demo.recordings import Recordings
from earwitness.demo.thread.cast import Choice, Role, choices, move_in
from earwitness.demo.thread.forgetting import forget
from earwitness.demo.thread.measuring import half_of, measure
from earwitness.demo.thread.programs import Installation
from earwitness.demo.thread.report import Report, Teller
from earwitness.demo.thread.reviewing import Reviewer, Session, Staff, hire, seconds_to_next_code, wait_for_copies
from earwitness.demo.thread.speakers import HOME, PAUSE, Row, Speakers, choose, in_rounds, wake_words
from earwitness.demo.thread.speaking import Speaker, Turn
from earwitness.demo.thread.wording import Listener, slots_of
from earwitness.kernel import actors
from earwitness.kernel.errors import EarwitnessError, NotFound
from earwitness.learning.budget import Budget
from earwitness.learning.corrections import Wrong
from earwitness.learning.learner import figures_in_words
from earwitness.promises.run import run_checks
from earwitness.settings import WitnessSettings

AT_ONCE: Final = 2  # devices that speak at the same time: as many as there are recognisers
OWN: Final = "the usual as always"  # typed, not spoken
COPIES_SECONDS: Final = 600.0
COMPARING: Final = Budget(200.0, 120)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How large a thread: how many recordings are spoken and measured; ``paced`` people speak one as slow as life."""

    recordings: Recordings
    sentences: Path
    command: tuple[str, ...]
    clips: int = 150
    measured: int = 96
    paced: int = 6
    promises: bool = True


@dataclass(frozen=True, slots=True)
class Said:
    """One recording as it was spoken: by whom, with its label, and what came of it."""

    role: Role
    row: Row
    turn: Turn
    in_history_ms: float | None
    timed: bool


@dataclass(slots=True)
class Thread:
    """The thread over one installation; the steps are called in the order in which they stand."""

    wish: Wish
    data: Path
    house: House
    programs: Installation
    teller: Teller
    report: Report = field(default_factory=Report)
    roles: list[Role] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    reviewers: list[Staff] = field(default_factory=list)
    operator: Staff | None = None
    listener: Listener | None = None
    speakers: Speakers | None = None

    # --- the people -----------------------------------------------------------------------------

    def move_in(self) -> None:
        """Make the people, their devices, and the staff."""
        self.speakers = choose(self.wish.recordings)
        everybody = [*choices(self.speakers.speak), (HOME, Choice.HOME)]
        self.roles = [move_in(self.house, name, choice, number + 1) for number, (name, choice) in enumerate(everybody)]
        self.reviewers = [hire(self.house, actors.Role.REVIEWER, name) for name in ("reviewer one", "reviewer two")]
        self.operator = hire(self.house, actors.Role.OPERATOR, "operator")
        counts = {each: sum(role.choice is each for role in self.roles) for each in Choice}
        told = "; ".join(f"{count} with {choice}" for choice, count in counts.items() if count)
        self.teller.tell(f"{len(self.roles)} synthetic people moved in, each with a paired device: {told}")

    # --- heard, kept, seen ----------------------------------------------------------------------

    def speak(self) -> None:
        """Let everybody speak their recordings to the hub, each after the wake word."""
        self.listener = Listener.open(self.wish.recordings, self.house.learning.language(""))
        self.said = asyncio.run(self._everybody())
        self.report.clips = len(self.said)
        woke = sum(each.turn.woke for each in self.said)
        kept = [each for each in self.said if each.turn.recording]
        right = [each for each in self.said if each.turn.woke and self.listener.right(each.row, each.turn.text)]
        waited = [each.in_history_ms for each in kept if each.timed and each.in_history_ms]
        self._tell_spoken(woke, len(kept), len(right), waited)

    def _tell_spoken(self, woke: int, kept: int, right: int, waited: list[float]) -> None:
        told = f"{len(self.said)} recordings were spoken to {len(self.roles)} devices: {woke} woke the hub"
        self.teller.tell(f"{told}, {right} were understood with everything right, {kept} were kept")
        self.report.more |= {"woke": woke, "kept": kept, "understood": right}
        if waited:
            middle, most = round(float(np.median(waited))), round(max(waited))
            kept_ms = [1000 * (each.turn.kept - each.turn.speech_ended) for each in self.said if each.timed]
            self.report.more["history_ms"] = {
                "p50": middle, "most": most, "recordings": len(waited),
                "kept_p50": round(float(np.median(kept_ms))), "load": round(os.getloadavg()[0], 1),
            }  # fmt: skip
            self.teller.tell(
                f"from the end of speech to the history of its person: {middle} ms in the middle, {most} ms at most, "
                f"of {len(waited)} that were spoken as slowly as life (load of this machine: {os.getloadavg()[0]:.1f})"
            )

    async def _everybody(self) -> list[Said]:
        by_speaker = {role.speaker: role for role in self.roles}
        assert self.speakers is not None  # noqa: S101 - they moved in before
        home = self.wish.recordings.of(HOME)
        rows = list(in_rounds({**self.speakers.speak, HOME: home}, self.wish.clips))
        queues: dict[str, list[tuple[Row, bytes]]] = {}
        for (name, row), wake in zip(rows, wake_words(self.wish.recordings), strict=False):
            queues.setdefault(name, []).append((row, wake))
        free = asyncio.Semaphore(AT_ONCE)
        paced = list(queues)[: self.wish.paced]
        spoken = [self._one(by_speaker[name], queue, free, pace=name in paced) for name, queue in queues.items()]
        return [each for of_one in await asyncio.gather(*spoken) for each in of_one]

    async def _one(
        self, role: Role, queue: list[tuple[Row, bytes]], free: asyncio.Semaphore, *, pace: bool
    ) -> list[Said]:
        """Let one person speak all of theirs; ``pace``: the first one as slowly as life, and its way is timed."""
        speaker = Speaker(lambda: self.programs.url, role.token)
        said: list[Said] = []
        try:
            for row, wake in queue:
                sound = await asyncio.to_thread(self.wish.recordings.sound, row)
                async with free:
                    turn = await speaker.say(wake + PAUSE + sound, pace=pace and not said)
                    seen = await asyncio.to_thread(self._in_history, role, turn)
                said.append(Said(role, row, turn, seen, timed=pace and not said))
                self.teller.quietly("spoken")
        finally:
            await speaker.leave()
        return said

    def _in_history(self, role: Role, turn: Turn) -> float | None:
        """When a recording stood in its person's history, in ms from the end of speech; None if it was not kept."""
        if turn.recording is None:
            return None
        page = self.house.history.page(role.person.actor(), role.subjects)
        found = any(line.id == turn.recording for line in page.lines)
        return 1000 * (time.monotonic() - turn.speech_ended) if found else None

    def put_right(self) -> None:
        """Let those who go through their history say what was right and what they had said instead."""
        assert self.listener is not None  # noqa: S101 - they spoke before
        corrected = confirmed = 0
        for each in self.said:
            if each.role.choice is not Choice.PUTS_RIGHT or each.turn.recording is None:
                continue
            right = self.listener.right(each.row, each.turn.text)
            words = each.turn.text if right else self.listener.words(each.row)
            if not words:
                continue
            wrong = Wrong.MEANT if right else Wrong.SAID
            meant = {"intent": str(each.row["intent"]), "slots": slots_of(each.row)} if "intent" in each.row else {}
            self.house.corrections.record(each.role.person.actor(), each.turn.recording, wrong, said=words, **meant)  # type: ignore[arg-type] # of one kind each
            corrected, confirmed = corrected + (not right), confirmed + right
        self.report.more |= {"corrected": corrected, "confirmed": confirmed}
        self.teller.tell(f"people went through their history: {corrected} put right, {confirmed} confirmed")

    # --- reviewed -------------------------------------------------------------------------------

    def draw(self) -> None:
        """Draw clips with a witness's cosignature, and wait for the copies."""
        people = {each.role.person.id for each in self.said if each.turn.recording}
        made = self.house.review.draws.run(max(2, 2 * len(people)))
        self.teller.quietly("drawn")
        states = wait_for_copies(self.house, made.id, time.monotonic() + COPIES_SECONDS, self.teller.quietly)
        self.report.drawn, self.report.withheld = made.chosen, states.get("withheld", 0)
        self.report.more |= {"frame": made.size, "witnessed": made.witnessed}
        self.teller.tell(
            f"drawn: {made.chosen} of {made.size} recordings, the seed cosigned by a witness; the deidentifier made "
            f"{states.get('ready', 0)} copies and withheld {self.report.withheld}"
        )

    def review(self) -> None:
        """Let two reviewers answer at the real workbench, then count."""
        assert self.listener is not None  # noqa: S101 - they spoke before
        time.sleep(min(2.0, seconds_to_next_code()))
        desk = [Reviewer(each, self.programs.workbench) for each in self.reviewers]
        said = {each.turn.recording: each for each in self.said if each.turn.recording}
        session = Session(
            self.house,
            self.listener,
            {name: each.row for name, each in said.items()},
            {name: each.turn.text for name, each in said.items()},
            self.teller.quietly,
        )
        try:
            for each in desk:
                each.sign_in()
            done = session.work(desk)
        finally:
            for each in desk:
                each.close()
        self.report.annotated = done.annotated
        self._tell_reviewed(done.annotated, done.mistakes, done.skipped, done.next_ms)

    def _tell_reviewed(self, annotated: int, mistakes: int, skipped: int, next_ms: list[float]) -> None:
        middle = round(float(np.median(next_ms))) if next_ms else None
        self.report.more |= {"mistakes": mistakes, "skipped": skipped, "next_clip_ms": middle}
        self.teller.tell(
            f"two reviewers answered {annotated} clips, {mistakes} of them wrongly on purpose, and skipped {skipped}; "
            f"nobody heard two clips of one person; the next clip came after {middle} ms"
        )
        found = self.house.review.counting.together()
        rate = found.intents_wrong
        share = f"{rate.rate:.1%}, 95 % interval {rate.low:.1%} to {min(1.0, rate.high):.1%}"
        enough = "" if rate.enough else " (not enough evidence to be told as a figure)"
        self.teller.tell(f"taken for something else, by the sample: {share}{enough}; without an answer: {found.lost}")
        self.report.more["taken_for_something_else"] = {
            "rate": rate.rate, "low": rate.low, "high": rate.high, "answered": rate.answered, "enough": rate.enough
        }  # fmt: skip

    # --- learned, better, forgotten ---------------------------------------------------------------

    def learn(self) -> None:
        """Learn from what was put right and annotated; say what the gate says."""
        begun = time.monotonic()
        noise = half_of(self.wish.recordings.folder, learned=True)
        learned = self.house.learning.run(
            noise=noise, budget=COMPARING, progress=lambda *_: self.teller.quietly("learned")
        )
        seconds = time.monotonic() - begun
        self.report.more |= {"gate": str(learned.verdict), "released": learned.activated}
        self.report.more |= {"learned_from": learned.examples, "learning_seconds": round(seconds, 1)}
        used = "released and in use" if learned.activated else "nothing was released"
        self.teller.tell(
            f"learned in {seconds:.0f} s from {learned.examples} recordings of {learned.people} people: "
            f"the gate says {learned.verdict.replace('_', ' ')}; {used}"
        )
        for sentence in figures_in_words(learned.release) if learned.release else ():
            self.teller.tell(f"  {sentence}")

    def teach_own(self) -> None:
        """Let the one who will erase everything teach their own household a sentence, so that a model has to go."""
        role = self.leaving[1]
        mine = [each for each in self.said if each.role is role and each.turn.recording]
        if not mine or "intent" not in mine[0].row:
            return
        meant, slots = str(mine[0].row["intent"]), slots_of(mine[0].row)
        name = mine[0].turn.recording or ""
        self.house.corrections.record(role.person.actor(), name, Wrong.MEANT, said=OWN, intent=meant, slots=slots)
        learned = self.house.learning.run(
            role.person.household, budget=Budget(5.0, 1), progress=lambda *_: self.teller.quietly("taught")
        )
        self.report.more["own_sentence"] = str(learned.verdict)
        self.teller.tell(f"one person taught their own household “{OWN}”: {learned.verdict.replace('_', ' ')}")

    def measure(self) -> None:
        """Measure before and after on speakers who took no part."""
        assert self.speakers is not None  # noqa: S101 - they moved in before
        found = measure(
            self.wish.recordings,
            self.speakers.measured,
            self.wish.measured,
            self.house.learning.language(""),
            self.house.learning.in_use(),
            lambda _done, _all: self.teller.quietly("compared"),
        )
        before, after = found.pop("accept_before"), found.pop("accept_after")
        self.report.accept_before, self.report.accept_after = before, after
        self.report.more |= found
        self.teller.tell(
            f"on {found['measured']['speakers']} speakers who took no part, accepted with everything right: "
            f"clean {before['clean']:.1%} → {after['clean']:.1%}, kitchen noise {before['noise_mean']:.1%} → "
            f"{after['noise_mean']:.1%} "
            f"(difference {100 * after['ci_low']:+.1f} to {100 * after['ci_high']:+.1f} points)"
        )

    @property
    def leaving(self) -> tuple[Role, Role]:
        """Who withdraws training, and who erases everything: two of whom something was kept."""
        kept = {each.role.device for each in self.said if each.turn.recording}
        usual = [role for role in self.roles if role.choice is Choice.PUTS_RIGHT and role.device in kept]
        if len(usual) < 2:  # noqa: PLR2004 - both
            raise NotFound("Too little was kept to be forgotten.", next_step="Play more recordings with --clips.")
        return usual[-1], usual[-2]

    def forget(self) -> None:
        """Let one person withdraw and one erase everything."""
        found = forget(self.house, *self.leaving, self.teller)
        self.report.forgot = found.forgot
        again = (
            f"learned again without them: {found.learned_again.verdict}" if found.learned_again else "none stands now"
        )
        which = f"{found.destroyed} model(s) destroyed, {found.shared} of them everybody's, {again}"
        models = which if found.destroyed else "no model held anything of them"
        self.report.more |= {"models_destroyed": found.destroyed, "shared_models_destroyed": found.shared}
        self.report.more["receipts_verified"] = found.receipts
        self.teller.tell(
            f"one person withdrew training, one erased everything: {models}; "
            f"{found.receipts} receipt(s) verified offline"
        )
        self.teller.tell("forgotten: " + ("yes, by effect" if found.forgot else f"NO: {'; '.join(found.wrong)}"))

    def promises(self) -> None:
        """Try every promise on this installation."""
        results = run_checks(self.house, lambda _name: self.teller.quietly("tried"))
        self.report.promises = {each.id: str(each.state) for each in results}
        groups: dict[str, list[str]] = {}
        for each in results:
            groups.setdefault(str(each.state), []).append(each.id)
        self.teller.tell("promises: " + "; ".join(f"{state}: {' '.join(ids)}" for state, ids in groups.items()))
        for each in results:
            if str(each.state) == "broken":
                self.teller.tell(f"  {each.id}: {each.tried}")

    def addresses(self) -> list[str]:
        """Where there is something to look at now, and how to come in."""
        found = [f"the hub: {self.programs.url}", f"the workbench: {self.programs.workbench()}"]
        for role in (self.roles[0], self.roles[-1]):
            _, link = self.house.accounts.add(role.person.name or role.person.id, person_id=role.person.id)
            found.append(f"{role.person.name} sets a password at {self.programs.url}/welcome/{link}")
        staff = (*self.reviewers, *([self.operator] if self.operator else []))
        return found + [
            f"{each.name}, at the workbench: password {each.password}, secret of the codes {each.secret}"
            for each in staff
        ]

    def steps(self) -> Mapping[str, Callable[[], None]]:
        """Every step, in order."""
        found = {
            "move in": self.move_in,
            "speak": self.speak,
            "put right": self.put_right,
            "draw": self.draw,
            "review": self.review,
            "learn": self.learn,
            "measure": self.measure,
            "teach": self.teach_own,
            "forget": self.forget,
        }
        return found | ({"promises": self.promises} if self.wish.promises else {})


@contextmanager
def prepared(wish: Wish, place: Path, teller: Teller) -> Iterator[Thread]:
    """Make an installation with its witness and its hub in ``place``; everything started is ended again."""
    data = place / "data"
    create_house(data)
    give_sample_home(data)
    shutil.copytree(wish.sentences, data / "sentences")
    programs = Installation(data, wish.command)
    try:
        with open_house(data) as house:
            key = house.log.signer.vkey
        url, witness = programs.witness(key, place / "witness")
        chosen = settings_file.load(data)
        settings_file.store(data, chosen.model_copy(update={"witnesses": (WitnessSettings(url=url, key=witness),)}))
        programs.up()
        teller.tell(f"the hub is up at {programs.url}, with its witness, deidentifier and workbench")
        with open_house(data) as house:
            yield Thread(wish, data, house, programs, teller)
    finally:
        programs.down()


def play(thread: Thread) -> Report:
    """Play every step; return what was found.

    Raises:
        EarwitnessError: a step could not be done.
    """
    for name, step in thread.steps().items():
        try:
            step()
        except EarwitnessError:
            thread.teller.tell(f"the step “{name}” could not be done")
            raise
    thread.report.seconds = thread.teller.seconds
    return thread.report
