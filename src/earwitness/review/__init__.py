"""Review: a small random sample of what is kept, heard by people where its people said yes, and counted.

Drawing, the reviewer's copy, the desk at which it is heard, annotations and figures; docs/formats/review.md.
"""
