"""A real MQTT broker (Mosquitto from Debian) and devices on it that announce themselves, for tests."""

import asyncio
import json
import os
import pwd
import shutil
import subprocess
import tempfile
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiomqtt

from earwitness.kernel.errors import StorageError
from earwitness.skills.home.model import Call, Entity, Home
from earwitness.skills.home.port import HomeControl

PROGRAM = "/usr/sbin/mosquitto"


class MosquittoMissingError(StorageError):
    """Mosquitto is needed by the tests and is not installed."""


class MosquittoServer:
    """One broker on a free loopback port; it rests nothing on disk and ends with its starter."""

    def __init__(self, log: Path) -> None:
        """Start it and wait until it listens.

        Raises:
            MosquittoMissingError: not installed.
        """
        if not Path(PROGRAM).exists():
            raise MosquittoMissingError("The tests need Mosquitto.", next_step="apt-get install mosquitto")
        self._folder = Path(tempfile.mkdtemp(prefix="earwitness-mosquitto-"))
        self.port = _free_port()
        settings = self._folder / "mosquitto.conf"
        settings.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence false\n")
        self._process = subprocess.Popen(  # noqa: S603 - a program of the system
            ["setpriv", "--pdeathsig", "TERM", *self._as_nobody(), PROGRAM, "-c", str(settings)],  # noqa: S607 - util-linux
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        ready = threading.Event()
        self._drain = threading.Thread(target=_drain, args=(self._process.stderr, log, ready), daemon=True)
        self._drain.start()
        if not ready.wait(20) or self._process.poll() is not None:
            raise MosquittoMissingError("Mosquitto did not start.", next_step=f"Read {log}.")

    def _as_nobody(self) -> list[str]:
        if os.geteuid() != 0:
            return []
        user = pwd.getpwnam("nobody")
        for path in (self._folder, *self._folder.iterdir()):
            os.chown(path, user.pw_uid, user.pw_gid)
        return ["--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--clear-groups"]

    @property
    def address(self) -> str:
        """Its address, ``mqtt://…``."""
        return f"mqtt://127.0.0.1:{self.port}"

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(10)
        self._drain.join(10)
        if self._process.stderr:
            self._process.stderr.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def _free_port() -> int:
    import socket  # noqa: PLC0415 - for this alone

    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def _drain(stream: Any, log: Path, ready: threading.Event) -> None:
    with log.open("a", encoding="utf-8") as out:
        for line in stream:
            out.write(line)
            out.flush()
            if "running" in line:
                ready.set()
    ready.set()


@asynccontextmanager
async def devices(port: int, home: HomeControl, deaf: frozenset[str] = frozenset()) -> AsyncIterator[None]:
    """Let the entities of a virtual home live on a broker for a while, as devices of their own.

    ``deaf``: entities that announce themselves and do nothing.
    """
    async with aiomqtt.Client("127.0.0.1", port) as client:
        found = await home.read()
        for entity in found.entities:
            await client.subscribe(f"house/{entity.id}/+/set", qos=1)
            await client.publish(_config_topic(entity), json.dumps(_config(entity, found)), qos=1, retain=True)
            await client.publish(
                f"house/{entity.id}/there", "offline" if not entity.answers else "online", qos=1, retain=True
            )
            await _report(client, entity)
        task = asyncio.create_task(_live(client, home, deaf))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            for entity in found.entities:
                await client.publish(_config_topic(entity), b"", qos=1, retain=True)


async def _live(client: aiomqtt.Client, home: HomeControl, deaf: frozenset[str]) -> None:
    async for message in client.messages:
        _, entity_id, what, _ = str(message.topic).split("/")
        if entity_id in deaf or not isinstance(message.payload, bytes):
            continue
        call = _call(entity_id, what, message.payload.decode())
        before = (await home.read()).entities
        await home.call(call)
        for entity in (await home.read()).entities:
            if entity.id == entity_id or entity not in before:
                await _report(client, entity)


def _config_topic(entity: Entity) -> str:
    return f"homeassistant/{entity.domain}/{entity.id.partition('.')[2]}/config"


def _config(entity: Entity, home: Home) -> dict[str, Any]:
    """The announcement, in the abbreviated form that devices send."""
    area = home.area(entity.area)
    config: dict[str, Any] = {
        "~": f"house/{entity.id}",
        "name": None,
        "default_entity_id": entity.id,
        "uniq_id": entity.id,
        "stat_t": "~/state",
        "cmd_t": "~/main/set",
        "avty_t": "~/there",
        "dev": {"ids": [entity.id], "name": entity.name, **({"sa": area.name} if area else {})},
    }
    if entity.device_class:
        config["dev_cla"] = entity.device_class
    return config | _KINDS.get(entity.domain, {})


_KINDS: dict[str, dict[str, Any]] = {
    "light": {"schema": "json", "bri": True, "sup_clrm": ["rgb", "color_temp"], "clr_temp_k": True},
    "cover": {"pos_t": "~/position", "set_pos_t": "~/position/set"},
    "valve": {"rep_pos": True},
    "fan": {"pct_stat_t": "~/percentage", "pct_cmd_t": "~/percentage/set"},
    "climate": {
        "mode_stat_t": "~/mode",
        "mode_cmd_t": "~/mode/set",
        "temp_stat_t": "~/temperature",
        "temp_cmd_t": "~/temperature/set",
        "curr_temp_t": "~/current",
        "modes": ["off", "heat", "cool"],
    },
}


async def _report(client: aiomqtt.Client, entity: Entity) -> None:
    for topic, payload in _reports(entity).items():
        await client.publish(f"house/{entity.id}/{topic}", payload, qos=1, retain=True)


def _reports(entity: Entity) -> dict[str, str]:  # noqa: PLR0911 - one return a domain
    attributes = entity.attributes
    match entity.domain:
        case "light":
            found: dict[str, Any] = {"state": entity.state.upper()}
            found |= {"brightness": attributes["brightness"]} if "brightness" in attributes else {}
            found |= (
                {"color": dict(zip("rgb", attributes["rgb_color"], strict=True))} if "rgb_color" in attributes else {}
            )
            found |= {"color_temp": attributes["color_temp_kelvin"]} if "color_temp_kelvin" in attributes else {}
            return {"state": json.dumps(found)}
        case "cover":
            return {"state": entity.state, "position": str(attributes.get("current_position", 0))}
        case "valve":
            return {"state": str(attributes.get("current_position", 100 if entity.state == "open" else 0))}
        case "fan":
            return {"state": entity.state.upper(), "percentage": str(attributes.get("percentage", 0))}
        case "climate":
            now = {"temperature": attributes.get("temperature"), "current": attributes.get("current_temperature")}
            return {"mode": entity.state, **{key: str(value) for key, value in now.items() if value is not None}}
        case "vacuum":
            return {"state": json.dumps({"state": entity.state, "battery_level": attributes.get("battery_level")})}
        case "lock" | "switch" | "siren" | "binary_sensor":
            return {"state": entity.state.upper()}
    return {"state": entity.state}


def _call(entity_id: str, what: str, payload: str) -> Call:
    """What a device does when it is told on one of its topics."""
    domain = entity_id.partition(".")[0]
    if domain == "light":
        wanted = json.loads(payload)
        data = {key: wanted[key] for key in ("brightness",) if key in wanted}
        data |= {"rgb_color": [wanted["color"][each] for each in "rgb"]} if "color" in wanted else {}
        data |= {"color_temp_kelvin": wanted["color_temp"]} if "color_temp" in wanted else {}
        return Call(f"light.turn_{wanted['state'].lower()}", (entity_id,), data)
    if what == "position" or domain == "valve":
        return Call(f"{domain}.set_{domain}_position", (entity_id,), {"position": int(payload)})
    if what == "percentage":
        return Call("fan.set_percentage", (entity_id,), {"percentage": int(payload)})
    if what == "mode":
        return Call("climate.set_hvac_mode", (entity_id,), {"hvac_mode": payload})
    if what == "temperature":
        return Call("climate.set_temperature", (entity_id,), {"temperature": float(payload)})
    word = payload.lower()
    service = {
        "on": "turn_on",
        "off": "turn_off",
        "open": f"open_{domain}",
        "close": f"close_{domain}",
        "stop": f"stop_{domain}",
    }
    return Call(f"{domain}.{service.get(word, word)}", (entity_id,))
