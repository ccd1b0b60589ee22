"""The device protocol (docs/formats/device-protocol.md): messages, their codec and their bounds, for hub and satellite."""
