"""P6: a reviewer cannot learn who you are.

Tried: an adult with a contact and a place that nobody else has says a sentence with both and a telephone number. It is
drawn and copied. Then, over HTTP, through the workbench's own application, somebody made up signs in, fetches, hears
and answers it: in all bytes they were sent there is no name, number, place, device, account, id of a person, household
or recording, and nothing of another reviewer. In the sound there is a tone where a detail was said, and elsewhere the
voice is another. A second clip of the same person is not given to them, but to somebody else it is.
"""

import asyncio
import secrets
from dataclasses import dataclass, field
from typing import Any

import httpx
import numpy as np
import pyotp
from fastapi import FastAPI
from numpy.typing import NDArray
from sqlalchemy import select

from earwitness.kernel.actors import Actor, Role
from earwitness.kernel.audio import SAMPLE_RATE, decode_clip
from earwitness.policy.purposes import Purpose
from earwitness.promises.canary import Canary
from earwitness.promises.checks import require
from earwitness.promises.reviewing import Trial, trying
from earwitness.review.deidentify.sound import TONE_HZ
from earwitness.storage.schema import contact, device, person, place, recording, staff
from earwitness.storage.schema.accounts import account
from earwitness.vault.kinds import REVIEW_COPY
from earwitness.web.sign_in.codes import Codes
from earwitness.web.sign_in.passwords import Passwords
from earwitness.web.sign_in.sessions import Sessions
from earwitness.web.sign_in.tries import Tries
from earwitness.web.workbench.app import create_workbench
from earwitness.web.workbench.desk_app import create_desk_app
from earwitness.web.workbench.desk_client import DeskClient
from earwitness.web.workbench.door import StaffDoor

NAMES = ("marguerite", "leopold", "wilhelmina", "bartholomew", "cordelia", "thaddeus")
PLACES = ("greenwich", "lancaster", "brighton", "sheffield", "aberdeen", "cambridge")
DIGITS = "five five five oh one seven two"
ADDRESS = "http://localhost:8712"
FRAME = SAMPLE_RATE // 50
LEAST_TONE = 0.2  # seconds
ALIKE = 0.9


@dataclass(slots=True)
class _Secrets:
    """What must not come out; ``sentence`` has all of it in it."""

    name: str = field(default_factory=lambda: secrets.choice(NAMES))
    place: str = field(default_factory=lambda: secrets.choice(PLACES))

    @property
    def sentence(self) -> str:
        return (
            f"please call {self.name} at {DIGITS} and tell them that i am going to drive to {self.place} "
            "and that the lamp next to the window is still on"
        )


def attempt(canary: Canary) -> str:
    """Try it; see the module."""
    hidden = _Secrets()
    anna, house = canary.anna, canary.house
    house.directory.contacts.add(anna.id, hidden.name.title())
    house.directory.places.add(canary.household, hidden.place.title())
    with trying(canary) as trial:
        trial.answer(anna, yes=True)
        recording, draw = trial.ready(anna, hidden.sentence)
        colleague = trial.reviewer()
        traffic = asyncio.run(_review(trial, draw))
        _says_nothing(trial, traffic, hidden, colleague)
        _sounds_otherwise(trial, recording)
        _met_once(trial)
    return (
        f"{len(traffic)} bytes of a reviewer's traffic held no name, number, place or id; in the sound the details "
        "were a tone and the voice another; a second clip of the same person went to somebody else only"
    )


async def _review(trial: Trial, draw: str) -> bytes:
    """Sign in at the workbench, hear and answer what there is; return every byte that was sent."""
    house = trial.house
    passwords = Passwords()
    codes = Codes(house.database, house.keyring, house.clock)
    member = house.directory.staff.register(Role.REVIEWER, "promise check", "XX")
    trial.reviewers.append(member.id)
    name, password = f"check {secrets.token_hex(8)}", secrets.token_hex(16)
    account, link = house.accounts.add(name, staff_id=member.id)
    try:
        house.accounts.use_link(link, passwords.hash(password))
        secret = codes.new_secret()
        now = house.clock.now_ms() // 1000
        codes.enrol(house.accounts.get(account.id), secret, pyotp.TOTP(secret).at(now - 30))
        given = {"name": name, "password": password, "code": pyotp.TOTP(secret).at(now), "purpose": "review"}
        return await _at_work(_workbench(trial, draw, passwords, codes), given)
    finally:
        house.accounts.remove(account.id)


def _workbench(trial: Trial, draw: str, passwords: Passwords, codes: Codes) -> FastAPI:
    house = trial.house
    sessions = Sessions(house.database, house.clock)
    tries = Tries(house.database, house.accounts.blinder, house.clock)
    door = StaffDoor(house.accounts, sessions, passwords, codes, tries, house.directory.staff, house.clock)
    desk = create_desk_app(trial.desk(draw), house.review.counting, door)
    return create_workbench(DeskClient(house.data, httpx.ASGITransport(desk)), clock=house.clock)


async def _at_work(app: FastAPI, given: dict[str, str]) -> bytes:
    traffic = bytearray()
    headers = {"X-Workbench": "1", "Origin": ADDRESS}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ADDRESS, headers=headers) as browser:

        async def ask(method: str, path: str, body: Any = None) -> httpx.Response:
            answer = await browser.request(method, path, json=body)
            require(
                answer.status_code == httpx.codes.OK, f"The workbench answered {answer.status_code} at {path[:12]}."
            )
            traffic.extend(repr(sorted(answer.headers.items())).encode() + answer.content)
            return answer

        await ask("GET", "/")
        await ask("POST", "/api/sign-in", given)
        clips = (await ask("POST", "/api/next", {})).json()["clips"]
        require(len(clips) == 1, "The one clip there is was not given.")
        clip = clips[0]["clip"]
        text = (await ask("GET", f"/api/clips/{clip}")).json()
        await ask("GET", f"/api/clips/{clip}/sound")
        answer = {"route": "verify", "words": " ".join(text["heard"]), "wake": "yes", "spent_ms": 9_000}
        await ask("POST", f"/api/clips/{clip}/answer", answer)
        await ask("POST", "/api/sign-out", {})
    return bytes(traffic)


def _says_nothing(trial: Trial, traffic: bytes, hidden: _Secrets, colleague: Actor) -> None:
    """Look for everything that must not be there; recordings of others could not have come in, for none was drawn."""
    heard = traffic.lower()
    for what, words in (("name", hidden.name), ("place", hidden.place), ("number", "five five"), ("number", DIGITS)):
        require(words.encode() not in heard, f"A {what} that was said reached the reviewer.")
    canary = trial.canary
    labels = ("canary one", "canary two", "canary one's device")
    require(not [each for each in labels if each.encode() in heard], "A name of the household reached the reviewer.")
    require(colleague.id.encode() not in heard, "Something about another reviewer reached the reviewer.")
    require(not [each for each in _ids(canary) if each.encode() in heard], "An id of somebody reached the reviewer.")


def _ids(canary: Canary) -> set[str]:
    """Every id about the household, and of everybody who works here or may sign in."""
    of_it = [(table.c.id, table.c.household_id) for table in (person, device, place, recording)]
    with canary.house.database.read() as tx:
        found = {each for name, home in of_it for each in tx.scalars(select(name).where(home == canary.household))}
        found |= set(tx.scalars(select(contact.c.id).where(contact.c.subject_id == canary.anna.id)))
        return found | set(tx.scalars(select(staff.c.id))) | set(tx.scalars(select(account.c.id))) | {canary.household}


def _sounds_otherwise(trial: Trial, recording: str) -> None:
    """Compare the copy with the original, as its person may."""
    anna, reading = trial.canary.anna, trial.house.reading
    original = _samples(reading.play(anna.actor, recording, Purpose.HISTORY).read())
    copy = _samples(reading.play(anna.actor, recording, Purpose.HISTORY, REVIEW_COPY).read())
    require(len(copy) == len(original), "The reviewer's copy has another length.")
    tone = _is_tone(copy)
    require(float(tone.sum()) * FRAME / SAMPLE_RATE > 3 * LEAST_TONE, "Where details were said there is no tone.")
    count = len(tone) * FRAME
    others = np.repeat(~tone, FRAME)
    likeness = float(np.corrcoef(original[:count][others], copy[:count][others])[0, 1])
    require(likeness < ALIKE, "The voice in the reviewer's copy was not changed.")


def _samples(wav: bytes) -> NDArray[np.float64]:
    return np.frombuffer(decode_clip(wav).pcm, "<i2").astype(np.float64)


def _is_tone(samples: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which stretches of 20 ms are the masking tone and nothing else."""
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME)
    time = np.arange(FRAME) / SAMPLE_RATE
    waves = np.stack([np.sin(2 * np.pi * TONE_HZ * time), np.cos(2 * np.pi * TONE_HZ * time)])
    inside = frames @ np.linalg.pinv(waves) @ waves
    energy = np.maximum((frames**2).sum(axis=1), 1.0)
    return np.asarray((energy > FRAME) & (((frames - inside) ** 2).sum(axis=1) / energy < 1e-2))  # noqa: PLR2004 - rounding


def _met_once(trial: Trial) -> None:
    anna = trial.canary.anna
    first, draw = trial.ready(anna)
    desk, reviewer, other = trial.desk(draw), trial.reviewer(), trial.reviewer()
    (lease,) = desk.next(reviewer)
    require(lease.clip == trial.clip_of(draw, first), "The clip that was given is not the one that was drawn.")
    desk.sound(reviewer, lease.clip)
    desk.skip(reviewer, lease.clip)
    second, later = trial.ready(anna)
    require(not trial.desk(later).next(reviewer), "A reviewer was given a second clip of the same person.")
    given = [each.clip for each in trial.desk(later).next(other)]
    require(given == [trial.clip_of(later, second)], "Somebody else was not given the clip either.")
