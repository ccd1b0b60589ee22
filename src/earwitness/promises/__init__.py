"""The checks behind `earwitness promises`: each tries to break one promise on the live installation.

A check never reads a setting: it keeps, deletes, restores a backup, asks as a stranger, and looks at
what happens. It does so on a canary household of its own, which is erased at the end. PROMISES.md is
the register in words, ``transparency.register`` the list.
"""
