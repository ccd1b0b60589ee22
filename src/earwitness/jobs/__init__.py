"""Background work: rows written in the caller's transaction, leased, run at least once, then removed.

``payload`` says what may stand in a row, ``work`` writes and lists rows, ``leases`` hands them to
workers and takes their outcomes, ``schedules`` writes rows by the clock, ``execution`` runs one, and
``runners`` are the two programs that do it all in a loop. The design: ``docs/jobs.md``.
"""
