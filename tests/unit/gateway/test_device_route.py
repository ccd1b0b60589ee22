"""The route for devices on a real server: who is let in, what is taken from them, how each end looks from outside."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from earwitness.assistant.events import Answered, Heard, Idle, Kept, Refused, Silence, Speech
from earwitness.gateway.websocket.limits import Limits
from earwitness.gateway.websocket.microphone import Microphone, Sound
from earwitness.gateway.websocket.translation import clipped
from earwitness.kernel.errors import BadInput
from earwitness.protocol.device.bounds import CloseCode
from earwitness.protocol.device.codec import decode_from_hub, encode_from_device
from earwitness.protocol.device.messages import (
    Cancel,
    Finish,
    FromDevice,
    Hello,
    Listen,
    Listens,
    Mute,
    Played,
    Welcome,
    Woke,
)
from earwitness.testing.devices import REPLY, UTTERANCE, WORD, Served, served
from earwitness.testing.waiting import until

PIECE = bytes(640)
SOON = 10
HELLO = Hello((1,), "kitchen", "wakes", "earwitness", "0.1.0", muted=False, radios=("wifi",), wake_words=(WORD,))
WOKE = Woke(WORD, 0.9, 16_000)


class Caller:
    """A device at the other end."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def say(self, *messages: FromDevice | bytes | str) -> None:
        for each in messages:
            await self.socket.send(each if isinstance(each, bytes | str) else encode_from_device(each))

    async def hear(self) -> Any:
        async with asyncio.timeout(SOON):
            frame = await self.socket.recv()
        return decode_from_hub(frame) if isinstance(frame, str) else frame

    async def hear_until(self, kind: type) -> list[Any]:
        heard = [await self.hear()]
        while not isinstance(heard[-1], kind):
            heard.append(await self.hear())
        return heard

    async def ended(self) -> tuple[int, list[str]]:
        """Return the close code, and the codes of what was refused before."""
        told: list[str] = []
        try:
            while True:
                heard = await self.hear()
                told += [heard.code] if getattr(heard, "fatal", False) else []
        except ConnectionClosed as error:
            return (error.rcvd.code if error.rcvd else 1006), told


@asynccontextmanager
async def calling(hub: Served, hello: Hello | None = HELLO, **options: Any) -> AsyncIterator[Caller]:
    async with connect(hub.url, compression=None, close_timeout=1, **options) as socket:
        caller = Caller(socket)
        if hello is not None:
            await caller.say(hello)
            assert isinstance(await caller.hear(), Welcome)
        yield caller


def on_hub(hub: Served, work: Coroutine[Any, Any, None]) -> None:
    """Do something on the hub's event loop, as its sessions do."""
    asyncio.run_coroutine_threadsafe(work, hub.loop)


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


# --- who is let in ----------------------------------------------------------------------------


def test_a_device_is_welcomed_and_noted() -> None:
    async def go(hub: Served) -> None:
        async with connect(hub.url, compression=None) as socket:
            caller = Caller(socket)
            await caller.say(HELLO)
            welcome = await caller.hear()
            assert (welcome.version, welcome.device, welcome.wake_word, welcome.area) == (1, "device", WORD, "kitchen")
            assert hub.guests.hellos == [HELLO]
            assert hub.route.connected == {"device"}
        await until(lambda: not hub.route.connected)
        assert hub.sessions.opened[0].closed

    with served() as hub:
        hub.guests.tokens["kitchen"] = "device"
        run(go(hub))


@pytest.mark.parametrize(
    ("first", "code", "reason"),
    [
        (replace(HELLO, token="no"), CloseCode.TOKEN, "token"),
        (replace(HELLO, versions=(2, 3)), CloseCode.VERSION, "version"),
        (Listen(), CloseCode.UNREADABLE, "order"),
        (PIECE, CloseCode.UNREADABLE, "order"),
        ("{", CloseCode.UNREADABLE, "not_json"),
        (b"", CloseCode.UNREADABLE, "order"),
        (" " * 4_097, CloseCode.UNREADABLE, "too_large"),
    ],
)
def test_who_is_not_admitted_is_told_why(first: Any, code: CloseCode, reason: str) -> None:
    async def go(hub: Served) -> None:
        async with calling(hub, None) as caller:
            await caller.say(first)
            assert await caller.ended() == (code, [reason])

    with served("kitchen") as hub:
        run(go(hub))
        assert hub.sessions.opened == []


def test_whoever_says_no_hello_is_late() -> None:
    async def go(hub: Served) -> None:
        async with calling(hub, None) as caller:
            assert await caller.ended() == (CloseCode.LATE, ["late"])

    with served("kitchen", limits=Limits(hello_wait=0.05)) as hub:
        run(go(hub))


def test_the_oldest_without_a_hello_makes_room() -> None:
    async def go(hub: Served) -> None:
        async with calling(hub, None) as first, calling(hub, None), calling(hub) as third:
            assert await first.ended() == (CloseCode.LATE, ["late"])
            await third.say(Listen())
            await third.hear()

    with served("kitchen", limits=Limits(ungreeted=2)) as hub:
        run(go(hub))


def test_a_full_hub_says_so_before_the_upgrade() -> None:
    async def go(hub: Served) -> None:
        async with calling(hub):
            with pytest.raises(InvalidStatus) as refused:
                await connect(hub.url)
            assert refused.value.response.status_code == 503

    with served("kitchen", limits=Limits(connections=1)) as hub:
        run(go(hub))


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost", "http://[", "file://127.0.0.1"])
def test_a_page_of_another_site_is_refused(origin: str) -> None:
    async def go(hub: Served) -> None:
        with pytest.raises(InvalidStatus) as refused:
            await connect(hub.url, origin=origin)  # type: ignore[arg-type] # any text will do
        assert refused.value.response.status_code == 403

    with served("kitchen") as hub:
        run(go(hub))
        assert hub.route.open == 0


def test_the_hubs_own_page_may_connect() -> None:
    async def go(hub: Served) -> None:
        origin: Any = hub.url.replace("ws://", "http://").removesuffix("/device")
        async with calling(hub, replace(HELLO, listens="button"), origin=origin):
            assert hub.route.connected == {"kitchen"}

    with served("kitchen") as hub:
        run(go(hub))


def test_a_device_that_connects_again_takes_over() -> None:
    async def go(hub: Served) -> None:
        async with calling(hub) as first, calling(hub) as second:
            assert await first.ended() == (CloseCode.TAKEN_OVER, ["taken_over"])
            await second.say(Listen())
            await second.hear()
            assert hub.route.connected == {"kitchen"}
            await until(lambda: hub.sessions.opened[0].closed)
            assert not hub.sessions.opened[1].closed

    with served("kitchen") as hub:
        run(go(hub))


def test_a_pairing_that_ends_closes_an_open_connection() -> None:
    async def go(hub: Served) -> None:
        async with calling(hub) as caller:
            del hub.guests.tokens["kitchen"]
            assert await caller.ended() == (CloseCode.TOKEN, ["token"])

    with served("kitchen", limits=Limits(check_every=0.06)) as hub:
        run(go(hub))


def test_a_pairing_that_ends_begins_no_turn() -> None:
    async def go(hub: Served) -> None:
        async with calling(hub) as caller:
            del hub.guests.tokens["kitchen"]
            await caller.say(WOKE, PIECE)
            assert await caller.ended() == (CloseCode.TOKEN, ["token"])

    with served("kitchen") as hub:
        run(go(hub))
        assert hub.sessions.opened[0].calls == []
        assert hub.sessions.opened[0].heard == 0


# --- a turn -----------------------------------------------------------------------------------


def test_a_turn_from_the_wake_word_to_idle() -> None:
    async def go(hub: Served) -> None:
        async with calling(hub) as caller:
            await caller.say(WOKE, *[PIECE] * (UTTERANCE // len(PIECE)))
            heard = [
                each if isinstance(each, bytes) else type(each).__name__ for each in await caller.hear_until(_idle)
            ]
            assert heard == ["Woken", "Listening", "SpeechEnded", "Speech", REPLY, "SpeechEnd", "Idle"]
            await caller.say(Played(), Cancel())
            await caller.hear_until(_idle)
        assert hub.sessions.of("kitchen").calls == ["woke alexa 0.9 16000", "played", "cancel"]

    with served("kitchen") as hub:
        run(go(hub))


_idle = type(decode_from_hub('{"type":"idle","reason":"done"}'))


def test_a_button_is_pressed_and_released() -> None:
    async def go(hub: Served) -> None:
        async with calling(hub, replace(HELLO, listens="button")) as caller:
            await caller.say(Listen(), PIECE, Finish())
            await caller.hear_until(_idle)
        assert hub.sessions.of("kitchen").calls == ["listen", "finish"]
        assert hub.sessions.of("kitchen").wakes_itself

    with served("kitchen") as hub:
        run(go(hub))


def test_of_a_device_that_streams_everything_is_taken() -> None:
    async def go(hub: Served) -> None:
        async with calling(hub, replace(HELLO, listens="streams")) as caller:
            await caller.say(*[PIECE] * 10)
            await until(lambda: hub.sessions.of("kitchen").heard == 6_400)
        assert not hub.sessions.of("kitchen").wakes_itself

    with served("kitchen", limits=Limits(grace=0.0)) as hub:
        run(go(hub))


def test_sound_that_was_on_its_way_when_its_turn_ended_is_dropped() -> None:
    async def go(hub: Served) -> None:
        async with calling(hub) as caller:
            await caller.say(*[PIECE] * 5, Listen())
            await caller.hear()
            await caller.say(Cancel())
            await caller.hear_until(_idle)
            await caller.say(*[PIECE] * 5, Listen())
            await caller.hear()
        assert hub.sessions.of("kitchen").heard == 0
        assert hub.sessions.of("kitchen").calls == ["listen", "cancel", "listen"]

    with served("kitchen", limits=Limits(grace=3_600)) as hub:
        run(go(hub))


def test_sound_long_after_a_turn_ends_the_connection() -> None:
    async def go(hub: Served) -> None:
        async with calling(hub) as caller:
            await caller.say(Listen(), Cancel())
            await caller.hear_until(_idle)
            await caller.say(PIECE)
            assert await caller.ended() == (CloseCode.UNASKED, ["unasked_sound"])
        assert hub.sessions.of("kitchen").heard == 0

    with served("kitchen", limits=Limits(grace=0)) as hub:
        run(go(hub))


def test_how_long_sound_is_dropped_after_a_turn() -> None:
    now = [0.0]
    microphone = Microphone(Listens.WAKES, Limits(grace=5), lambda: now[0], muted=False)
    microphone.ask()
    assert microphone.judge(640) is Sound.TAKEN
    microphone.end()
    for now[0], judged in ((0.0, Sound.DROPPED), (5.0, Sound.DROPPED), (5.1, Sound.UNASKED)):
        assert microphone.judge(640) is judged


def test_a_turn_that_never_stops_is_ended() -> None:
    async def go(hub: Served) -> None:
        async with calling(hub) as caller:
            await caller.say(Listen(), *[PIECE] * 20)
            assert await caller.ended() == (CloseCode.UNASKED, ["unasked_sound"])

    with served("kitchen", limits=Limits(turn_sound=6_400)) as hub:
        run(go(hub))


def test_a_turn_without_sound_is_cancelled() -> None:
    async def go(hub: Served) -> None:
        async with calling(hub) as caller:
            await caller.say(WOKE)
            heard = await caller.hear_until(_idle)
            assert [each.code for each in heard if hasattr(each, "code")] == ["no_sound"]
        assert hub.sessions.of("kitchen").calls[-1] == "cancel"

    with served("kitchen", limits=Limits(turn_silence=0.05)) as hub:
        run(go(hub))


def test_a_closed_microphone_begins_nothing() -> None:
    async def go(hub: Served) -> None:
        async with calling(hub) as caller:
            await caller.say(Mute(on=True))
            assert (await caller.hear()).on
            await caller.say(PIECE, WOKE)
            refused = await caller.hear()
            assert (refused.code, refused.fatal) == ("muted", False)
            await caller.say(Mute(on=False))
            assert not (await caller.hear()).on
            await caller.say(WOKE)
            await caller.hear()
        assert hub.sessions.of("kitchen").heard == 0
        assert hub.guests.seen == [("kitchen", True), ("kitchen", False)]

    with served("kitchen") as hub:
        run(go(hub))


def test_a_device_that_comes_muted_is_muted() -> None:
    async def go(hub: Served) -> None:
        async with calling(hub, replace(HELLO, muted=True, listens="streams")) as caller:
            assert (await caller.hear()).on
            await caller.say(PIECE, Listen())
            assert (await caller.hear()).code == "muted"
        assert hub.sessions.of("kitchen").heard == 0

    with served("kitchen") as hub:
        run(go(hub))


@pytest.mark.parametrize(
    ("sent", "code", "reason"),
    [
        (HELLO, CloseCode.UNREADABLE, "order"),
        ("[]", CloseCode.UNREADABLE, "not_an_object"),
        (b"\0", CloseCode.UNREADABLE, "bad_sound"),
        (b"", CloseCode.UNREADABLE, "bad_sound"),
        (bytes(8_194), CloseCode.TOO_LARGE, None),
    ],
)
def test_what_cannot_be_read_ends_it(sent: Any, code: CloseCode, reason: str | None) -> None:
    async def go(hub: Served) -> None:
        async with calling(hub) as caller:
            await caller.say(sent)
            assert await caller.ended() == (code, [reason] if reason else [])

    with served("kitchen") as hub:
        run(go(hub))


def test_only_a_device_with_a_wake_word_wakes() -> None:
    async def go(hub: Served) -> None:
        async with calling(hub, replace(HELLO, listens="streams")) as caller:
            await caller.say(WOKE)
            assert await caller.ended() == (CloseCode.UNREADABLE, ["order"])

    with served("kitchen") as hub:
        run(go(hub))


def test_messages_and_sound_may_not_come_too_fast() -> None:
    async def go(hub: Served) -> None:
        async with calling(hub) as caller:
            await caller.say(*[Played()] * 21)
            assert await caller.ended() == (CloseCode.TOO_FAST, ["too_fast"])
        async with calling(hub, replace(HELLO, listens="streams")) as caller:
            await caller.say(*[bytes(8_192)] * 9)
            assert await caller.ended() == (CloseCode.TOO_FAST, ["too_fast"])
        async with calling(hub, replace(HELLO, listens="streams")) as caller:
            await caller.say(*[b"\0\0"] * 400)
            assert await caller.ended() == (CloseCode.TOO_FAST, ["too_fast"])

    with served("kitchen", limits=Limits(sound_at_once=65_536, messages_a_second=0.1)) as hub:
        run(go(hub))


# --- what the session tells -------------------------------------------------------------------


def test_a_reply_goes_out_only_so_far_ahead_and_stops_at_once() -> None:
    async def go(hub: Served) -> None:
        async with calling(hub) as caller:
            session = hub.sessions.of("kitchen")
            on_hub(hub, session.tell(Speech(bytes(320_000), 16_000), Speech(b"", 0, last=True)))
            await caller.hear()  # speech
            ahead = sum([len(await caller.hear()) for _ in range(2)])
            on_hub(hub, session.tell(Silence(), Idle("done")))
            rest = await caller.hear_until(_idle)
            sound = ahead + sum(len(each) for each in rest if isinstance(each, bytes))
            assert sound < 100_000
            assert [type(each).__name__ for each in rest if not isinstance(each, bytes)] == ["Silence", "Idle"]
            on_hub(hub, session.tell(Speech(REPLY, 22_050, last=True)))
            again = [await caller.hear() for _ in range(3)]
            assert (again[0].rate, again[1]) == (22_050, REPLY)

    with served("kitchen", limits=Limits(reply_lead=0.5)) as hub:
        run(go(hub))


def test_long_and_odd_texts_are_made_to_fit() -> None:
    async def go(hub: Served) -> None:
        async with calling(hub) as caller:
            session = hub.sessions.of("kitchen")
            on_hub(hub, session.tell(Heard("a\nb" * 2_000, 3.0), Answered("x" * 3_000, "done"), Kept(None)))
            heard, answered = await caller.hear(), await caller.hear()
            assert (len(heard.text), heard.score, heard.text[:3]) == (2_000, 1.0, "a b")
            assert answered.text.endswith("…")
            assert (await caller.hear()).recording is None

    with served("kitchen") as hub:
        run(go(hub))
    assert clipped("é" * 5, 3) == "éé…"


def test_what_a_session_refuses_is_passed_on_and_what_is_fatal_ends_it() -> None:
    async def go(hub: Served) -> None:
        async with calling(hub) as caller:
            session = hub.sessions.of("kitchen")
            on_hub(hub, session.tell(Refused("busy", "Later.", "Wait.")))
            assert (await caller.hear()).code == "busy"
            on_hub(hub, session.tell(Refused("failed", "No.", fatal=True)))
            assert await caller.ended() == (CloseCode.FAILED, ["failed"])

    with served("kitchen") as hub:
        run(go(hub))


def test_an_event_that_does_not_fit_ends_one_connection_and_never_the_hub() -> None:
    async def go(hub: Served) -> None:
        async with calling(hub) as caller, calling(hub, replace(HELLO, token="hall")) as other:
            on_hub(hub, hub.sessions.of("kitchen").tell(Speech(REPLY, 7)))
            assert await caller.ended() == (CloseCode.FAILED, ["failed"])
            await other.say(Listen())
            await other.hear()

    with served("kitchen", "hall") as hub:
        run(go(hub))


@pytest.mark.parametrize(("error", "code"), [(BadInput("No."), None), (KeyError("name"), CloseCode.FAILED)])
def test_a_session_that_breaks(error: Exception, code: CloseCode | None, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> None:
        raise error

    async def go(hub: Served) -> None:
        async with calling(hub) as caller:
            monkeypatch.setattr(type(hub.sessions.of("kitchen")), "listen", broken)
            await caller.say(Listen())
            if code is None:
                assert not (await caller.hear()).fatal
                await caller.say(Cancel())
                await caller.hear_until(_idle)
            else:
                assert await caller.ended() == (code, ["failed"])
        await until(lambda: hub.sessions.of("kitchen").closed)

    with served("kitchen") as hub:
        run(go(hub))


def test_a_hub_that_stops_says_goodbye() -> None:
    async def go(hub: Served) -> None:
        async with calling(hub) as caller:
            hub.loop.call_soon_threadsafe(hub.route.close)
            assert (await caller.ended())[0] == CloseCode.GOING_AWAY

    with served("kitchen") as hub:
        run(go(hub))


def test_a_device_that_reads_nothing_is_cut_off() -> None:
    async def go(hub: Served) -> None:
        async with connect(hub.url, compression=None, max_queue=1, close_timeout=0.1) as socket:
            await socket.send(encode_from_device(HELLO))
            await until(lambda: bool(hub.sessions.opened))
            session = hub.sessions.of("kitchen")
            long = Speech(bytes(30_000_000), 48_000)
            on_hub(hub, session.tell(long))
            await until(lambda: not hub.route.connected)
            assert session.closed

    with served("kitchen", limits=Limits(send_wait=0.1, reply_lead=1e9, close_wait=0.1)) as hub:
        run(go(hub))
