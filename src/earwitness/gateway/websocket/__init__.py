"""Our own protocol (docs/formats/device-protocol.md) on the hub: one WebSocket a device."""
