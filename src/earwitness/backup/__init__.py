"""Backup and restore: data and keys apart, and a restore that brings nothing erased back.

Format, rules and order of evaluation: docs/formats/backup.md.
"""
