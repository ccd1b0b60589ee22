"""The tables of sign-in: accounts, second factors, sessions."""
