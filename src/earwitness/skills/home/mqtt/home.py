"""The devices of an MQTT broker as a :class:`~..port.HomeControl`.

Devices are found by what they announce; a command counts as done when the device reports it. How long
to wait for what a broker has kept is not guessed: a message to ourselves comes after all of it.
"""

import asyncio
import re
import secrets
import ssl
from collections.abc import Iterable
from contextlib import AsyncExitStack
from dataclasses import replace
from urllib.parse import unquote, urlsplit

import aiomqtt

from earwitness.kernel.errors import BadInput, DeviceCannot, DeviceSilent, HomeUnreachable
from earwitness.skills.home.expected import Expected
from earwitness.skills.home.model import Area, Call, Entity, Home
from earwitness.skills.home.mqtt.commands import messages
from earwitness.skills.home.mqtt.discovery import Announced, announced
from earwitness.skills.home.mqtt.states import entity_of

PREFIX = "homeassistant"
PATIENCE_S = 3.0
"""How long a device may take to report what it was told."""
TIMEOUT_S = 10.0
MOST_TOPICS = 20_000
LARGEST_PAYLOAD = 256 * 1024
_PORTS = {"mqtt": 1883, "mqtts": 8883}


class MqttHome:
    """A broker and the devices on it. Made by :meth:`connect`."""

    def __init__(self, client: aiomqtt.Client, stack: AsyncExitStack, prefix: str, patience_s: float) -> None:
        """Use a connected client; ``stack`` closes it."""
        self._client, self._stack = client, stack
        self._prefix, self._patience_s = prefix, patience_s
        self._own = f"earwitness/{secrets.token_hex(8)}"
        self._announced: dict[str, list[Announced]] = {}
        self._reports: dict[str, bytes] = {}
        self._subscribed: set[str] = set()
        self._changed = asyncio.Condition()
        self._echoed = 0
        self._listener: asyncio.Task[None] | None = None

    @classmethod
    async def connect(cls, address: str, *, prefix: str = PREFIX, patience_s: float = PATIENCE_S) -> "MqttHome":
        """Connect to ``mqtt://[name:password@]host[:port]`` and learn what is there.

        Raises:
            BadInput: that is no address.
            HomeUnreachable: no broker answers there, or it refuses us.
        """
        client = _client(address)
        stack = AsyncExitStack()
        try:
            await stack.enter_async_context(client)
            home = cls(client, stack, prefix, patience_s)
            await home._learn()
        except (aiomqtt.MqttError, OSError, TimeoutError) as error:
            await stack.aclose()
            raise HomeUnreachable(
                "The MQTT broker does not answer.", next_step="Check its address, name and password."
            ) from error
        return home

    async def read(self) -> Home:
        """Return what the devices last reported."""
        if self._listener is None or self._listener.done():
            raise HomeUnreachable("The connection to the MQTT broker is lost.", next_step="Check the broker.")
        await self._settle()
        devices = self._devices()
        areas = sorted({each.area for each in devices if each.area})
        ids = {area: re.sub(r"\W+", "_", area.lower()).strip("_") for area in areas}
        entities = (entity_of(each, self._reports) for each in devices)
        return Home(
            areas=tuple(Area(ids[area], area) for area in areas),
            entities=tuple(_in_area(entity, ids) for entity in entities),
        )

    async def call(self, call: Call) -> None:
        """Publish what the call means for each device and wait until they report it."""
        home = await self.read()
        expected = Expected.of(call, home)
        known = {each.id: each for each in self._devices()}
        service = call.service.partition(".")[2]
        out = []
        for entity_id in call.entities:
            device, entity = known.get(entity_id), home.entity(entity_id)
            if device is None or entity is None:
                raise DeviceCannot("There is no such device in the home.")
            out += messages(device, entity, service, call.data)
        await self._publish(out)
        silent = await self._wait(expected, known)
        if silent:
            raise DeviceSilent(f"{len(silent)} device(s) did not answer.", entities=silent)

    async def close(self) -> None:
        """Leave the broker."""
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.gather(self._listener, return_exceptions=True)
        await self._stack.aclose()

    # --- what comes in ---

    async def _learn(self) -> None:
        self._listener = asyncio.create_task(self._listen())
        await self._client.subscribe(self._own, qos=1)
        for levels in ("+/+", "+/+/+"):
            await self._client.subscribe(f"{self._prefix}/{levels}/config", qos=1)
        await self._settle()
        await self._settle()  # the first brought what is announced, this one what those topics hold

    async def _listen(self) -> None:
        async for message in self._client.messages:
            topic, payload = str(message.topic), message.payload
            if not isinstance(payload, bytes) or len(payload) > LARGEST_PAYLOAD:
                continue
            await self._take(topic, payload)
            async with self._changed:
                self._echoed += topic == self._own
                self._changed.notify_all()

    async def _take(self, topic: str, payload: bytes) -> None:
        if topic.startswith(f"{self._prefix}/") and topic.endswith("/config"):
            self._announced[topic] = announced(self._prefix, topic, payload) if payload else []
        elif topic in self._subscribed:
            self._reports[topic] = payload

    async def _settle(self) -> None:
        """Subscribe to what was announced since, and wait until all that the broker holds has come."""
        new = {topic for each in self._devices() for topic in each.topics()} - self._subscribed
        for topic in sorted(new)[: max(0, MOST_TOPICS - len(self._subscribed))]:
            if not set("+#") & set(topic):
                self._subscribed.add(topic)
                await self._client.subscribe(topic, qos=1)
        before = self._echoed
        try:
            await self._client.publish(self._own, b"", qos=1)
            async with asyncio.timeout(TIMEOUT_S), self._changed:
                await self._changed.wait_for(lambda: self._echoed > before)
        except (aiomqtt.MqttError, TimeoutError) as error:
            raise HomeUnreachable("The MQTT broker does not answer.", next_step="Check the broker.") from error

    def _devices(self) -> list[Announced]:
        found = {each.id: each for listed in self._announced.values() for each in listed}
        return list(found.values())

    # --- what goes out ---

    async def _publish(self, out: Iterable[tuple[str, str]]) -> None:
        try:
            for topic, payload in out:
                await self._client.publish(topic, payload, qos=1)
        except aiomqtt.MqttError as error:
            raise HomeUnreachable("The MQTT broker does not answer.", next_step="Check the broker.") from error

    async def _wait(self, expected: Expected, known: dict[str, Announced]) -> tuple[str, ...]:
        """Wait for reports; a device that has no topic to report on is believed."""
        reporting = {each.id for each in known.values() if any(True for _ in each.topics())}

        def now() -> Home:
            return Home(entities=tuple(entity_of(each, self._reports) for each in known.values()))

        try:
            async with asyncio.timeout(self._patience_s), self._changed:
                await self._changed.wait_for(lambda: not expected.pending(now()))
        except TimeoutError:
            return tuple(each for each in expected.missing(now()) if each in reporting)
        return ()


def _in_area(entity: Entity, ids: dict[str, str]) -> Entity:
    return replace(entity, area=ids.get(entity.area or ""))


def _client(address: str) -> aiomqtt.Client:
    parts = urlsplit(address)
    try:
        port = parts.port or _PORTS[parts.scheme]
    except (KeyError, ValueError) as error:
        raise BadInput(
            "That is no address of an MQTT broker.", next_step="Write mqtt://host or mqtts://host:8883."
        ) from error
    if not parts.hostname:
        raise BadInput("The address of the MQTT broker names no host.", next_step="Write mqtt://host:1883.")
    return aiomqtt.Client(
        parts.hostname,
        port,
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        tls_context=ssl.create_default_context() if parts.scheme == "mqtts" else None,
        timeout=TIMEOUT_S,
    )
