"""Where devices come in: each protocol in its own room, all of them in front of the same sessions."""
