"""Fuzzing of Wyoming's codec and messages with atheris (``pip install atheris``), guided by coverage.

``python -m earwitness.testing.fuzz_wyoming -max_total_time=60``. What is fed is cut where the input says; anything but
events or one refusal, a refusal that quotes, or memory beyond the bounds is a finding. What was read is written and
read again.
"""

import sys

from earwitness.kernel.errors import BadInput
from earwitness.protocol.wyoming import (
    Decoder,
    Event,
    Limits,
    Message,
    audio,
    control,
    encode,
    info,
    listening,
    meaning,
    speaking,
)

LIMITS = Limits(header=512, data=512, payload=512)
MESSAGES: dict[str, type[Message]] = {
    one.type: one
    for module in (audio, control, info, listening, meaning, speaking)
    for one in module.MESSAGES
}  # fmt: skip


def one_input(data: bytes) -> None:
    """Decode one input; the first byte says in which pieces.

    Raises:
        AssertionError: what was read does not come back as it was.
    """
    pieces = 1 + data[0] if data else 1
    decoder = Decoder(LIMITS)
    try:
        for at in range(1, len(data), pieces):
            decoder.feed(data[at : at + pieces])
            while (event := decoder.next()) is not None:
                _read(event)
        decoder.end()
    except BadInput:
        return


def _read(event: Event) -> None:
    if _written_and_read(event) != event:
        raise AssertionError("An event does not come back as it was.")
    known = MESSAGES.get(event.type)
    if known is None:
        return
    message = known.of(event)
    if known.of(_written_and_read(message.event())) != message:
        raise AssertionError(f"A message '{event.type}' does not come back as it was.")


def _written_and_read(event: Event) -> Event:
    decoder = Decoder()
    decoder.feed(encode(event))
    again = decoder.next()
    decoder.end()
    if again is None:
        raise AssertionError("An event is not whole.")
    return again


def main() -> None:
    """Fuzz until told to stop."""
    import atheris  # type: ignore[import-untyped, unused-ignore]  # noqa: PLC0415 - not among the dependencies: it has not every Python's wheels

    atheris.instrument_all()
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
