"""Recordings under lock: what is kept, opened, re-dated and destroyed, and the keys that decide it.

Only ``intake``, ``reading`` and ``erasure`` (and ``retention`` for the change of hands at the
identity limit) touch the envelope. Everything derived from a recording is sealed under keys derived
from that recording's one key, so that destroying it ends all of it.
"""
