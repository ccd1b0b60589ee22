"""The log: commitments in a Merkle tree that anyone can check, sealed bytes that one person can open.

Format and reasons of refusal: docs/formats/ledger.md. Knows no keys but the one it signs with.
"""
