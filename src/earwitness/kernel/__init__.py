"""Plain values every room shares: errors, ids, time, audio and actors. Imports nothing of ours."""
