"""The satellite: a program for the machine with the microphone, with a bootstrap of its own and nothing of the hub."""
