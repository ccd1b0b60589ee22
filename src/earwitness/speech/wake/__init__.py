"""Wake words: a port, microWakeWord behind it, and the gate where the second verification is asked."""
