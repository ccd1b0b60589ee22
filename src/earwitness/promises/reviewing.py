"""Review tried on the canary household alone: a draw that nobody counts, its copies, reviewers who do not exist.

Nothing of anybody else is drawn, copied, leased or opened: a trial has a queue of its own. At its end the draw and its
reviewers are gone.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import delete, select

from earwitness.bootstrap import House
from earwitness.bootstrap.deidentifier import trial_deidentifier
from earwitness.kernel.actors import Actor, Role
from earwitness.kernel.audio import Clip
from earwitness.policy.purposes import Purpose
from earwitness.promises.canary import Adult, Canary
from earwitness.promises.checks import Broken, require
from earwitness.review.desk import Desk
from earwitness.speech.verify.training.renderings import spoken
from earwitness.storage.schema import artefact, staff
from earwitness.storage.schema.review import review_clip
from earwitness.vault.intake import Incoming
from earwitness.vault.kinds import TRACE, TRANSCRIPT

VOICES = ("en-us+m3", "en-us+f2", "en-gb+m1", "en-us", "en-gb+f3")
SENTENCE = "turn on the lamp next to the window"
EVERYTHING = 1_000


@dataclass(slots=True)
class Trial:
    """The canary's own review while a check runs."""

    canary: Canary
    draws: list[str] = field(default_factory=list)
    reviewers: list[str] = field(default_factory=list)

    @property
    def house(self) -> House:
        """The installation."""
        return self.canary.house

    def answer(self, adult: Adult, *, yes: bool) -> None:
        """Let an adult say yes to review, or take it back."""
        consents = self.house.consents
        with self.house.database.write() as tx:
            (consents.record if yes else consents.withdraw)(tx, adult.actor, adult.id, Purpose.REVIEW)

    def speak(self, adult: Adult, sentence: str = SENTENCE, voice: str = VOICES[0], *, device: str = "") -> str:
        """Keep a recording in which the sentence is really said; return its id."""
        sound = Clip(spoken(sentence, voice))
        texts = {TRANSCRIPT: sentence.encode(), TRACE: b"[]"}
        now = self.house.clock.now_ms()
        kept = self.house.intake.keep(Incoming(sound, now, adult.actor, device or adult.device, artefacts=texts))
        return kept.recording

    def draw(self) -> str:
        """Draw all that may be drawn of the household; return the draw."""
        made = self.house.review.draws.run(
            EVERYTHING, household=self.canary.household, without_witness=True, trial=True
        )
        self.draws.append(made.id)
        return made.id

    def copy(self, draw: str) -> None:
        """Let the deidentifier do what it does."""
        trial_deidentifier(self.house, draw).work()

    def desk(self, draw: str) -> Desk:
        """The desk with this draw's clips."""
        return self.house.review.trial_desk(draw)

    def reviewer(self) -> Actor:
        """Somebody made up who may review, with a fresh second factor."""
        member = self.house.directory.staff.register(Role.REVIEWER, "promise check", "XX")
        self.reviewers.append(member.id)
        return member.actor(self.house.clock.now_ms())

    def drawn(self, draw: str) -> dict[str | None, str]:
        """What was drawn, by recording, with the state of each clip."""
        query = select(review_clip.c.recording_id, review_clip.c.state).where(review_clip.c.draw_id == draw)
        with self.house.database.read() as tx:
            return {row.recording_id: row.state for row in tx.execute(query)}

    def kinds(self, recording: str) -> set[str]:
        """What is kept of a recording."""
        with self.house.database.read() as tx:
            return set(tx.scalars(select(artefact.c.kind).where(artefact.c.recording_id == recording)))

    def ready(self, adult: Adult, sentence: str = SENTENCE) -> tuple[str, str]:
        """Speak until a copy is made of it; return the recording and its draw."""
        for voice in VOICES:
            recording = self.speak(adult, sentence, voice)
            draw = self.draw()
            self.copy(draw)
            if self.drawn(draw).get(recording) == "ready":
                return recording, draw
        raise Broken("Of no voice a copy could be made, so that nothing can be said of what reviewers hear.")

    def clip_of(self, draw: str, recording: str) -> str:
        """The clip of a recording in a draw."""
        mine = review_clip.c.draw_id == draw, review_clip.c.recording_id == recording
        with self.house.database.read() as tx:
            found = tx.scalar(select(review_clip.c.id).where(*mine))
        require(found is not None, "A recording that was to be drawn was not.")
        return str(found)


@contextmanager
def trying(canary: Canary) -> Iterator[Trial]:
    """Try review; nothing of it stays."""
    trial = Trial(canary)
    try:
        yield trial
    finally:
        for draw in trial.draws:
            canary.house.review.draws.forget(draw)
        with canary.house.database.write() as tx:
            tx.execute(delete(staff).where(staff.c.id.in_(trial.reviewers)))
