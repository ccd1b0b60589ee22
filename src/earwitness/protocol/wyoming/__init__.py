"""The Wyoming protocol: events, their bounded codec, and the messages that we speak (docs/formats/wyoming.md)."""

from earwitness.protocol.wyoming.codec import FROM_CLIENTS, FROM_SERVERS, Decoder, Limits, encode
from earwitness.protocol.wyoming.event import Event, Message

__all__ = ["FROM_CLIENTS", "FROM_SERVERS", "Decoder", "Event", "Limits", "Message", "encode"]
