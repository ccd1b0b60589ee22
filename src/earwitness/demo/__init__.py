"""Demonstrations: people who do not exist speak to a real installation; nothing is scripted past the microphone."""
