"""A server that speaks Home Assistant's documented API, in front of a virtual home, for tests.

REST: ``/api/states``, ``/api/services/<domain>/<service>``. WebSocket: the sign-in and the lists of the
floor, area, device and entity registries. Status codes are those of the documentation.
"""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response, WebSocket
from fastapi.responses import JSONResponse

from earwitness.kernel.errors import DeviceCannot, DeviceSilent
from earwitness.skills.home.model import Call, Entity
from earwitness.skills.home.port import HomeControl

TOKEN = "a-long-lived-access-token"  # noqa: S105 - of a server for tests


class FakeHomeAssistant:
    """The server's application. ``deaf``: entities that take every command and do nothing."""

    def __init__(self, home: HomeControl, deaf: frozenset[str] = frozenset()) -> None:
        """Serve this home."""
        self.home = home
        self.deaf = deaf
        self.app = FastAPI()
        self.app.get("/api/states")(self.states)
        self.app.post("/api/services/{domain}/{service}")(self.service)
        self.app.websocket("/api/websocket")(self.registries)

    async def states(self, request: Request) -> Response:
        """``GET /api/states``."""
        if not _allowed(request):
            return Response("401: Unauthorized", 401)
        found = await self.home.read()
        return JSONResponse([_state(each) for each in found.entities])

    async def service(self, domain: str, service: str, request: Request) -> Response:
        """``POST /api/services/<domain>/<service>``."""
        if not _allowed(request):
            return Response("401: Unauthorized", 401)
        data = await request.json()
        ids = data.pop("entity_id", [])
        if f"{domain}.{service}" == "todo.get_items":
            return await self._items(ids)
        heard = tuple(each for each in ids if each not in self.deaf)
        try:
            await self.home.call(Call(f"{domain}.{service}", heard, data))
        except DeviceCannot:
            return JSONResponse({"message": "Service not found."}, 400)
        except DeviceSilent:
            return Response("500 Internal Server Error", 500)
        found = await self.home.read()
        return JSONResponse([_state(each) for each in found.entities if each.id in heard])

    async def _items(self, ids: list[str]) -> Response:
        found = await self.home.read()
        items = {each.id: {"items": each.attributes.get("items", [])} for each in found.entities if each.id in ids}
        return JSONResponse({"changed_states": [], "service_response": items})

    async def registries(self, channel: WebSocket) -> None:
        """``/api/websocket``."""
        await channel.accept()
        await channel.send_json({"type": "auth_required", "ha_version": "2026.11.0"})
        if (await channel.receive_json()).get("access_token") != TOKEN:
            await channel.send_json({"type": "auth_invalid", "message": "Invalid access token or password"})
            await channel.close()
            return
        await channel.send_json({"type": "auth_ok", "ha_version": "2026.11.0"})
        lists = await self._lists()
        async for asked in _commands(channel):
            known = asked["type"] in lists
            answer = {"result": lists[asked["type"]]} if known else {"error": {"code": "unknown_command"}}
            await channel.send_json({"id": asked["id"], "type": "result", "success": known, **answer})

    async def _lists(self) -> dict[str, list[dict[str, Any]]]:
        home = await self.home.read()
        return {
            "config/floor_registry/list": [
                {"floor_id": each.id, "name": each.name, "aliases": list(each.aliases), "level": each.level}
                for each in home.floors
            ],
            "config/area_registry/list": [
                {"area_id": each.id, "name": each.name, "floor_id": each.floor, "aliases": list(each.aliases)}
                for each in home.areas
            ],
            # half of the rooms stand with the device, half with the entity, as in a real home
            "config/device_registry/list": [
                {"id": f"device_{each.id}", "name": each.name, "area_id": each.area} for each in home.entities
            ],
            "config/entity_registry/list": [
                {
                    "entity_id": each.id,
                    "name": each.name if number % 2 else None,
                    "area_id": each.area if number % 2 else None,
                    "device_id": f"device_{each.id}",
                    "aliases": list(each.aliases),
                    "hidden_by": None,
                    "entity_category": None,
                }
                for number, each in enumerate(home.entities)
            ],
        }


async def _commands(channel: WebSocket) -> AsyncIterator[dict[str, Any]]:
    async for text in channel.iter_json():
        yield text


def _allowed(request: Request) -> bool:
    return request.headers.get("authorization") == f"Bearer {TOKEN}"


def _state(entity: Entity) -> dict[str, Any]:
    attributes = {key: value for key, value in entity.attributes.items() if key != "items"}
    return {
        "entity_id": entity.id,
        "state": entity.state,
        "attributes": {**attributes, "friendly_name": entity.name},
        "last_changed": "2026-11-21T10:00:00+00:00",
    }


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[str]:
    """Serve an application on a free loopback port for a while; gives its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", ws="websockets-sansio", lifespan="off"))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
        listener.close()
