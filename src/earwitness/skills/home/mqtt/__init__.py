"""Devices on an MQTT broker that announce themselves as Home Assistant's MQTT discovery has it."""
