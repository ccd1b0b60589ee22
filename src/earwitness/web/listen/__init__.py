"""The page that listens: a browser as a device of whoever is signed in (docs/listening-page.md)."""
