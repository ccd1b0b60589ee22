"""P1: nothing before the wake word is held outside memory, and a false wake is thrown away and only counted.

Tried, through the voice loop of this installation and a device of the canary household that may keep recordings:
ten minutes of talk without a wake word, with a mark in every few seconds of it; a device that claims a wake word
where none was; and a real one, with a mark in the half second before it. Then look for the marks in every file of
the data folder, of the temporary folder and of shared memory that was written meanwhile, count every row about
the household, and open what was kept after the real wake word.
"""

import asyncio
import os
import secrets
import tempfile
import time
from collections.abc import Iterator, Mapping
from itertools import cycle, islice
from pathlib import Path
from typing import Final

from sqlalchemy import func, select

from earwitness.assistant.assistant import Assistant
from earwitness.assistant.events import Event, Idle, Kept, Woken
from earwitness.assistant.playing import Player
from earwitness.bootstrap import House
from earwitness.bootstrap.listening import listening
from earwitness.kernel.audio import SAMPLE_RATE, SAMPLE_WIDTH
from earwitness.policy.purposes import Purpose
from earwitness.promises.canary import Canary
from earwitness.promises.checks import Broken, require
from earwitness.speech.verify.training.renderings import spoken
from earwitness.storage.schema import metadata

TALK: Final = (
    "The train to the coast leaves every hour, and the last one is often late.",
    "We could paint the fence on Sunday if the weather holds.",
    "My neighbour grows tomatoes, beans and far too many pumpkins.",
    "Did you see that the museum is open until nine on Thursdays?",
    "I put the letters under the blue bowl, next to the keys.",
)
MINUTES: Final = 10
VOICES: Final = ("en-us+m3", "en-us+f2", "en-gb+m1", "en-us", "en-gb+f3")
SECOND: Final = SAMPLE_RATE * SAMPLE_WIDTH
MARK_SIZE: Final = 64
LARGEST_SEARCHED: Final = 256 * 2**20


def attempt(canary: Canary) -> str:
    """Try it; see the module."""
    mark, begun = secrets.token_bytes(MARK_SIZE), time.time()
    counted = asyncio.run(_speak(canary, mark))
    _nowhere(canary.house, mark, begun)
    return (
        f"{MINUTES} minutes of talk, a claimed and a real wake word: of the first two nothing is held but counts "
        f"({counted} dropped), and what was kept of the third begins after the word"
    )


async def _speak(canary: Canary, mark: bytes) -> int:
    house = canary.house
    async with listening(house, recognisers=1) as loop:
        held = _held(canary)
        await _talk(loop.assistant, canary.anna.device, mark)
        require(_held(canary) == held, "Talk without a wake word left something behind.")
        await _claim(loop.assistant, canary.anna.device, mark)
        require(_held(canary) == held, "A wake word that was not verified left something behind.")
        kept = await _wake(loop.assistant, canary.anna.device, mark)
        wav = house.reading.play(canary.anna.actor, kept, Purpose.HISTORY).read()
        require(mark not in wav, "What was kept after a wake word begins before it.")
        return loop.assistant.counts.not_verified


async def _talk(assistant: Assistant, device: str, mark: bytes) -> None:
    woke: list[Event] = []

    async def hear(event: Event) -> None:
        woke.append(event)

    session = await assistant.open(device, hear, wakes_itself=False)
    pieces = [spoken(sentence, VOICES[0]) + mark + bytes(SECOND // 2) for sentence in TALK]
    sound = b"".join(islice(cycle(pieces), 12 * len(pieces)))
    for _ in range(MINUTES * 60 * SECOND // len(sound) + 1):
        for piece in _seconds(sound):
            await session.hear(piece)
    await session.caught_up()
    await session.close()
    require(not woke, "Talk without a wake word woke the assistant.")


async def _claim(assistant: Assistant, device: str, mark: bytes) -> None:
    """A device says that it heard the wake word, and sends something else."""
    before = assistant.counts.not_verified
    told: list[Event] = []

    async def hear(event: Event) -> None:
        told.append(event)

    session = await assistant.open(device, hear, wakes_itself=True)
    await session.woke("alexa", 0.99, SAMPLE_RATE)
    for piece in _seconds(mark + spoken(TALK[0], VOICES[1])[: 3 * SECOND]):
        await session.hear(piece)
        await session.caught_up()
        if any(isinstance(each, Idle) for each in told):
            break
    await session.close()
    require(assistant.counts.not_verified == before + 1, "A wake word that nobody spoke was taken for one.")


async def _wake(assistant: Assistant, device: str, mark: bytes) -> str:
    """Speak to it, with the mark in the half second before the wake word; return the recording."""
    for voice in VOICES:
        player = Player(assistant, device)
        word, question = spoken("Alexa,", voice), spoken("What time is it?", voice)
        played = await player.play(mark + bytes(SECOND // 4) + mark + word + question)
        await player.close()
        kept = played.last(Kept)
        if played.last(Woken) is not None and kept is not None:
            require(kept.recording is not None, "Nothing was kept of a device that may keep, so nothing was shown.")
            return str(kept.recording)
    raise Broken("No voice woke the assistant, so that nothing can be said of what it keeps.")


def _seconds(sound: bytes) -> Iterator[bytes]:
    return (sound[at : at + SECOND] for at in range(0, len(sound), SECOND))


def _held(canary: Canary) -> Mapping[str, int]:
    """Every row about the canary household; others may speak to this installation meanwhile."""
    who = {"subject_id": (canary.anna.id, canary.household), "household_id": (canary.household,),
           "person_id": (canary.anna.id,), "device_id": (canary.anna.device,)}  # fmt: skip
    with canary.house.database.read() as tx:
        return {
            f"{table.name}.{column.name}": tx.scalar(
                select(func.count()).select_from(table).where(column.in_(who[column.name]))
            )
            or 0
            for table in metadata.sorted_tables
            for column in table.columns
            if column.name in who
        }


def _nowhere(house: House, mark: bytes, since: float) -> None:
    for root in (house.data, Path(tempfile.gettempdir()), Path("/dev/shm")):  # noqa: S108 - searched, not written
        for folder, _, names in os.walk(root):  # passes over what vanishes under it, as temporary files do
            if any(_holds(Path(folder) / name, mark, since) for name in names):
                raise Broken(f"A file in {root} holds sound from before a wake word.")


def _holds(path: Path, mark: bytes, since: float) -> bool:
    try:
        known = path.lstat()
        recent = path.is_file() and not path.is_symlink() and known.st_mtime >= since - 1
        return recent and known.st_size <= LARGEST_SEARCHED and mark in path.read_bytes()
    except OSError:
        return False  # gone meanwhile, or somebody else's
