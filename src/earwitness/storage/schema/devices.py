"""The tables of devices beyond their mode: pairing, and what is known of each."""
