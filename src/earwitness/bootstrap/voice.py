"""The voice loop of an open house: engines, sentences and skills are chosen here and put together."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from earwitness.assistant.arbitration import Arbiter
from earwitness.assistant.assistant import Assistant
from earwitness.assistant.dialog import APOLOGY, Dialog
from earwitness.assistant.hearing import Engines
from earwitness.assistant.shared import Counts, Shared
from earwitness.assistant.skill import Here, Skill
from earwitness.assistant.turn import Answering, Finished
from earwitness.assistant.vocabulary import Vocabulary
from earwitness.bootstrap.house import House
from earwitness.identity.households import HouseholdKind
from earwitness.kernel.actors import Actor, Role
from earwitness.kernel.audio import Clip
from earwitness.kernel.errors import ConsentMissing
from earwitness.kernel.ids import HouseholdId
from earwitness.learning.learner import InUse
from earwitness.policy.keeping import may_keep
from earwitness.review.sureness import sureness
from earwitness.speech.asr.choose import open_pool
from earwitness.speech.tts import choose as speaking
from earwitness.speech.vad.pool import VoicePool
from earwitness.speech.verify.choice import FirstThatKnows
from earwitness.speech.verify.learned import LearnedVerifier
from earwitness.speech.verify.phones import SPOKEN, PhoneVerifier
from earwitness.speech.wake.microwakeword import MicroWakeDetector
from earwitness.speech.wake.models import SHIPPED
from earwitness.understanding.loading import of
from earwitness.understanding.sentences import Sentences, load
from earwitness.vault.effects import Effect
from earwitness.vault.intake import Incoming
from earwitness.vault.kinds import REPLY, TRACE, TRANSCRIPT

WORD = "alexa"  # the wake word whose verification is learned
RECOGNISERS = max(2, os.cpu_count() or 2)


@dataclass(frozen=True, slots=True)
class Voice:
    """The assistant and the names it was made of. Close the assistant when done."""

    assistant: Assistant
    skills: Sequence[Skill]
    sentences: Sentences


def open_engines(house: House, *, recognisers: int = 0) -> Engines:
    """Load the engines of the settings; takes some seconds, blocking. ``recognisers``: processes, 0 as set.

    Raises:
        EngineMissing: one of them is not installed.
    """
    settings = house.settings
    voice = speaking.open_voice(settings.voice, house.data, apologies=(APOLOGY,))
    learned = in_use(house)
    workers = recognisers or settings.recognisers or RECOGNISERS
    pool = open_pool(settings.recogniser, house.data, workers=workers, acoustics=learned.acoustics)
    pool.start()
    return Engines(
        wake=MicroWakeDetector.shipped(*SHIPPED),
        verifier=FirstThatKnows([learned_verifier(learned), PhoneVerifier(SPOKEN)]),
        voices=VoicePool(),
        recogniser=pool,
        voice=voice,
        closing=(pool.close, voice.close),
    )


def open_voice(house: House, skills: Sequence[Skill], engines: Engines, *, free: Sequence[Skill] = ()) -> Voice:
    """Put the assistant together with these skills."""
    sentences = load(sentence_folders(house))
    dialog = Dialog(skills, of(sentences, in_use(house).understanding), house.clock, free)
    shared = Shared(
        engines=engines,
        answering=Answering(engines, dialog, keeping(house), house.clock),
        vocabulary=Vocabulary(
            sentences,
            skills,
            house.clock,
            engines.working,
            engines.recogniser.prepare,
            lambda household: house.learning.in_use(household).taught,
        ),
        arbiter=Arbiter(),
        where_is=where_is(house),
        clock=house.clock,
        counts=Counts(),
    )
    return Voice(Assistant(shared), skills, sentences)


def in_use(house: House) -> InUse:
    """What was learned and is used by every household here; a household's own layer too where it is the only one."""
    homes = [each.id for each in house.directory.households.list() if each.kind is not HouseholdKind.CANARY]
    return house.learning.in_use(homes[0] if len(homes) == 1 else None)


def learned_verifier(learned: InUse) -> LearnedVerifier:
    """The verifier with the network that was learned, where there is one."""
    return LearnedVerifier.shipped() if learned.verifier is None else LearnedVerifier.with_file(WORD, learned.verifier)


def sentence_folders(house: House) -> list[Path]:
    """The household's own folder of sentence files, where there is one."""
    folder = house.data / "sentences"
    return [folder] if folder.is_dir() else []


def where_is(house: House) -> Callable[[str], Here]:
    """Say of a device where it is and whose its recordings are, as it stands now."""

    def find(device: str) -> Here:
        found = house.directory.devices.get(device)
        with house.database.read() as tx:
            decision = may_keep(tx, device, None)
        return Here(
            device=device,
            household=found.household,
            subject=decision.subject if decision.keep else None,
            person=found.person,
            label=found.label or "",
            area=house.directory.device_facts.chosen(device).area or found.label,
            zone=time_zone(house),
        )

    return find


def keeping(house: House) -> Callable[[Finished], str | None]:
    """Keep a finished turn in the vault, and what it caused beside it."""

    def keep(turn: Finished) -> str | None:
        actor = Actor(turn.here.device, Role.PROGRAM, HouseholdId(turn.here.household))
        texts = {TRANSCRIPT: turn.transcript.encode(), REPLY: turn.reply.encode(), TRACE: turn.trace}
        incoming = Incoming(
            Clip(turn.pcm),
            turn.started_at,
            actor,
            device=turn.here.device,
            artefacts={kind: text for kind, text in texts.items() if text},
        )
        try:
            kept = house.intake.keep(incoming)
        except ConsentMissing:
            return None
        if (sure := sureness(turn.trace)) is not None:
            house.review.note_unsure(kept.recording, sure)
        if turn.caused:
            now = house.clock.now_ms()
            with house.database.write() as tx:
                for each in turn.caused:
                    effect = Effect("", kept.recording, kept.subject, each.kind, now, each.what, each.undo)
                    house.effects.record(tx, effect)
        return kept.recording

    return keep


def time_zone(house: House) -> tzinfo:
    """The zone of the installation: the setting, or the machine's."""
    if house.settings.time_zone:
        return ZoneInfo(house.settings.time_zone)
    return datetime.now(UTC).astimezone().tzinfo or UTC
