"""Earwitness: a voice assistant people host themselves, with privacy promises that check themselves.

The house is described in ARCHITECTURE.md. Imports go downward only:
cli → bootstrap → web → transparency → vault → policy → identity → jobs → ledger → storage → kernel.
"""

__version__ = "0.1.0"
