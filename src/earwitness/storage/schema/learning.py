"""The tables of learning: corrections, snapshots, releases."""
