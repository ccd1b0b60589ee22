"""Logs of the hub, read back as objects (the settings of the run are put back afterwards), and signed-in pages."""

import io
import json
import logging
from collections.abc import Callable, Iterator

import pytest
import structlog
from fastapi import FastAPI

from earwitness.identity.people import Standing
from earwitness.testing.browsing import PASSWORD, cheap_passwords
from earwitness.testing.canary import canary
from earwitness.testing.homes import Adult, Home
from earwitness.testing.house import Family
from earwitness.testing.surfing import Surfer
from earwitness.web import logs
from earwitness.web.front import Front
from earwitness.web.hub import create_app

LogLines = Callable[[], list[dict[str, object]]]


@pytest.fixture
def log_lines() -> Iterator[LogLines]:
    root, ours = logging.getLogger(), logging.getLogger(logs.OURS)
    before = list(root.handlers), root.level, ours.level
    stream = io.StringIO()
    logs.configure(stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers, root.level, ours.level = before
    structlog.reset_defaults()


@pytest.fixture
def front(small_family: Family) -> Front:
    """The pages of a house with a family; Ada and Ben have accounts under these names."""
    front = Front.of(small_family.house, passwords=cheap_passwords())
    for name, adult in (("ada", small_family.ada), ("ben", small_family.ben)):
        give_account(front, name, adult.id)
    return front


@pytest.fixture
def app(front: Front) -> FastAPI:
    return create_app(front.rooms, clock=front.rooms.clock, front=front)  # type: ignore[arg-type] # it is a whole house


@pytest.fixture
def surfer(app: FastAPI) -> Surfer:
    """A browser in which nobody is signed in."""
    return Surfer(app)


@pytest.fixture
def ada(app: FastAPI) -> Surfer:
    """Ada's browser."""
    return signed_in(app, "ada")


@pytest.fixture
def neighbour(small_family: Family, front: Front) -> Adult:
    """An adult owner of another household in the same installation; the account is "noor"."""
    home = Home(small_family.house, small_family.house.directory.households.add(canary("next door")).id)
    adult = home.adult(canary("neighbour"), Standing.OWNER)
    give_account(front, "noor", adult.id)
    return adult


def give_account(front: Front, name: str, person: str) -> None:
    _, link = front.rooms.accounts.add(name, person_id=person)
    front.rooms.accounts.use_link(link, front.passwords.hash(PASSWORD))


def signed_in(app: FastAPI, name: str) -> Surfer:
    surfer = Surfer(app)
    assert surfer.sign_in(name).status_code == 303
    return surfer
