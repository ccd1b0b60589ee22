"""Skills of one file: a household's own sentences with their answers, and no code."""
