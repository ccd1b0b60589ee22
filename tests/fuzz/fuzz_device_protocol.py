"""A fuzz target for atheris (libFuzzer): text and binary frames of the device protocol, both directions.

Run it as long as you like: ``python tests/fuzz/fuzz_device_protocol.py -max_total_time=600 CORPUS``. Whatever comes out
must be a message that comes back as it went, or a ``MessageInvalid`` with a reason; anything else is a crash.
"""

import sys

import atheris

with atheris.instrument_imports(include=["earwitness.protocol.device", "json"]):
    from earwitness.kernel.errors import MessageInvalid
    from earwitness.protocol.device import codec


def one(data: bytes) -> None:
    """Read one input as every kind of frame there is."""
    for decode, encode in (
        (codec.decode_from_device, codec.encode_from_device),
        (codec.decode_from_hub, codec.encode_from_hub),
    ):
        try:
            message = decode(data)
        except MessageInvalid as error:
            if not error.reason:
                raise AssertionError("A refusal has no reason.") from error
        else:
            if decode(encode(message)) != message:  # type: ignore[arg-type] # of its own family
                raise AssertionError("A message does not come back as it went.")
    try:
        codec.check_sound(data)
    except MessageInvalid:
        return


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
