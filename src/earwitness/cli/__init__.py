"""The command line: one module a command, each with a ``register(app)``; shared output and errors."""
