"""Engines behind the port of spoken replies."""
