"""Keep and remove files and objects through the product's own writers, from two threads."""

import sys
import threading
from pathlib import Path

from earwitness.storage.blobs import LocalBlobs
from earwitness.storage.files import make_folder, remove_durably, write_durably
from earwitness.testing.crash.facts import acknowledged, trying

folder = Path(sys.argv[1])


def letters() -> None:
    make_folder(folder / "letters" / "of" / "mine")
    for number in range(4):
        path = folder / "letters" / "of" / "mine" / str(number % 2)
        trying("letter", path.name, str(number))
        write_durably(path, f"letter {number}\n".encode() * 100)
        acknowledged("letter", path.name, str(number))
    trying("remove", "0")
    remove_durably(folder / "letters" / "of" / "mine" / "0")
    acknowledged("remove", "0")


def objects() -> None:
    blobs = LocalBlobs(folder / "blobs")
    for batch in range(4):
        names = [f"{batch % 2}{place % 2}/{batch}{place}00000000" for place in range(3)]
        for name in names:
            trying("put", name)
        blobs.put_many([(name, name.encode() * 150) for name in names])
        for name in names:
            acknowledged("put", name)
    trying("put", "00/single0000")
    blobs.put("00/single0000", [b"00/single0000"] * 150)
    acknowledged("put", "00/single0000")
    trying("delete", names[0])
    blobs.delete_many([names[0], "99/neverwas00"])
    acknowledged("delete", names[0])


threads = [threading.Thread(target=work) for work in (letters, objects)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
