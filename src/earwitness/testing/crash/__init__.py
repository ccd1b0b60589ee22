"""The crash laboratory: power cuts, kills, full disks and what stays behind on the medium.

``record`` runs a program under strace and keeps every call that changed one folder; ``disk`` is the
model of what a power cut may leave of such calls; ``power_cut`` lays out every such state and has it
checked. ``killing`` kills a worker at random moments, ``full_disk`` lets the medium run full byte by
byte, ``remanence`` searches a folder for what should be gone. A worker says what it promised through
``facts``; a check holds the folder against them.
"""
