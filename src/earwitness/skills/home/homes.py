"""Open a home by where it is: a YAML file, Home Assistant (http, https), or an MQTT broker (mqtt, mqtts)."""

import os
from pathlib import Path

from earwitness.kernel.errors import BadInput
from earwitness.skills.home.port import HomeControl
from earwitness.skills.home.virtual.home import VirtualHome

TOKEN_VARIABLE = "EARWITNESS_HOME_TOKEN"  # noqa: S105 - the name of a variable
TOKEN_FILE_VARIABLE = "EARWITNESS_HOME_TOKEN_FILE"  # noqa: S105 - likewise


async def open_home(where: str) -> HomeControl:
    """Open a home.

    Home Assistant's long-lived access token is taken from ``EARWITNESS_HOME_TOKEN`` or from the file
    that ``EARWITNESS_HOME_TOKEN_FILE`` names; an MQTT broker's name and password stand in its address.

    Raises:
        BadInput: no such file, or no token.
        HomeUnreachable: nobody answers there.
    """
    if where.startswith(("http://", "https://")):
        from earwitness.skills.home.homeassistant.home import HomeAssistant  # noqa: PLC0415 - only where it is used

        return HomeAssistant(where, read_token())
    if where.startswith(("mqtt://", "mqtts://")):
        from earwitness.skills.home.mqtt.home import MqttHome  # noqa: PLC0415 - likewise

        return await MqttHome.connect(where)
    return VirtualHome.load(Path(where))


def read_token() -> str:
    """Return the access token of Home Assistant.

    Raises:
        BadInput: there is none, or its file cannot be read.
    """
    if token := os.environ.get(TOKEN_VARIABLE, "").strip():
        return token
    try:
        token = Path(os.environ.get(TOKEN_FILE_VARIABLE, "")).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        token = ""
    if not token:
        raise BadInput(
            "Home Assistant needs an access token.",
            next_step=f"Make a long-lived token in your profile there; put it into {TOKEN_VARIABLE} or a file named by "
            f"{TOKEN_FILE_VARIABLE}.",
        )
    return token
