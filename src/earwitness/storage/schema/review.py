"""The tables of review: frames, draws, leases, annotations, escalations."""
