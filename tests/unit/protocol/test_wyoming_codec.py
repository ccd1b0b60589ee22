"""Our codec of Wyoming: bounds, refusals, and agreement with the protocol's own library in both directions."""

import asyncio
import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wyoming.event import Event as LibraryEvent
from wyoming.event import async_read_event, async_write_event

from earwitness.kernel.errors import BadInput
from earwitness.protocol.wyoming import FROM_CLIENTS, Decoder, Event, Limits, encode

SMALL = Limits(header=200, data=300, payload=400)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
TYPES = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=64)
EVENTS = st.builds(Event, TYPES, st.dictionaries(st.text(), JSON, max_size=5), st.binary(max_size=500))


def decoded(data: bytes, *, limits: Limits = FROM_CLIENTS, pieces: int = 1 << 20) -> list[Event]:
    decoder = Decoder(limits)
    found = []
    for at in range(0, len(data), pieces):
        decoder.feed(data[at : at + pieces])
        while (event := decoder.next()) is not None:
            found.append(event)
    decoder.end()
    return found


@given(st.lists(EVENTS, max_size=4), st.integers(1, 70))
def test_what_is_written_is_read_however_it_is_cut(events: list[Event], pieces: int) -> None:
    assert decoded(b"".join(map(encode, events)), pieces=pieces) == events


class Collected:
    """As much of a StreamWriter as the library writes to."""

    def __init__(self) -> None:
        self.data = b""

    def writelines(self, lines: tuple[bytes, ...]) -> None:
        self.data += b"".join(lines)

    def write(self, data: bytes) -> None:
        self.data += data

    async def drain(self) -> None:
        pass


@given(EVENTS)
def test_the_library_reads_what_we_write(event: Event) -> None:
    async def read() -> LibraryEvent | None:
        reader = asyncio.StreamReader()
        reader.feed_data(encode(event))
        reader.feed_eof()
        return await async_read_event(reader)

    theirs = asyncio.run(read())
    assert theirs is not None
    assert (theirs.type, theirs.data or {}, theirs.payload or b"") == (event.type, event.data, event.payload)


@given(EVENTS)
def test_we_read_what_the_library_writes(event: Event) -> None:
    writer = Collected()
    theirs = LibraryEvent(event.type, dict(event.data), event.payload or None)
    if any(0xD800 <= ord(letter) <= 0xDFFF for letter in json.dumps(event.data, ensure_ascii=False)):
        return  # half a pair cannot be written in UTF-8 by anybody
    asyncio.run(async_write_event(theirs, writer))  # type: ignore[arg-type]
    assert decoded(writer.data) == [event]


def test_data_is_laid_over_what_the_header_holds() -> None:
    data = b'{"b": 2}'
    header = json.dumps({"type": "x", "data": {"a": 1, "b": 1}, "data_length": len(data), "payload_length": 3}).encode()
    assert decoded(header + b"\n" + data + b"\x00\x01\x02") == [Event("x", {"a": 1, "b": 2}, b"\x00\x01\x02")]


REFUSED = {
    "not json": b"hello\n",
    "empty line": b"\n",
    "no object": b"[1]\n",
    "a number": b"7\n",
    "bad utf-8": b'{"type": "\xff\xfe"}\n',
    "utf-16": '{"type": "x"}\n'.encode("utf-16"),
    "no type": b"{}\n",
    "type null": b'{"type": null}\n',
    "type empty": b'{"type": ""}\n',
    "type too long": b'{"type": "' + b"x" * 65 + b'"}\n',
    "type not ascii": '{"type": "é"}\n'.encode(),
    "type with a line end": b'{"type": "a\\nb"}\n',
    "data a list": b'{"type": "x", "data": []}\n',
    "data length negative": b'{"type": "x", "data_length": -1}\n',
    "data length text": b'{"type": "x", "data_length": "5"}\n',
    "data length true": b'{"type": "x", "data_length": true}\n',
    "data length fraction": b'{"type": "x", "data_length": 1.0}\n',
    "data length large": b'{"type": "x", "data_length": 301}\n',
    "data no object": b'{"type": "x", "data_length": 2}\n[]',
    "data bad utf-8": b'{"type": "x", "data_length": 2}\n\xff\xff',
    "payload of ten gigabytes": b'{"type": "x", "payload_length": 10000000000}\n',
    "payload with a thousand digits": b'{"type": "x", "payload_length": ' + b"9" * 100 + b"}\n",
    "payload large": b'{"type": "x", "payload_length": 401}\n',
    "not a number": b'{"type": "x", "a": NaN}\n',
    "a number too large": b'{"type": "x", "data": {"a": 1e999}}\n',
    "half a surrogate pair": b'{"type": "x", "data": {"a": "\\ud800"}}\n',
    "half a pair as a key": b'{"type": "x", "data_length": 13}\n{"\\udc00": 1}',
    "infinity": b'{"type": "x", "a": -Infinity}\n',
    "header bomb": b"{" + b" " * 300,
    "header bomb with an end": b'{"type": "x"' + b" " * 300 + b"}\n",
}


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED.keys())
@pytest.mark.parametrize("pieces", [1, 1 << 20])
def test_what_is_no_event_is_refused(data: bytes, pieces: int) -> None:
    with pytest.raises(BadInput, match="Wyoming"):
        decoded(data, limits=SMALL, pieces=pieces)


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(BadInput, match="not JSON"):
        decoded(_nested(200_000), limits=Limits(500_000, 0, 0))


def _nested(depth: int) -> bytes:
    return b'{"type": "x", "data": {"a": ' + b"[" * depth + b"]" * depth + b"}}\n"


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_an_end_inside_an_event_is_told_from_a_good_end(cut: int) -> None:
    whole = encode(Event("audio-chunk", {"rate": 16_000}, b"1234"))
    with pytest.raises(BadInput, match="inside an event"):
        decoded(whole[:-cut])
    assert len(decoded(whole)) == 1


def test_a_refusal_quotes_nothing() -> None:
    secret = b"kelpie-lantern"
    for data in (
        secret + b"\n",
        b'{"type": "x", "data_length": 16}\n"' + secret + b'"',
        b'{"type": "' + secret * 9 + b'"}\n',
    ):
        with pytest.raises(BadInput) as caught:
            decoded(data)
        assert secret.decode() not in str(caught.value)
        assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_claim_sets_nothing_aside() -> None:
    decoder = Decoder(Limits(header=1_000, data=0, payload=1 << 30))
    tracemalloc.start()
    try:
        decoder.feed(b'{"type": "x", "payload_length": 1073741824}\n')
        assert decoder.next() is None
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


@given(st.binary(max_size=400), st.integers(1, 50))
def test_any_bytes_give_events_or_one_refusal(data: bytes, pieces: int) -> None:
    try:
        events = decoded(data, limits=SMALL, pieces=pieces)
    except BadInput:
        return
    assert decoded(b"".join(map(encode, events))) == events


@given(EVENTS, st.data())
def test_a_damaged_event_gives_events_or_one_refusal(event: Event, draw: st.DataObject) -> None:
    whole = bytearray(encode(event))
    for _ in range(draw.draw(st.integers(1, 3))):
        whole[draw.draw(st.integers(0, len(whole) - 1))] = draw.draw(st.integers(0, 255))
    try:
        events = decoded(bytes(whole))
    except BadInput:
        return
    assert decoded(b"".join(map(encode, events))) == events
