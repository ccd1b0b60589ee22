"""The folder of installed engines: ``engines/<engine>/<model>/`` with its files and the record ``engine.json``.

An engine is fetched into ``<model>.part`` beside its place, file by file; a part of a file stays there and is gone on
with. When every file has the size and hash that its source states, the record with each file's SHA-256 is written and
the folder gets its name: what has a record is whole. Not in backups: it can be fetched again.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Final

import httpx

from earwitness.kernel.errors import BadInput, EngineFailed, EngineMissing, NotFound
from earwitness.speech.engines.catalogue import Offer
from earwitness.speech.engines.plans import Digest, Plan, Remote, unreachable
from earwitness.storage.files import os_errors, sync_folder, write_durably

RECORD: Final = "engine.json"
RECORDED: Final = ("licence", "source", "revision", "checked")
FOLDER: Final = "engines"
PIECE: Final = 1 << 18
PARTIAL_CONTENT: Final = 206
OK: Final = 200
LARGEST: Final = 20_000_000_000
Progress = Callable[[int, int], None]
"""Called with the bytes that are there and the bytes there will be."""


@dataclass(frozen=True, slots=True)
class Held:
    """A file of an installed engine."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Installed:
    """What the record says: ``checked`` is how the files were checked against their source."""

    name: str
    folder: Path
    licence: str
    source: str
    revision: str
    checked: str
    files: tuple[Held, ...]

    @property
    def size(self) -> int:
        """Bytes of its files."""
        return sum(each.size for each in self.files)


class EngineFolder:
    """The engines installed below a data folder."""

    def __init__(self, data: Path) -> None:
        """Look in ``data``/engines; it need not exist."""
        self.root = data / FOLDER

    def place(self, offer: Offer) -> Path:
        """Where an offer's files go."""
        return self.root / offer.engine / offer.model

    def installed(self, offer: Offer) -> Installed | None:
        """What is installed of an offer; None if nothing, or not all of it.

        Raises:
            EngineMissing: its record is damaged, or a file has another size than it had.
        """
        folder = self.place(offer)
        try:
            told = json.loads((folder / RECORD).read_bytes())
            files = tuple(Held(str(each["name"]), int(each["size"]), str(each["sha256"])) for each in told["files"])
            licence, source, revision, checked = (str(told[key]) for key in RECORDED)
            found = Installed(offer.name, folder, licence, source, revision, checked, files)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise _damaged(offer) from error
        if any(_size(folder / each.name) != each.size for each in found.files):
            raise _damaged(offer)
        return found

    def check(self, offer: Offer) -> Installed | None:
        """As :meth:`installed`, and every file is hashed.

        Raises:
            EngineMissing: a file is not what was installed.
        """
        found = self.installed(offer)
        if found and any(_sha256(found.folder / each.name) != each.sha256 for each in found.files):
            raise _damaged(offer)
        return found

    def fetch(self, offer: Offer, plan: Plan, client: httpx.Client, progress: Progress) -> Installed:
        """Fetch what is not there yet and install it.

        Raises:
            EngineMissing: the source cannot be reached; what was fetched is kept for the next time.
            EngineFailed: the source sent something else than it stated; that is thrown away.
            StorageFull, StorageError: it cannot be written.
        """
        part = self._part(offer)
        before = 0
        for each in plan.files:
            download(each, part / each.name, client, partial(_told, progress, before, plan.size))
            before += each.size
        algorithms = sorted({each.algorithm for each in plan.files})
        return self._install(offer, part, plan.revision, ", ".join(algorithms), [each.name for each in plan.files])

    def take(self, offer: Offer, folder: Path, plan: Plan | None, names: Callable[[str], bool]) -> Installed:
        """Install the files of a folder: those of ``plan``, checked, or without one those whose name fits.

        Raises:
            BadInput: the folder lacks a file, or one is not what the plan says.
            StorageFull, StorageError: it cannot be written.
        """
        wanted = [each.name for each in plan.files] if plan else sorted(_fitting(folder, names))
        if not wanted:
            raise BadInput(
                f"There is no file of {offer.name} in that folder.", next_step="Give the folder of its files."
            )
        part = self._part(offer)
        for name in wanted:
            if not (folder / name).is_file():
                raise BadInput(f"The folder has no {name}.", next_step="Give the folder with all files of the model.")
            with os_errors(part / name):
                shutil.copyfile(folder / name, part / name)
        for each in plan.files if plan else ():
            if not fits(each, part / each.name):
                (part / each.name).unlink()
                raise BadInput(f"{each.name} is not the file that {offer.name} has.", next_step="Fetch it again.")
        revision = plan.revision if plan else "unknown"
        return self._install(offer, part, revision, "crc32c" if plan else "recorded only", wanted)

    def remove(self, offer: Offer) -> int:
        """Remove an engine's files, whole or not; return how many bytes went.

        Raises:
            NotFound: there are none.
        """
        folders = [each for each in (self.place(offer), self._part_of(offer)) if each.is_dir()]
        if not folders:
            raise NotFound(f"{offer.name} is not installed.", next_step="earwitness engines list says what is.")
        size = sum(each.stat().st_size for folder in folders for each in folder.rglob("*") if each.is_file())
        for folder in folders:
            with os_errors(folder):
                shutil.rmtree(folder)
        return size

    def _part_of(self, offer: Offer) -> Path:
        place = self.place(offer)
        return place.with_name(place.name + ".part")

    def _part(self, offer: Offer) -> Path:
        part = self._part_of(offer)
        with os_errors(part):
            part.mkdir(parents=True, exist_ok=True)
        return part

    def _install(self, offer: Offer, part: Path, revision: str, checked: str, names: list[str]) -> Installed:
        files = [Held(name, (part / name).stat().st_size, _sha256(part / name)) for name in names]
        record = {
            "name": offer.name,
            "licence": offer.licence,
            "source": offer.source,
            "revision": revision,
            "checked": checked,
            "files": [asdict(each) for each in files],
        }
        for stray in set(part.iterdir()) - {part / name for name in names}:
            stray.unlink()
        write_durably(part / RECORD, json.dumps(record, indent=1).encode())
        place = self.place(offer)
        with os_errors(place):
            if place.exists():
                shutil.rmtree(place)
            part.rename(place)
            sync_folder(place.parent)
        found = self.installed(offer)
        if found is None:
            raise _damaged(offer)
        return found


def _told(progress: Progress, before: int, size: int, done: int) -> None:
    progress(before + done, size)


def download(remote: Remote, path: Path, client: httpx.Client, progress: Callable[[int], None]) -> None:
    """Fetch one file to ``path``, going on behind what is there; check its size and hash.

    Raises:
        EngineMissing: the source cannot be reached, or broke off; what came is kept.
        EngineFailed: it sent something else; that is thrown away.
    """
    if fits(remote, path):
        progress(remote.size)
        return
    if _size(path) >= remote.size:
        path.unlink()
    try:
        _transfer(remote, path, client, progress)
    except httpx.HTTPError as error:
        raise unreachable(httpx.URL(remote.url).host) from error
    if not fits(remote, path):
        path.unlink(missing_ok=True)
        raise EngineFailed(
            f"{remote.name} did not come as its source states it; it was thrown away.",
            next_step="Run it again; if it stays so, take the files from elsewhere with --from FOLDER.",
        )


def _transfer(remote: Remote, path: Path, client: httpx.Client, progress: Callable[[int], None]) -> None:
    there = max(0, _size(path))
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={there}-"} if there else {})
    with client.stream("GET", remote.url, headers=headers) as answer:
        if answer.status_code not in {OK, PARTIAL_CONTENT}:
            msg = f"{answer.url.host} answered {answer.status_code} for {remote.name}."
            raise EngineFailed(msg, next_step="Try again later, or take the files from elsewhere with --from FOLDER.")
        goes_on = answer.status_code == PARTIAL_CONTENT
        there = there if goes_on else 0
        with os_errors(path), path.open("ab" if goes_on else "wb") as file:
            for piece in answer.iter_raw():  # as they come, so that nothing is lost when it breaks off
                there += len(piece)
                if there > remote.size:
                    break  # more than was stated: what is there will not fit
                file.write(piece)
                progress(there)


def fits(remote: Remote, path: Path) -> bool:
    """Whether a file is the one that is meant."""
    if _size(path) != remote.size or remote.size > LARGEST:
        return False
    digest = Digest(remote.algorithm, remote.size)
    for piece in _pieces(path):
        digest.update(piece)
    return digest.hexdigest() == remote.digest


def _fitting(folder: Path, names: Callable[[str], bool]) -> Iterator[str]:
    if folder.is_dir():
        yield from (each.name for each in folder.iterdir() if each.is_file() and names(each.name))


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    for piece in _pieces(path):
        digest.update(piece)
    return digest.hexdigest()


def _pieces(path: Path) -> Iterator[bytes]:
    with os_errors(path), path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else -1


def _damaged(offer: Offer) -> EngineMissing:
    return EngineMissing(
        f"The files of {offer.name} are not what was installed.", next_step=f"earwitness engines install {offer.name}"
    )
