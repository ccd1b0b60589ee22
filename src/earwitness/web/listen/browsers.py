"""Which device a browser is: an id in a cookie. The id is no secret; whose device it is, is asked at each request."""

from collections.abc import Sequence

from fastapi import Request, Response

from earwitness.identity.device_rows import DeviceMode
from earwitness.identity.devices import Device
from earwitness.kernel.errors import BadInput, NotFound
from earwitness.web.rooms import Rooms
from earwitness.web.sign_in.doors import Place, Resident

PATH = "/listen"
YEAR = 365 * 24 * 3600
MOST = 12


def choosable(rooms: Rooms, resident: Resident) -> Sequence[Device]:
    """Return the devices that a browser of theirs can be: personal to them, and no satellite has been paired as it."""
    directory, person = rooms.directory, resident.person
    own = [each for each in directory.devices.list(person.household) if each.person == person.id]
    return [each for each in own if each.mode is DeviceMode.PERSONAL and directory.pairings.paired_at(each.id) is None]


def device_of(rooms: Rooms, resident: Resident, request: Request) -> Device | None:
    """Return which device of theirs this browser is; None if it is none."""
    named = request.cookies.get(_cookie(request), "")
    return next((each for each in choosable(rooms, resident) if each.id == named), None)


def become(rooms: Rooms, resident: Resident, device: str) -> Device:
    """Choose one of their devices, which they confirm by it.

    Raises:
        NotFound: it is not one that a browser of theirs can be.
    """
    found = next((each for each in choosable(rooms, resident) if each.id == device), None)
    if found is None:
        raise NotFound("There is no such device.")
    rooms.directory.agreements.confirm(resident.actor, found.id)
    return found


def make(rooms: Rooms, resident: Resident, label: str) -> Device:
    """Make a device that is personal to them, and confirmed.

    Raises:
        BadInput: the label is no good, or they have too many already.
    """
    if len(choosable(rooms, resident)) >= MOST:
        raise BadInput(f"You have {MOST} of these already.", next_step="Choose one of them.")
    made = rooms.directory.devices.add(resident.person.household, label, DeviceMode.PERSONAL, resident.person.id)
    return become(rooms, resident, made.id)


def remember(request: Request, response: Response, device: Device) -> None:
    """Let the browser remember which device it is."""
    secure = Place.of(request).scheme == "https"
    response.set_cookie(
        _cookie(request), device.id, max_age=YEAR, path=PATH, secure=secure, httponly=True, samesite="strict"
    )


def _cookie(request: Request) -> str:
    """Cookies do not know ports, and two hubs may run on one machine."""
    return f"earwitness_device_{Place.of(request).port}"
