"""The workbench: where reviewers hear and annotate. A process with a port of its own and neither keys nor database.

It asks the hub for everything over a socket in the data folder (``desk``), which gives it copies and nothing that says
whose they are: what the workbench never gets, it cannot leak.
"""
