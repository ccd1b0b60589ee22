"""Shopping, to-do and other lists: the household's own, or those of its home."""
