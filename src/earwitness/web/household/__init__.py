"""The household's pages: what is kept of you, who opened it, and what you chose."""
