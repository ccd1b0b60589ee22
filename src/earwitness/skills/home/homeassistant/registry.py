"""What only Home Assistant's WebSocket API tells: floors, areas, devices, and which entity is where and called what.

After https://developers.home-assistant.io/docs/api/websocket: the server says ``auth_required``, the
client sends its token, the server says ``auth_ok`` or ``auth_invalid``; then numbered commands and results.
"""

import asyncio
import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from earwitness.kernel.errors import HomeUnreachable
from earwitness.skills.home.model import Area, Floor

LARGEST_MESSAGE = 32 * 1024 * 1024
"""Bytes of the largest registry that is read."""
TOKEN_REFUSED = "Home Assistant refuses the access token."  # noqa: S105 - a sentence about one
NEW_TOKEN = "Make a new long-lived access token in your profile there."  # noqa: S105 - likewise

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Registered:
    """What the registry knows of an entity."""

    name: str | None = None
    area: str | None = None
    aliases: tuple[str, ...] = ()
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Registry:
    """Floors and areas, and entities by their id."""

    floors: tuple[Floor, ...] = ()
    areas: tuple[Area, ...] = ()
    entities: Mapping[str, Registered] = field(default_factory=dict)


async def fetch(base: str, token: str, timeout_s: float) -> Registry:
    """Fetch the registries.

    Raises:
        HomeUnreachable: nobody answers, or the token is refused.
    """
    address = httpx.URL(base).copy_with(scheme="wss" if base.startswith("https") else "ws").join("/api/websocket")
    try:
        async with asyncio.timeout(timeout_s), connect(str(address), max_size=LARGEST_MESSAGE) as socket:
            await _sign_in(socket, token)
            return await _registries(socket)
    except (OSError, TimeoutError, WebSocketException, ValueError, KeyError, TypeError, AttributeError) as error:
        raise HomeUnreachable(
            "Home Assistant's WebSocket API does not answer.", next_step="Check its address."
        ) from error


async def _sign_in(socket: ClientConnection, token: str) -> None:
    json.loads(await socket.recv())  # auth_required
    await socket.send(json.dumps({"type": "auth", "access_token": token}))
    if json.loads(await socket.recv()).get("type") != "auth_ok":
        raise HomeUnreachable(TOKEN_REFUSED, next_step=NEW_TOKEN)


async def _registries(socket: ClientConnection) -> Registry:
    numbers = itertools.count(1)

    async def ask(command: str) -> list[Row]:
        number = next(numbers)
        await socket.send(json.dumps({"id": number, "type": command}))
        while True:
            answer = json.loads(await socket.recv())
            if answer.get("id") == number and answer.get("type") == "result":
                return list(answer.get("result") or []) if answer.get("success") else []

    floors = await ask("config/floor_registry/list")
    areas = await ask("config/area_registry/list")
    devices = {row["id"]: row for row in await ask("config/device_registry/list")}
    entities = await ask("config/entity_registry/list")
    return Registry(
        tuple(Floor(row["floor_id"], row["name"], tuple(row.get("aliases") or ()), row.get("level")) for row in floors),
        tuple(Area(row["area_id"], row["name"], row.get("floor_id"), tuple(row.get("aliases") or ())) for row in areas),
        {row["entity_id"]: _registered(row, devices) for row in entities},
    )


def _registered(row: Row, devices: Mapping[str, Row]) -> Registered:
    device = devices.get(row.get("device_id") or "", {})
    return Registered(
        row.get("name"),
        row.get("area_id") or device.get("area_id"),
        tuple(each for each in row.get("aliases") or () if isinstance(each, str)),
        bool(row.get("hidden_by") or row.get("disabled_by") or row.get("entity_category")),
    )
