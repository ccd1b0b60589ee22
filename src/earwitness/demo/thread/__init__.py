"""One thread through the whole, with people who do not exist: heard, kept, reviewed, learned, better, forgotten."""
