"""The tables of the voice loop: pairing tokens and what is known of devices, timers and lists."""
