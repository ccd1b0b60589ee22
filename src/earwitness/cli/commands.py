"""Every command: the module that has it, and its line in ``earwitness --help``.

The table stands apart from the commands so that only the one that is asked for is imported. A test
holds it to the modules.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Listed(NamedTuple):
    """Where a command is, and what it does in a few words."""

    module: str
    summary: str


SECTIONS: Mapping[str, Mapping[str, Listed]] = {
    "Begin": {
        "init": Listed("init", "Make a new installation."),
        "up": Listed("up", "Run the hub: promises, health, public log, background work."),
    },
    "Who lives here": {
        "household": Listed("household", "Add and list households."),
        "account": Listed("account", "Who may sign in to the pages: add, list, reset, remove."),
        "person": Listed("person", "Add, list, show and rename people."),
        "device": Listed("device", "Add devices, pair them; run a satellite."),
        "contact": Listed("contact", "Your contacts, and how you say their names."),
        "place": Listed("place", "What the household calls its places."),
    },
    "Talking to it": {
        "listen": Listed("listen", "Talk to the hub through this machine's microphone."),
        "demo": Listed("demo", "See it work: a day in a household, spoken to the real thing."),
        "say": Listed("say", "Play recordings to the assistant, or type a sentence."),
        "engines": Listed("engines", "Speech engines: list, install, remove."),
        "home": Listed("home", "Try sentences on a home: intent, reply, what changed."),
    },
    "What is kept": {
        "consent": Listed("consent", "Say yes or no, by purpose; choose how long things are kept."),
        "keep": Listed("keep", "Keep an audio file as a recording."),
        "history": Listed("history", "List what is kept of you."),
        "play": Listed("history", "Play a recording, or save it."),
        "why": Listed("history", "Explain a recording: how it came, why it was kept."),
        "who": Listed("who", "List who and what opened something of yours."),
        "effects": Listed("effects", "What recordings caused, and taking it back."),
    },
    "What it learns": {
        "learn": Listed("learn", "Learn from what people put right; release, roll back, forget."),
    },
    "Deleting, and taking along": {
        "erase": Listed("erase", "Erase recordings, a time span, a device's, or yourself."),
        "receipts": Listed("receipts", "The signed receipts of what was erased."),
        "copies": Listed("copies", "De-identified copies that only your age key finds."),
        "export": Listed("export", "Take everything about you home, encrypted to your key."),
    },
    "Proof": {
        "verify": Listed("verify", "Check a log or a receipt, with no database."),
        "promises": Listed("promises", "Try to break every promise on this installation."),
        "witness": Listed("witness", "Cosign another installation's log."),
        "incident": Listed("incident", "Report an incident, and prepare a notice to each it affects."),
        "notices": Listed("incident", "Read the notices that were prepared for you."),
    },
    "Looking after it": {
        "backup": Listed("backup", "Write a backup: data, and keys apart from it."),
        "restore": Listed("restore", "Restore a backup; what was erased stays erased."),
        "rotate": Listed("upkeep", "Turn the root epoch, so that what was erased is final."),
        "sweep": Listed("upkeep", "Remove what has expired and what a crash left."),
        "jobs": Listed("upkeep", "Count the background work, or run what is due."),
        "staff": Listed("staff", "Reviewers, operators and auditors: add, certify, suspend."),
        "approval": Listed("approval", "What takes two members of staff: request, approve, list."),
        "review": Listed("review", "Draw clips for review, verify a draw, figures, budgets."),
        "deidentifier": Listed("deidentifier", "Make the copies that reviewers hear; up starts it."),
        "workbench": Listed("workbench", "Run the reviewers' web application; up starts it."),
        "bench": Listed("bench", "Measure this machine, beside the bare libraries."),
    },
}
COMMANDS: Mapping[str, Listed] = {name: listed for section in SECTIONS.values() for name, listed in section.items()}
HIDDEN: Mapping[str, Listed] = {"reference": Listed("reference", "Write docs/commands.md anew.")}
