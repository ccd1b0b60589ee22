"""Two reviewers who are scripts: they sign in at the real workbench and answer over HTTP what the labels say.

They get what a person gets, and nothing else, but for one thing: which recording a clip is, and so which label
belongs to it, is told them by the demonstration. A stated share of their answers is wrong, and a share is skipped.
"""

import random
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
import pyotp
from sqlalchemy import select

from earwitness.bootstrap import House
from earwitness.demo.thread.speakers import Row
from earwitness.demo.thread.wording import Listener, slots_of
from earwitness.kernel.actors import Role
from earwitness.kernel.clock import SECOND
from earwitness.kernel.errors import EngineFailed
from earwitness.policy.purposes import Purpose
from earwitness.storage.schema.review import review_clip
from earwitness.web.sign_in.codes import LEEWAY, STEP_MS, Codes
from earwitness.web.sign_in.passwords import Passwords

MISTAKES: Final = 0.05
SKIPPED: Final = 0.03
WAITING: Final = ("drawn", "copying")
OK: Final = 200
AWAY: Final = 503
AWAY_SECONDS: Final = 90.0
AGAIN_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Staff:
    """A member of staff with all that it takes to sign in."""

    id: str
    name: str
    password: str = field(repr=False)
    secret: str = field(repr=False)


def hire(house: House, role: Role, name: str) -> Staff:
    """Register somebody who does not exist, with an account, a password and one-time codes."""
    member = house.directory.staff.register(role, "demonstration (synthetic)", "XX")
    password, codes = secrets.token_hex(16), Codes(house.database, house.keyring, house.clock)
    account, link = house.accounts.add(name, staff_id=member.id)
    house.accounts.use_link(link, Passwords().hash(password))
    secret = codes.new_secret()
    first = house.clock.now_ms() // STEP_MS - LEEWAY  # each code is taken once: the present one is left for signing in
    codes.enrol(house.accounts.get(account.id), secret, pyotp.HOTP(secret).at(first))
    return Staff(member.id, name, password, secret)


@dataclass(slots=True)
class Reviewed:
    """What two reviewers did."""

    annotated: int = 0
    mistakes: int = 0
    skipped: int = 0
    next_ms: list[float] = field(default_factory=list)


class Reviewer:
    """One reviewer at the workbench."""

    def __init__(self, staff: Staff, workbench: Callable[[], str]) -> None:
        """Sign in with :meth:`sign_in` before anything else; ``workbench`` says where it is now."""
        self._staff = staff
        self._workbench = workbench
        self._web = httpx.Client(timeout=30, trust_env=False)

    def sign_in(self) -> None:
        """Sign in with password and one-time code.

        Raises:
            EngineFailed: the workbench does not let them in.
        """
        code = pyotp.TOTP(self._staff.secret).at(int(time.time()))
        given = {"name": self._staff.name, "password": self._staff.password, "code": code}
        self.post("sign-in", given | {"purpose": str(Purpose.REVIEW)})

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Send something.

        Raises:
            EngineFailed: the workbench refuses.
        """
        found: dict[str, Any] = self._ask("POST", path, json=dict(body or {})).json()
        return found

    def get(self, path: str) -> httpx.Response:
        """Fetch something.

        Raises:
            EngineFailed: the workbench refuses.
        """
        return self._ask("GET", path)

    def _ask(self, method: str, path: str, **content: Any) -> httpx.Response:
        """Ask, and again for a while where the workbench or the hub behind it is away."""
        until = time.monotonic() + AWAY_SECONDS
        while True:
            with suppress(httpx.TransportError):
                answer = self._request(method, path, **content)
                if answer.status_code == OK:
                    return answer
                if answer.status_code != AWAY:
                    raise EngineFailed(f"The workbench answered with status {answer.status_code}.")
            if time.monotonic() > until:
                raise EngineFailed("The workbench is away.", next_step="Read hub.log.")
            time.sleep(AGAIN_SECONDS)

    def _request(self, method: str, path: str, **content: Any) -> httpx.Response:
        url = self._workbench()
        return self._web.request(method, f"{url}/api/{path}", headers={"X-Workbench": "1", "Origin": url}, **content)

    def close(self) -> None:
        """Leave."""
        self._web.close()


@dataclass(slots=True)
class Session:
    """Both reviewers at work, until there is nothing for either."""

    house: House
    listener: Listener
    said: Mapping[str, Row]
    """the label of each recording"""
    texts: Mapping[str, str] = field(default_factory=dict)
    """what the machine took each recording for"""
    quietly: Callable[[str], None] = lambda _: None
    """is told each thing that one of them does"""
    done: Reviewed = field(default_factory=Reviewed)
    _chance: random.Random = field(default_factory=lambda: random.Random(4))  # noqa: S311 - no secret: a script's mistakes

    def work(self, reviewers: list[Reviewer]) -> Reviewed:
        """Let them answer in turn.

        Raises:
            EngineFailed: the workbench refuses one of them.
        """
        while sum([self._one(each) for each in reviewers]):
            self.quietly("reviewed")
        return self.done

    def _one(self, reviewer: Reviewer) -> bool:
        begun = time.monotonic()
        given = reviewer.post("next")["clips"]
        if not given:
            return False
        self.quietly("leased")
        clip = str(given[0]["clip"])
        shown = reviewer.get(f"clips/{clip}").json()
        self.done.next_ms.append(1000 * (time.monotonic() - begun))
        reviewer.get(f"clips/{clip}/sound")
        self.quietly("heard")
        if self._chance.random() < SKIPPED:
            reviewer.post(f"clips/{clip}/skip")
            self.done.skipped += 1
            return True
        reviewer.post(f"clips/{clip}/answer", self._account(clip, list(shown["heard"])))
        self.done.annotated += 1
        return True

    def _account(self, clip: str, heard: list[str]) -> dict[str, Any]:
        """What somebody who listens well says of a clip; now and then the contrary."""
        row, text = self._label(clip)
        right = self.listener.right(row, text)
        if self._chance.random() < MISTAKES:
            self.done.mistakes += 1
            right = not right
        account: dict[str, Any] = {"wake": "yes", "spent_ms": 1_000, "intent_right": right}
        if "intent" in row:
            account |= {"intent": row["intent"], "slots": slots_of(row)}
        if right:
            return account | {"route": "verify", "words": " ".join(heard)}
        return account | {"route": "type", "words": self.listener.words(row) or _instead(heard, row)}

    def _label(self, clip: str) -> tuple[Row, str]:
        with self.house.database.read() as tx:
            recording = str(tx.scalar(select(review_clip.c.recording_id).where(review_clip.c.id == clip)))
        return self.said[recording], self.texts[recording]


def _instead(heard: list[str], row: Row) -> str:
    """What was heard, with the values that are missing in it put behind."""
    text = " ".join(heard)
    return " ".join([text, *(value for value in slots_of(row).values() if value not in text)])


def wait_for_copies(house: House, draw: str, until: float, quietly: Callable[[str], None]) -> dict[str, int]:
    """Wait until the deidentifier is through with a draw; return the clips by what became of them.

    ``quietly`` is told "copied" of each that it is through with.

    Raises:
        EngineFailed: it takes longer than ``until`` (running clock, s).
    """
    query, told = select(review_clip.c.state).where(review_clip.c.draw_id == draw), 0
    while True:
        with house.database.read() as tx:
            states = list(tx.scalars(query))
        for _ in range(told, through := sum(each not in WAITING for each in states)):
            quietly("copied")
        told = through
        if not any(each in WAITING for each in states):
            return {each: states.count(each) for each in sorted(set(states))}
        if time.monotonic() > until:
            raise EngineFailed("The deidentifier is not through with the draw.", next_step="Read hub.log.")
        time.sleep(0.5)


def seconds_to_next_code() -> float:
    """How long until there is a code that was not taken yet."""
    return STEP_MS / SECOND - time.time() % (STEP_MS / SECOND)
