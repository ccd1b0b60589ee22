"""Our own protocol, version 1 (docs/formats/device-protocol.md), as the hub and the satellite both speak it."""
