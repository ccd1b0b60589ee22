"""Signing in: accounts, passwords, second factors, passkeys and sessions. docs/sign-in.md says how each is kept."""
