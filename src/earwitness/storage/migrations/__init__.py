"""Alembic's scripts, one a schema version, named by a four-digit number that only goes up."""
