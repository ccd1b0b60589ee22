"""The hub as a browser and other programs see it: health, the promises, the public log."""
