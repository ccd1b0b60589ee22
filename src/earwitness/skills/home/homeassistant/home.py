"""Home Assistant as a :class:`~..port.HomeControl`: states and services over REST, names and rooms over WebSocket.

After https://developers.home-assistant.io/docs/api/rest. Entities that its owner has hidden, and settings
and diagnostics of devices, are left out: nobody speaks of them.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx

from earwitness.kernel.clock import MINUTE, Clock, SystemClock
from earwitness.kernel.errors import DeviceCannot, DeviceSilent, HomeUnreachable
from earwitness.skills.home.expected import Expected
from earwitness.skills.home.homeassistant.registry import NEW_TOKEN, TOKEN_REFUSED, Registry, fetch
from earwitness.skills.home.model import Call, Entity, Home

TIMEOUT_S = 10.0
PATIENCE_MS = 3_000
"""How long a device may take to report what it was told, ms."""
LOOKS_EVERY_S = 0.1
REGISTRY_AGE = 5 * MINUTE
"""How old names and rooms may be, ms."""
_REFUSED = {401, 403}
_NO_SUCH = {400, 404}
_SERVER_ERROR = 500


class HomeAssistant:
    """A Home Assistant server.

    ``token`` is a long-lived access token. ``patience_ms``: how long to wait for a device to report.
    """

    def __init__(self, address: str, token: str, *, clock: Clock | None = None, patience_ms: int = PATIENCE_MS) -> None:
        """Talk to the server at this address; nothing is sent yet."""
        self._address = address.rstrip("/")
        self._token = token
        self._clock = clock or SystemClock()
        self._patience_ms = patience_ms
        self._client = httpx.AsyncClient(
            base_url=self._address, headers={"Authorization": f"Bearer {token}"}, timeout=TIMEOUT_S, trust_env=False
        )
        self._registry: Registry | None = None
        self._registry_at = 0

    async def read(self) -> Home:
        """Return the present home."""
        registry = await self._known()
        rows = await self._get("/api/states")
        entities = tuple(_entity(row, registry) for row in rows if _spoken_of(row, registry))
        return Home(registry.floors, registry.areas, await self._with_items(entities))

    async def call(self, call: Call) -> None:
        """Call a service and wait until the devices report what it does."""
        expected = Expected.of(call, await self.read())
        await self._post(call.service, {**call.data, "entity_id": list(call.entities)})
        silent = await self._wait(expected)
        if silent:
            raise DeviceSilent(f"{len(silent)} device(s) did not answer.", entities=silent)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _wait(self, expected: Expected) -> tuple[str, ...]:
        until = self._clock.running_ms() + self._patience_ms
        while True:
            home = Home(entities=tuple([_entity(row, Registry()) for row in await self._get("/api/states")]))
            if not expected.pending(home) or self._clock.running_ms() >= until:
                return expected.missing(home)
            await asyncio.sleep(LOOKS_EVERY_S)

    async def _known(self) -> Registry:
        now = self._clock.running_ms()
        if self._registry is None or now - self._registry_at > REGISTRY_AGE:
            self._registry = await fetch(self._address, self._token, TIMEOUT_S)
            self._registry_at = now
        return self._registry

    async def _with_items(self, entities: tuple[Entity, ...]) -> tuple[Entity, ...]:
        """Lists keep their items behind a service of their own."""
        lists = [each.id for each in entities if each.domain == "todo" and each.answers]
        if not lists:
            return entities
        found = await self._post("todo.get_items", {"entity_id": lists}, respond=True)
        items = found.get("service_response", {}) if isinstance(found, Mapping) else {}
        return tuple(
            Entity(
                each.id,
                each.name,
                each.area,
                each.aliases,
                each.state,
                {**each.attributes, "items": _items(items[each.id])},
            )
            if each.id in items
            else each
            for each in entities
        )

    async def _get(self, path: str) -> list[Mapping[str, Any]]:
        response = await self._send(self._client.build_request("GET", path))
        found = _json(response)
        if not isinstance(found, list):
            raise HomeUnreachable("What answers there is not Home Assistant.", next_step="Check its address.")
        return [row for row in found if isinstance(row, Mapping) and "entity_id" in row]

    async def _post(self, service: str, data: Mapping[str, Any], *, respond: bool = False) -> Any:
        domain, _, name = service.partition(".")
        path = f"/api/services/{domain}/{name}" + ("?return_response" if respond else "")
        response = await self._send(self._client.build_request("POST", path, json=dict(data)))
        if response.status_code in _NO_SUCH:
            raise DeviceCannot(f"Home Assistant has no {service} for that.")
        if response.status_code >= _SERVER_ERROR:
            raise DeviceSilent("Home Assistant could not reach the device.", entities=tuple(data.get("entity_id", ())))
        return _json(response)

    async def _send(self, request: httpx.Request) -> httpx.Response:
        try:
            response = await self._client.send(request)
        except httpx.HTTPError as error:
            raise HomeUnreachable("Home Assistant does not answer.", next_step="Check its address.") from error
        if response.status_code in _REFUSED:
            raise HomeUnreachable(TOKEN_REFUSED, next_step=NEW_TOKEN)
        return response


def _json(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError as error:
        raise HomeUnreachable("What answers there is not Home Assistant.", next_step="Check its address.") from error


def _spoken_of(row: Mapping[str, Any], registry: Registry) -> bool:
    known = registry.entities.get(row["entity_id"])
    return known is None or not known.hidden


def _entity(row: Mapping[str, Any], registry: Registry) -> Entity:
    entity_id = str(row["entity_id"])
    attributes = {key: value for key, value in (row.get("attributes") or {}).items() if value is not None}
    friendly = attributes.pop("friendly_name", None)
    known = registry.entities.get(entity_id)
    return Entity(
        entity_id,
        str((known and known.name) or friendly or entity_id.partition(".")[2].replace("_", " ").title()),
        known.area if known else None,
        known.aliases if known else (),
        str(row.get("state")),
        attributes,
    )


def _items(found: object) -> list[dict[str, str]]:
    rows = found.get("items", []) if isinstance(found, Mapping) else []
    return [{"summary": str(row.get("summary")), "status": str(row.get("status", "needs_action"))} for row in rows]
