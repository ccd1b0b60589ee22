"""``earwitness device run``: the satellite program, with a light, keys and signals."""

import asyncio
import json
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from earwitness.cli.options import JsonFlag, examples
from earwitness.cli.output import note, one_line, say
from earwitness.cli.plain import App
from earwitness.device.light import Light
from earwitness.device.link import hub_address
from earwitness.device.outfit import DEFAULT, outfit, read_token, satellite
from earwitness.device.satellite import Order, Outfit
from earwitness.protocol.device.messages import Listens

KEYS = {"": Order.TALK, "m": Order.MUTE, "c": Order.CANCEL, "q": Order.QUIT}
SIGNALS = {
    signal.SIGUSR1: Order.MUTE,
    signal.SIGUSR2: Order.TALK,
    signal.SIGINT: Order.QUIT,
    signal.SIGTERM: Order.QUIT,
}
HELP = "Keys, each with Enter: nothing talks, m mutes, c cancels, q quits."

MicrophoneWish = Annotated[
    str,
    typer.Option("--microphone", metavar="WHAT", help="default, an audio file, or a command that writes raw sound."),
]
SpeakerWish = Annotated[
    str, typer.Option("--speaker", metavar="WHAT", help="default, none, a WAV file, or a command with {rate} in it.")
]
WakeWord = Annotated[
    str,
    typer.Option("--wake-word", metavar="WORD", help="A shipped one, or a microWakeWord JSON file; else the hub's."),
]
Muted = Annotated[bool, typer.Option("--muted", help="Begin with the microphone closed.")]
Tones = Annotated[bool, typer.Option("--tones/--no-tones", help="Tones for errors and for the microphone.")]
WakeTone = Annotated[bool, typer.Option("--wake-tone", help="A tone after the wake word, too.")]


def register(device: App) -> None:
    """Add the command."""
    lines = (
        "earwitness device run --hub http://localhost:8710 --token-file kitchen.token",
        "earwitness device run --hub https://hub.example --token-file kitchen.token --wake-word alexa",
        "earwitness device run --hub http://localhost:8710 --token-file t --microphone order.wav --speaker reply.wav",
    )
    device.command("run", epilog=examples(*lines))(run)


def run(  # noqa: PLR0917 - options
    hub: Annotated[str, typer.Option("--hub", metavar="URL", help="The hub's address.")],
    token_file: Annotated[
        Path, typer.Option("--token-file", metavar="FILE", help="The pairing token: earwitness device pair --out FILE.")
    ],
    listens: Annotated[
        Listens, typer.Option("--listens", help="wakes: wakes itself; button: when told to; streams: all the time.")
    ] = Listens.WAKES,
    wake_word: WakeWord = "",
    microphone: MicrophoneWish = DEFAULT,
    speaker: SpeakerWish = DEFAULT,
    muted: Muted = False,
    tones: Tones = True,
    wake_tone: WakeTone = False,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Send the token unencrypted to another machine.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Be a satellite: microphone, wake word on this machine, mute, light, speaker.

    Sound leaves this machine from the wake word to the end of speech, and at no other time. Muted, the program
    that records is ended. Enter talks without the wake word, m mutes, q quits; SIGUSR1 mutes, SIGUSR2 talks.
    """
    address, token = hub_address(hub, insecure=insecure), read_token(token_file)
    parts = outfit(
        listens,
        microphone_wish=microphone,
        speaker_wish=speaker,
        wake_word=wake_word,
        tones=tones,
        wake_tone=wake_tone,
    )
    asyncio.run(serve(parts, address, token, muted=muted, as_json=as_json))


async def serve(parts: Outfit, address: str, token: str, *, muted: bool, as_json: bool) -> None:
    """Run a satellite until it ends, with keys and signals.

    Raises:
        HubRefused: the hub does not want it.
        MicrophoneFailed: the microphone gave up.
    """
    shown = Shown(as_json=as_json)
    orders: asyncio.Queue[Order] = asyncio.Queue(8)
    loop = asyncio.get_running_loop()
    for number, order in SIGNALS.items():
        loop.add_signal_handler(number, _order, orders, order)
    if sys.stdin.isatty():
        shown.tell("note", HELP)
        loop.add_reader(sys.stdin.fileno(), _key, orders)
    try:
        await satellite(parts, address, shown.light, shown.tell).run(token, orders, muted=muted)
    finally:
        shown.end()
        for number in SIGNALS:
            loop.remove_signal_handler(number)
        if sys.stdin.isatty():
            loop.remove_reader(sys.stdin.fileno())


class Shown:
    """The light as a line at the bottom of a terminal, and what is said above it; JSON lines for programs."""

    def __init__(self, *, as_json: bool) -> None:
        """Show for a person, or a program."""
        self._as_json = as_json
        self._live = not as_json and sys.stderr.isatty()
        self._light = ""

    def light(self, light: Light) -> None:
        """Change the light."""
        if self._as_json:
            say(json.dumps({"light": str(light), "sends": light.sends}))
        elif self._live:
            colour = 31 if light is Light.MUTED else 32 if light.sends else 90
            self._light = f"\x1b[{colour}m●\x1b[0m {light.in_words}"
            self._draw()
        else:
            note(f"light: {light.in_words}")

    def tell(self, kind: str, text: str) -> None:
        """Show a line."""
        if self._as_json:
            say(json.dumps({kind: text}, ensure_ascii=False))
            return
        self._clear()
        if kind in {"note", "error"}:
            note(text)
        else:
            say(f"{kind}: {one_line(text)}")
        self._draw()

    def end(self) -> None:
        """Put the light out."""
        self._clear()

    def _clear(self) -> None:
        if self._live:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def _draw(self) -> None:
        if self._live:
            sys.stderr.write(f"\r\x1b[K{self._light}")
            sys.stderr.flush()


def _order(orders: "asyncio.Queue[Order]", order: Order) -> None:
    with suppress(asyncio.QueueFull):  # somebody leans on the button
        orders.put_nowait(order)


def _key(orders: "asyncio.Queue[Order]") -> None:
    line = sys.stdin.readline()
    order = KEYS.get(line.strip().lower())
    if not line:
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
    elif order is None:
        note(HELP)
    else:
        _order(orders, order)
