"""The second verification of a wake word, on the hub, before anything is opened, kept or acted on."""

from earwitness.speech.verify.port import AFTER_MS, BEFORE_MS, WINDOW_MS, Verdict, Verifier

__all__ = ["AFTER_MS", "BEFORE_MS", "WINDOW_MS", "Verdict", "Verifier"]
