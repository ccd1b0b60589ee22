"""Make and destroy keys and turn epochs, twice over."""

import hashlib
import sys
from pathlib import Path

from earwitness.kernel.clock import SystemClock
from earwitness.testing.crash.facts import acknowledged, trying
from earwitness.vault.custodians.keyfile import KeyFile
from earwitness.vault.keyring import Keyring
from earwitness.vault.rings import RingFiles

folder = Path(sys.argv[1])
keyring = Keyring(RingFiles(folder), KeyFile(folder), SystemClock())


def add(subject: str, *names: str) -> None:
    for name in names:
        trying("add", subject, name)
    keyring.add_keys([(subject, name, hashlib.sha256(name.encode()).digest()) for name in names])
    for name in names:
        acknowledged("add", subject, name)


def destroy(*names: str) -> None:
    for name in names:
        trying("destroy", name)
    keyring.destroy_keys(names)
    for name in names:
        acknowledged("destroy", name)


def meanwhile(step: str) -> None:
    """Write while a rotation is under way: before its copy is complete, and after."""
    if step == "ring made":
        add("per_old", f"{turn}6", f"{turn}7")
        destroy(f"{turn}5", f"{turn}6")
    if step == "copied":
        add("per_old", f"{turn}8")
        destroy(f"{turn}2", f"{turn}8")


for turn in "ab":
    subject = f"per_{turn}"
    trying("create", subject)
    keyring.create_subject(subject)
    acknowledged("create", subject)
    add(subject, f"{turn}1", f"{turn}2", f"{turn}3")
    add("per_old", f"{turn}4", f"{turn}5")
    destroy(f"{turn}1", f"{turn}4")
    trying("rotate")
    keyring.rotate(step=meanwhile)
    acknowledged("rotate")
    trying("forget", subject)
    keyring.destroy_subject(subject)
    acknowledged("forget", subject)
trying("rotate")
keyring.rotate()
acknowledged("rotate")
keyring.close()
