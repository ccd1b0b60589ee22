"""A house with reviewers in it, for tests: adults who said yes to review, an aligner that needs no recogniser."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from earwitness.bootstrap import House
from earwitness.identity.device_rows import DeviceMode
from earwitness.identity.people import Standing
from earwitness.kernel.actors import Actor, Role
from earwitness.kernel.audio import SAMPLE_RATE, SAMPLE_WIDTH, Clip
from earwitness.kernel.errors import Withheld
from earwitness.policy.purposes import Purpose
from earwitness.review.annotations import Annotation, Route, Wake
from earwitness.review.deidentify.copying import Copying
from earwitness.review.deidentify.worker import Deidentifier
from earwitness.speech.asr.port import Word
from earwitness.testing.canary import canary
from earwitness.testing.homes import Adult, Home
from earwitness.vault.intake import Incoming

SECOND_OF_SOUND = bytes(range(256)) * (SAMPLE_RATE * SAMPLE_WIDTH // 256)
SAID = "turn on the light"
RIGHT = Annotation(Route.VERIFY, SAID, Wake.YES, 4_000, intent_right=True)


@dataclass
class EvenAligner:
    """Gives every word the same share of the sound; ``fails`` makes it unsure of every clip."""

    fails: bool = False
    asked: list[list[str]] = field(default_factory=list)

    def align(self, clip: Clip, tokens: Sequence[str]) -> list[Word]:
        """See the port."""
        self.asked.append(list(tokens))
        if self.fails:
            raise Withheld("unaligned")
        share = clip.duration_ms // len(tokens)
        return [Word(token, at * share, (at + 1) * share, 0.9) for at, token in enumerate(tokens)]


def spelled(words: Sequence[str]) -> list[tuple[str, ...]]:
    """A pronunciation for tests: the letters."""
    return [tuple(word) for word in words]


@dataclass
class ReviewHouse:
    """A house whose adults live in homes of their own, one each, and said yes to review."""

    house: House
    adults: list[Adult] = field(default_factory=list)
    aligner: EvenAligner = field(default_factory=EvenAligner)

    def adult(self, *purposes: Purpose) -> Adult:
        """Let one more adult move into a home of their own; they said yes to review unless told otherwise."""
        # in letters: spelled, the "eight" of a person 8 is so like "light" that it would be masked
        number = "".join(chr(ord("a") + int(digit)) for digit in str(len(self.adults)))
        home = Home(self.house, self.house.directory.households.add(canary(f"home {number}")).id)
        adult = home.adult(canary(f"person {number}"), Standing.OWNER)
        self.say_yes(adult, *(purposes or (Purpose.REVIEW,)))
        self.adults.append(adult)
        return adult

    def say_yes(self, adult: Adult, *purposes: Purpose) -> None:
        """Let an adult say yes."""
        with self.house.database.write() as tx:
            for purpose in purposes:
                self.house.consents.record(tx, adult.actor, adult.id, purpose)

    def say_no(self, adult: Adult, *purposes: Purpose) -> None:
        """Let an adult take a yes back."""
        with self.house.database.write() as tx:
            for purpose in purposes:
                self.house.consents.withdraw(tx, adult.actor, adult.id, purpose)

    def keep(self, adult: Adult, said: str = SAID, *, device: str = "", pcm: bytes = SECOND_OF_SOUND) -> str:
        """Keep one recording of an adult; return its id."""
        now = self.house.clock.now_ms()
        texts = {"transcript": said.encode(), "trace": b"[]"}
        incoming = Incoming(Clip(pcm), now, adult.actor, device=device or adult.device, artefacts=texts)
        return self.house.intake.keep(incoming).recording

    def shared_device(self, *adults: Adult) -> str:
        """Add a shared device to the home of the first, to which all of these agree."""
        home = adults[0].person.household
        device = self.house.directory.devices.add(home, canary("kitchen"), DeviceMode.SHARED).id
        for adult in adults:
            self.house.directory.agreements.agree(adult.actor, device)
        return device

    def draw(self, expected: int = 1_000) -> str:
        """Draw without a witness; every eligible recording, up to the quotas, unless told otherwise."""
        return self.house.review.draws.run(expected, without_witness=True).id

    def deidentifier(self) -> Deidentifier:
        """The deidentifier over this house's parts, with the aligner for tests."""
        house = self.house
        copying = Copying(self.aligner, spelled, frozenset({"priya"}))
        return Deidentifier(
            house.database, house.reading, house.adding, house.access, house.directory, copying, house.clock
        )

    def drawn_and_copied(self, expected: int = 1_000) -> int:
        """Draw and make the copies; return how many clips were dealt with."""
        self.draw(expected)
        return self.deidentifier().work()

    def reviewer(self) -> Actor:
        """Register a reviewer with a fresh second factor."""
        member = self.house.directory.staff.register(Role.REVIEWER, "contractor", "PL")
        return member.actor(self.house.clock.now_ms())
