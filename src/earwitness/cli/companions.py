"""What runs beside the hub for review: the desk on its socket, and the two processes, deidentifier and workbench."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache

from earwitness.bootstrap import House
from earwitness.cli.supervision import children
from earwitness.understanding.sentences import load
from earwitness.web.front import Front
from earwitness.web.workbench.desk_app import create_desk_app
from earwitness.web.workbench.desk_socket import desk_socket, serving_desk
from earwitness.web.workbench.door import StaffDoor


@contextmanager
def companions(house: House, front: Front, *, port: int | None = None) -> Iterator[None]:
    """Serve the desk and keep both processes running while the ``with`` lasts.

    ``port`` is the workbench's: the usual one if None, any free one if 0.
    """
    with ExitStack() as held:
        held.enter_context(serving_review(house, front))
        data = ("--data", str(house.data.absolute()))
        wish = () if port is None else ("--port", str(port))
        held.enter_context(children(("deidentifier", *data), ("workbench", *data, *wish)))
        yield


@contextmanager
def serving_review(house: House, front: Front) -> Iterator[None]:
    """Serve the desk alone: what the workbench asks."""
    door = StaffDoor(
        front.rooms.accounts,
        front.doors.sessions,
        front.passwords,
        front.codes,
        front.tries,
        house.directory.staff,
        house.clock,
    )
    app = create_desk_app(house.review.desk, house.review.counting, door, intents)
    with serving_desk(app, desk_socket(house.data)):
        yield


@cache
def intents() -> tuple[str, ...]:
    """The names of everything that can be meant, for a reviewer to choose from; read when first asked for."""
    return tuple(sorted(load().intent_names()))
