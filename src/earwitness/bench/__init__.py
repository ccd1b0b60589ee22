"""Measurements on this machine, as ratios to bare library calls in the same run."""
