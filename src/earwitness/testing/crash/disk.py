"""A model of a disk that loses its unsynced writes.

The model promises what POSIX promises (IEEE Std 1003.1, fsync, rename) and nothing that particular
Linux file systems add, in the manner of ALICE (Pillai et al., "All File Systems Are Not Created
Equal", OSDI 2014):

- A write, a truncation or an allocation is pending until its file is synced (fsync, fdatasync). After
  a power cut any subset of what was pending may be there, applied in order; a write may be torn at
  512-byte sectors. What came after the sync began is not covered by it.
- A name (create, link, rename, unlink, mkdir) is pending until the *folder that holds it* is synced.
  Syncing a file does not make its name durable.
- A rename within a folder is one change: all or nothing. A rename between folders is two, the new name
  and the removal of the old one; the second never survives without the first, so that the file is under
  its old name, its new name or both, never under none.
- Permission bits are set at once.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from earwitness.testing.crash.image import Entry, Image, content_digest, digest_of

SECTOR = 512


@dataclass(frozen=True, slots=True)
class Change:
    """A pending change of a file's content: ``data`` written at ``offset``, or a new ``size``."""

    serial: int
    offset: int = 0
    data: bytes = b""
    size: int | None = None

    def apply(self, content: bytearray) -> None:
        """Change the content in place; a hole reads as zeros."""
        if self.size is not None:
            del content[self.size :]
            content.extend(bytes(self.size - len(content)))
            return
        content.extend(bytes(max(0, self.offset - len(content))))
        content[self.offset : self.offset + len(self.data)] = self.data


@dataclass(frozen=True, slots=True)
class NameChange:
    """A pending change of a folder: a name added, a name removed, or both (a rename).

    ``after`` is the folder and the serial of the change that this one never survives without.
    """

    serial: int
    added: tuple[str, "Node"] | None = None
    removed: str | None = None
    after: tuple["Folder", int] | None = None

    def apply(self, names: "dict[str, Node]") -> None:
        """Change the names in place."""
        if self.removed is not None:
            names.pop(self.removed, None)
        if self.added is not None:
            names[self.added[0]] = self.added[1]


class Survivors(Protocol):
    """Decides which pending changes a power cut leaves."""

    def survives(self, serial: int) -> bool:
        """Say whether a pending change survives; the same answer each time for the same serial."""
        ...

    def what_is_left(self, change: Change) -> list[Change]:
        """Return what is left of a surviving write: itself, or some of its sectors."""
        ...


@dataclass(slots=True, eq=False)
class File:
    """A file by its inode: what is durable, what a reader sees now, and the changes between."""

    mode: int
    durable: bytearray = field(default_factory=bytearray)
    current: bytearray = field(default_factory=bytearray)
    pending: list[Change] = field(default_factory=list)
    digests: dict[str, bytes] = field(default_factory=dict)

    def change(self, change: Change) -> None:
        """Apply a change now; it is pending until the next sync."""
        change.apply(self.current)
        self.pending.append(change)
        self.digests.pop("current", None)

    def sync(self, upto: int) -> None:
        """Make durable what was changed up to a serial."""
        covered = [change for change in self.pending if change.serial <= upto]
        for change in covered:
            change.apply(self.durable)
        if covered:
            self.pending = self.pending[len(covered) :]
            self.digests.pop("durable", None)

    def digest(self, view: str) -> bytes:
        """Hash the ``durable`` or the ``current`` content, once for each version."""
        if view not in self.digests:
            self.digests[view] = content_digest(self.durable if view == "durable" else self.current)
        return self.digests[view]

    def left_by(self, survivors: Survivors) -> bytes:
        """Return the content that a power cut leaves."""
        content = bytearray(self.durable)
        for change in self.pending:
            if survivors.survives(change.serial):
                for part in survivors.what_is_left(change):
                    part.apply(content)
        return bytes(content)


@dataclass(slots=True, eq=False)
class Folder:
    """A folder by its inode."""

    mode: int
    durable: "dict[str, Node]" = field(default_factory=dict)
    current: "dict[str, Node]" = field(default_factory=dict)
    pending: list[NameChange] = field(default_factory=list)

    def change(self, change: NameChange) -> None:
        """Apply a change of names now; it is pending until the next sync."""
        change.apply(self.current)
        self.pending.append(change)

    def sync(self, upto: int) -> None:
        """Make durable which names were added and removed up to a serial."""
        covered = [change for change in self.pending if change.serial <= upto]
        self.pending = self.pending[len(covered) :]
        for change in covered:
            if change.after is not None:
                folder, serial = change.after
                folder.sync(serial)
            change.apply(self.durable)

    def is_pending(self, serial: int) -> bool:
        """Say whether the change with this serial is still pending."""
        return any(change.serial == serial for change in self.pending)

    def left_by(self, survivors: Survivors) -> "dict[str, Node]":
        """Return the names that a power cut leaves."""
        names = dict(self.durable)
        for change in self.pending:
            held_back = (
                change.after is not None
                and change.after[0].is_pending(change.after[1])
                and not survivors.survives(change.after[1])
            )
            if survivors.survives(change.serial) and not held_back:
                change.apply(names)
        return names


Node = File | Folder


class Disk:
    """A folder on the modelled disk. Paths are relative to it, with slashes; "" is the folder itself."""

    def __init__(self, base: Image) -> None:
        """Begin with everything in ``base`` durable."""
        self.root = Folder(0o700)
        self.serial = 0
        for path, entry in sorted(base.items()):
            node: Node = Folder(entry.mode)
            if entry.data is not None:
                node = File(entry.mode, bytearray(entry.data), bytearray(entry.data))
            folder, name = self._place(path)
            folder.durable[name] = folder.current[name] = node

    def find(self, path: str) -> Node | None:
        """Return what is at a path now, or None."""
        node: Node | None = self.root
        for name in path.split("/") if path else ():
            node = node.current.get(name) if isinstance(node, Folder) else None
        return node

    def write(self, file: File, offset: int, data: bytes) -> None:
        """Write into a file."""
        file.change(Change(self._next(), offset=offset, data=data))

    def resize(self, file: File, size: int) -> None:
        """Truncate or extend a file."""
        file.change(Change(self._next(), size=size))

    def add(self, path: str, node: Node) -> None:
        """Give a node a name: a new file, a new folder or a hard link."""
        folder, name = self._place(path)
        folder.change(NameChange(self._next(), added=(name, node)))

    def remove(self, path: str) -> None:
        """Take a name away."""
        folder, name = self._place(path)
        folder.change(NameChange(self._next(), removed=name))

    def rename(self, old: str, new: str) -> None:
        """Give a node a new name, replacing what had it."""
        source, old_name = self._place(old)
        target, new_name = self._place(new)
        node = source.current[old_name]
        if source is target:
            source.change(NameChange(self._next(), added=(new_name, node), removed=old_name))
            return
        added = self._next()
        target.change(NameChange(added, added=(new_name, node)))
        source.change(NameChange(self._next(), removed=old_name, after=(target, added)))

    def sync_all(self, upto: int) -> None:
        """Make everything durable that was changed up to a serial (``sync``)."""
        for node in list(self._nodes(self.root, set())):
            node.sync(upto)

    def has_pending(self) -> bool:
        """Say whether a power cut now would lose anything."""
        return any(node.pending for node in self._nodes(self.root, set()))

    def _next(self) -> int:
        self.serial += 1
        return self.serial

    def _place(self, path: str) -> tuple[Folder, str]:
        parent, _, name = path.rpartition("/")
        folder = self.find(parent)
        if not isinstance(folder, Folder):
            raise KeyError(path)
        return folder, name

    def _nodes(self, node: Node, seen: set[int]) -> Iterator[Node]:
        """Walk all that can still be reached by a current, durable or pending name."""
        if id(node) in seen:
            return
        seen.add(id(node))
        yield node
        if isinstance(node, Folder):
            pending = [change.added[1] for change in node.pending if change.added is not None]
            for child in [*node.durable.values(), *node.current.values(), *pending]:
                yield from self._nodes(child, seen)


def _walk(folder: Folder, names: Callable[[Folder], dict[str, Node]], prefix: str = "") -> Iterator[tuple[str, Node]]:
    for name, node in names(folder).items():
        yield prefix + name, node
        if isinstance(node, Folder):
            yield from _walk(node, names, f"{prefix}{name}/")


def digest_durable(disk: Disk) -> bytes:
    """Hash what was synced, without copying it."""
    return _digest(disk, "durable", lambda folder: folder.durable)


def digest_current(disk: Disk) -> bytes:
    """Hash all that was written so far, without copying it."""
    return _digest(disk, "current", lambda folder: folder.current)


def _digest(disk: Disk, view: str, names: Callable[[Folder], dict[str, Node]]) -> bytes:
    return digest_of(
        {
            path: (node.mode, node.digest(view) if isinstance(node, File) else content_digest(None))
            for path, node in _walk(disk.root, names)
        }
    )


def durable_image(disk: Disk) -> dict[str, Entry]:
    """Return what was synced, and nothing else: the worst power cut."""
    return _image(disk, lambda folder: folder.durable, lambda file: bytes(file.durable))


def current_image(disk: Disk) -> dict[str, Entry]:
    """Return all that was written so far: what ``kill -9`` leaves."""
    return _image(disk, lambda folder: folder.current, lambda file: bytes(file.current))


def image_left_by(disk: Disk, survivors: Survivors) -> dict[str, Entry]:
    """Return what a power cut leaves when these pending changes survive it."""
    return _image(disk, lambda folder: folder.left_by(survivors), lambda file: file.left_by(survivors))


def _image(
    disk: Disk, names: Callable[[Folder], dict[str, Node]], content: Callable[[File], bytes]
) -> dict[str, Entry]:
    return {
        path: Entry(node.mode, content(node) if isinstance(node, File) else None)
        for path, node in _walk(disk.root, names)
    }
