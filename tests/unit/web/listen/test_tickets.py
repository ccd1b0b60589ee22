"""The ticket of a browser: taken once, soon, by its own device, and for as long as its session stands."""

import pytest
from fastapi import FastAPI

from earwitness.bootstrap.doors import HouseDoorkeeper
from earwitness.identity.device_rows import DeviceMode
from earwitness.identity.people import Age
from earwitness.kernel.errors import AccessDenied, NotFound
from earwitness.protocol.device.messages import Hello
from earwitness.testing.browsing import PASSWORD
from earwitness.testing.canary import canary
from earwitness.testing.homes import Adult
from earwitness.testing.house import Family
from earwitness.testing.surfing import Surfer
from earwitness.web.front import Front
from earwitness.web.listen.tickets import TO_BE_USED_WITHIN
from earwitness.web.sign_in.doors import Resident, Visitor
from earwitness.web.sign_in.sessions import Stage


@pytest.fixture
def ada(small_family: Family, front: Front) -> Resident:
    account = front.rooms.accounts.of(person_id=small_family.ada.id)
    token = front.doors.sessions.begin(account.id, "a browser", stage=Stage.FULL)
    person = front.rooms.directory.people.get(small_family.ada.id)
    session = front.doors.sessions.find(token)
    return Resident(Visitor(session, account, person.actor(None), person, None, "form"), person)


def test_it_is_taken_once(ada: Resident, small_family: Family, front: Front) -> None:
    ticket = front.tickets.issue(ada, small_family.ada.device)
    assert front.tickets.redeem(ticket) == small_family.ada.device
    assert front.tickets.is_welcome(ticket, small_family.ada.device)
    assert not front.tickets.is_welcome(ticket, small_family.ben.device)
    with pytest.raises(AccessDenied):
        front.tickets.redeem(ticket)


def test_it_is_taken_soon_or_not_at_all(ada: Resident, small_family: Family, front: Front) -> None:
    in_time = front.tickets.issue(ada, small_family.ada.device)
    small_family.clock.advance(TO_BE_USED_WITHIN)
    assert front.tickets.redeem(in_time)
    late = front.tickets.issue(ada, small_family.ada.device)
    small_family.clock.advance(TO_BE_USED_WITHIN + 1)
    with pytest.raises(AccessDenied):
        front.tickets.redeem(late)


def test_the_one_before_is_void(ada: Resident, small_family: Family, front: Front) -> None:
    before = front.tickets.issue(ada, small_family.ada.device)
    after = front.tickets.issue(ada, small_family.ada.device)
    with pytest.raises(AccessDenied):
        front.tickets.redeem(before)
    assert front.tickets.redeem(after)


def test_nobody_gets_one_for_what_is_not_theirs(ada: Resident, small_family: Family, front: Front) -> None:
    for device in (small_family.ben.device, small_family.shared_device(), "dev_none"):
        with pytest.raises(NotFound):
            front.tickets.issue(ada, device)


@pytest.mark.parametrize("end", ["session", "device", "mode", "account"])
def test_a_connection_ends_with_what_it_stands_on(end: str, ada: Resident, small_family: Family, front: Front) -> None:
    device = small_family.ada.device
    ticket, waiting = front.tickets.issue(ada, device), ""
    front.tickets.redeem(ticket)
    waiting = front.tickets.issue(ada, device)
    match end:
        case "session":
            front.doors.sessions.end(ada.visitor.account.id, ada.visitor.session.id)
        case "device":
            front.rooms.directory.devices.remove(device)
        case "mode":
            front.rooms.directory.devices.change_mode(device, DeviceMode.GUEST)
        case _:
            front.rooms.accounts.remove(ada.visitor.account.id)
    assert not front.tickets.is_welcome(ticket, device)
    with pytest.raises(AccessDenied):
        front.tickets.redeem(waiting)


def test_the_door_takes_tickets_and_pairing_tokens_and_nothing_else(
    ada: Resident, small_family: Family, front: Front
) -> None:
    door = HouseDoorkeeper(small_family.house, front.tickets)
    ticket = front.tickets.issue(ada, small_family.ada.device)
    paired = front.rooms.directory.pairings.pair(small_family.ben.device)
    for token, device in ((ticket, small_family.ada.device), (paired, small_family.ben.device)):
        assert door.admit(hello(token)).device == device
        assert door.is_welcome(token, device)
    for token in (ticket, "ewt1_", "ewt1_" + "a" * 43, "ewd1_" + "a" * 52, "x"):
        with pytest.raises(AccessDenied):
            door.admit(hello(token))


def hello(token: str) -> Hello:
    return Hello((1,), token, "button", "earwitness page", "1", muted=False)


# --- the page -------------------------------------------------------------------------------------


def test_a_browser_becomes_a_device_that_is_confirmed(app: FastAPI, front: Front, small_family: Family) -> None:
    surfer = Surfer(app)
    surfer.sign_in("ada")
    page = surfer.get("/listen")
    assert "microphone=(self)" in page.headers["permissions-policy"]
    assert "microphone=()" in surfer.get("/history").headers["permissions-policy"]
    made = surfer.post("/listen/device", {"label": canary("desk")})
    assert made.status_code == 303
    assert "HttpOnly" in made.headers["set-cookie"]
    found = front.rooms.directory.devices.find(small_family.household, canary("desk"))
    assert (found.person, found.mode, found.confirmed_at is None) == (small_family.ada.id, "personal", False)
    assert 'src="/assets/listen.js"' in surfer.get("/listen").text


def test_only_ones_own_devices_without_a_satellite_can_be_chosen(
    app: FastAPI, front: Front, small_family: Family, neighbour: Adult
) -> None:
    surfer = Surfer(app)
    surfer.sign_in("ada")
    surfer.get("/listen")
    for device in (small_family.ben.device, neighbour.device, small_family.shared_device()):
        assert surfer.post("/listen/device", {"device": device}).status_code == 404
    assert surfer.post("/listen/device", {"device": small_family.ada.device}).status_code == 303
    assert 'src="/assets/listen.js"' in surfer.get("/listen").text
    front.rooms.directory.pairings.pair(small_family.ada.device)
    assert 'src="/assets/listen.js"' not in surfer.get("/listen").text


def test_somebody_elses_cookie_makes_nobody_a_device(app: FastAPI, small_family: Family) -> None:
    first = Surfer(app)
    first.sign_in("ada")
    first.get("/listen")
    first.post("/listen/device", {"device": small_family.ada.device})
    first.post("/sign-out")
    first.sign_in("ben")
    assert 'src="/assets/listen.js"' not in first.get("/listen").text
    assert first.post("/listen/ticket").status_code == 404


def test_without_a_voice_no_ticket_is_given(app: FastAPI, small_family: Family) -> None:
    surfer = Surfer(app)
    surfer.sign_in("ada")
    surfer.get("/listen")
    surfer.post("/listen/device", {"device": small_family.ada.device})
    assert surfer.post("/listen/ticket").status_code == 503
    app.state.voice = object()
    assert surfer.post("/listen/ticket").json()["ticket"].startswith("ewt1_")


def test_nobody_makes_devices_without_end(app: FastAPI) -> None:
    surfer = Surfer(app)
    surfer.sign_in("ada")
    surfer.get("/listen")
    made = [surfer.post("/listen/device", {"label": canary("desk")}).status_code for _ in range(13)]
    assert made[0] == 303
    assert made[-1] == 400


def test_a_child_is_told_that_this_is_for_adults(app: FastAPI, front: Front, small_family: Family) -> None:
    child = front.rooms.directory.people.add(small_family.household, canary("child"), age=Age.CHILD)
    _, link = front.rooms.accounts.add("kid", person_id=child.id)
    front.rooms.accounts.use_link(link, front.passwords.hash(PASSWORD))
    surfer = Surfer(app)
    assert surfer.sign_in("kid").status_code == 303
    page = surfer.get("/listen")
    assert "is for adults" in page.text
    assert "listen.js" not in page.text
    assert surfer.post("/listen/device", {"label": canary("desk")}).status_code == 403
    assert surfer.post("/listen/ticket").status_code == 403
