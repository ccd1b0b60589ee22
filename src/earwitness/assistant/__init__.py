"""The conversation: sessions and turns, who answers, and the account of how each answer came about."""
