"""Hearing and speaking: wake word, voice activity, recognition, spoken replies. Knows nothing of the vault."""
