"""Where rows and objects rest: one database schema (SQLite or PostgreSQL) and one blob port.

Nothing here knows what the bytes mean; whatever is personal arrives sealed.
"""
