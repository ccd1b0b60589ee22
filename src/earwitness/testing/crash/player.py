"""Play system calls onto the model of a disk.

Calls come in the order in which they returned. Descriptors are followed through open, dup and fork,
because a write without an offset goes to a position that only its history tells. Whatever could
change the folder in a way that is not modelled raises :class:`TraceUnreadable` instead of being
passed over.
"""

import os
import re
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field

from earwitness.testing.crash.disk import Disk, File, Folder, Node
from earwitness.testing.crash.image import Passing
from earwitness.testing.crash.strace import Call, TraceUnreadable, buffers_of, bytes_of, descriptor_of, text_of

UMASK = 0o022
HANDLED = {
    "_clone": "clone clone3 fork vfork",
    "_open": "open openat openat2 creat",
    "_close": "close",
    "_duplicate": "dup dup2 dup3 fcntl",
    "_write": "write",
    "_write_at": "pwrite64",
    "_write_many": "writev",
    "_write_many_at": "pwritev pwritev2",
    "_copy": "sendfile copy_file_range",
    "_seek": "lseek",
    "_resize": "truncate ftruncate",
    "_allocate": "fallocate",
    "_map": "mmap",
    "_sync": "fsync fdatasync",
    "_sync_all": "sync syncfs",
    "_rename": "rename renameat renameat2",
    "_link": "link linkat",
    "_unlink": "unlink unlinkat rmdir",
    "_make_folder": "mkdir mkdirat",
    "_chmod": "chmod fchmod fchmodat",
    "_refuse": "symlink symlinkat mknod mknodat splice io_uring_setup",
    "_change_folder": "chdir fchdir",
}
TRACED = frozenset(name for names in HANDLED.values() for name in names.split())
SETTLING = frozenset({"fsync", "fdatasync", "sync", "syncfs", "chmod", "fchmod", "fchmodat"})


@dataclass(slots=True)
class Opened:
    """An open file description: shared by all descriptors that were made from one open."""

    node: Node
    append: bool = False
    synced: bool = False
    position: int = 0


@dataclass(slots=True)
class Process:
    """What the threads of one process share."""

    descriptors: dict[int, Opened] = field(default_factory=dict)
    since: dict[int, int] = field(default_factory=dict)
    """When each descriptor was got: the place of its call in the order of returning."""
    cwd: str = ""

    def copy(self) -> "Process":
        """Return what a child begins with: descriptors of its own for the same open files."""
        return Process(dict(self.descriptors), dict(self.since), self.cwd)

    def get(self, number: int, opened: Opened, call: Call) -> None:
        """Note a new descriptor."""
        self.descriptors[number] = opened
        self.since[number] = call.ended

    def drop(self, number: int, call: Call) -> None:
        """Forget a descriptor, unless it was got again before the closing call returned."""
        if self.since.get(number, -1) < call.began:
            self.descriptors.pop(number, None)


class Player:
    """Applies calls to a :class:`Disk` that models ``folder`` (an absolute, resolved path)."""

    def __init__(self, disk: Disk, folder: str, cwd: str, passing: Passing) -> None:
        """Begin with a disk that holds the folder as it was before the first call."""
        self.disk = disk
        self._folder = folder
        self._passing = passing
        self._cwd = cwd
        self._processes: dict[int, Process] = {}
        self._ended: list[int] = []  # the calls that were played, by when they ended,
        self._serials = [0]  # and how far the disk was before the first and after each
        self._handlers = self._table()

    def play(self, call: Call) -> bool:
        """Apply one call and say whether it may have changed the disk or what is durable of it."""
        before = self.disk.serial
        handler = self._handlers.get(call.name)
        if handler is not None:
            handler(call)
        self._ended.append(call.ended)
        self._serials.append(self.disk.serial)
        return self.disk.serial != before or call.name in SETTLING

    def _serial_before(self, call: Call) -> int:
        """Return how far the disk was when a call began."""
        return self._serials[bisect_left(self._ended, call.began)]

    def _table(self) -> dict[str, Callable[[Call], None]]:
        return {name: getattr(self, method) for method, names in HANDLED.items() for name in names.split()}

    # --- descriptors ------------------------------------------------------------------------

    def _process(self, call: Call) -> Process:
        if call.process not in self._processes:
            # The first process, or a child that called something before its clone returned here.
            parent = next(iter(self._processes.values()), Process(cwd=self._cwd))
            self._processes[call.process] = parent.copy()
        return self._processes[call.process]

    def _clone(self, call: Call) -> None:
        parent, early = self._process(call), self._processes.get(call.result)
        if any("CLONE_FILES" in arg for arg in call.args):
            parent.descriptors.update(early.descriptors if early else {})
            parent.since.update(early.since if early else {})
            self._processes[call.result] = parent
        elif early is None:
            self._processes[call.result] = parent.copy()

    def _open(self, call: Call) -> None:
        path = self._inside(call.result_path)
        if path is None:
            self._process(call).descriptors.pop(call.result, None)
            return
        text = " ".join(call.args)
        if "O_TMPFILE" in text:
            raise TraceUnreadable(call.describe())
        node = self.disk.find(path)
        if node is None:
            node = File(_mode(call.args[-1]) & ~UMASK)
            self.disk.add(path, node)
        elif isinstance(node, File) and ("O_TRUNC" in text or call.name == "creat") and node.current:
            self.disk.resize(node, 0)
        opened = Opened(node, "O_APPEND" in text, "SYNC" in text)
        self._process(call).get(call.result, opened, call)

    def _close(self, call: Call) -> None:
        number, _ = descriptor_of(call.args[0])
        self._process(call).drop(number or 0, call)

    def _duplicate(self, call: Call) -> None:
        if call.name == "fcntl" and not call.args[1].startswith("F_DUPFD"):
            return
        process = self._process(call)
        number, _ = descriptor_of(call.args[0])
        process.descriptors.pop(call.result, None)
        if number in process.descriptors:
            process.get(call.result, process.descriptors[number], call)

    def _opened(self, call: Call, argument: int = 0) -> Opened | None:
        """Return the description behind a descriptor if it is of the folder."""
        number, path = descriptor_of(call.args[argument])
        if self._inside(path) is None:
            return None
        opened = self._process(call).descriptors.get(number or 0)
        if opened is None:
            msg = f"a descriptor whose opening was not seen: {call.describe()}"
            raise TraceUnreadable(msg)
        return opened

    def _file(self, call: Call, argument: int = 0) -> tuple[Opened, File] | None:
        opened = self._opened(call, argument)
        if opened is None or not isinstance(opened.node, File):
            return None
        return opened, opened.node

    # --- content ----------------------------------------------------------------------------

    def _write(self, call: Call) -> None:
        self._put(call, bytes_of(call.args[1]), None)

    def _write_at(self, call: Call) -> None:
        self._put(call, bytes_of(call.args[1]), int(call.args[3]))

    def _write_many(self, call: Call) -> None:
        self._put(call, buffers_of(call.args[1]), None)

    def _write_many_at(self, call: Call) -> None:
        self._put(call, buffers_of(call.args[1]), int(call.args[3]))

    def _put(self, call: Call, data: bytes, offset: int | None) -> None:
        found = self._file(call)
        if found is None:
            return
        opened, file = found
        at = opened.position if offset is None else offset
        if opened.append:
            at = len(file.current)
        self.disk.write(file, at, data[: call.result])
        if offset is None:
            opened.position = at + call.result
        if opened.synced:
            file.sync(self.disk.serial)

    def _copy(self, call: Call) -> None:
        """``sendfile`` and ``copy_file_range``: the kernel moves bytes that no string of the trace shows."""
        target, source = (0, 1) if call.name == "sendfile" else (2, 0)
        if self._file(call, target) is None or call.result == 0:
            return
        start = re.match(r"\[(\d+)\]", call.args[2 if call.name == "sendfile" else 1])
        found = self._file(call, source)
        if start is None or (call.name != "sendfile" and call.args[3] != "NULL"):
            raise TraceUnreadable(call.describe())
        begin = int(start[1])
        if found is not None:
            data = bytes(found[1].current[begin : begin + call.result])
        else:
            with open(descriptor_of(call.args[source])[1], "rb") as file:  # noqa: PTH123 - a path of the trace
                file.seek(begin)
                data = file.read(call.result)
        opened, file_node = self._file(call, target) or (None, None)
        if opened is not None and file_node is not None:
            self.disk.write(file_node, opened.position, data)
            opened.position += call.result

    def _seek(self, call: Call) -> None:
        opened = self._opened(call)
        if opened is not None:
            opened.position = call.result

    def _resize(self, call: Call) -> None:
        if call.name == "truncate":
            path = self._resolve(call, None, call.args[0])
            node = self.disk.find(path) if path is not None else None
        else:
            found = self._file(call)
            node = found[1] if found else None
        if isinstance(node, File):
            self.disk.resize(node, int(call.args[1]))

    def _allocate(self, call: Call) -> None:
        found = self._file(call)
        if found is None:
            return
        mode, end = call.args[1], int(call.args[2]) + int(call.args[3])
        if mode not in ("0", "FALLOC_FL_KEEP_SIZE"):
            raise TraceUnreadable(call.describe())
        if mode == "0" and end > len(found[1].current):
            self.disk.resize(found[1], end)

    def _map(self, call: Call) -> None:
        if "MAP_SHARED" in call.args[3] and "PROT_WRITE" in call.args[2] and self._file(call, 4) is not None:
            msg = f"a file is written through memory, which no trace shows: {call.describe()}"
            raise TraceUnreadable(msg)

    # --- durability -------------------------------------------------------------------------

    def _sync(self, call: Call) -> None:
        opened = self._opened(call)
        if opened is not None:
            opened.node.sync(self._serial_before(call))

    def _sync_all(self, call: Call) -> None:
        self.disk.sync_all(self._serial_before(call))

    # --- names ------------------------------------------------------------------------------

    def _rename(self, call: Call) -> None:
        old, new = self._two_paths(call)
        unusual = "RENAME_EXCHANGE" in call.args[-1] or "RENAME_WHITEOUT" in call.args[-1]
        if unusual or (old is None) != (new is None):
            raise TraceUnreadable(call.describe())
        if old is not None and new is not None:
            self.disk.rename(old, new)

    def _link(self, call: Call) -> None:
        old, new = self._two_paths(call)
        if new is None:
            return
        node = self.disk.find(old) if old is not None else None
        if node is None:
            raise TraceUnreadable(call.describe())
        self.disk.add(new, node)

    def _two_paths(self, call: Call) -> tuple[str | None, str | None]:
        if call.name.endswith(("at", "at2")):
            return self._resolve(call, 0, call.args[1]), self._resolve(call, 2, call.args[3])
        return self._resolve(call, None, call.args[0]), self._resolve(call, None, call.args[1])

    def _unlink(self, call: Call) -> None:
        path = self._one_path(call)
        if path is not None:
            self.disk.remove(path)

    def _make_folder(self, call: Call) -> None:
        path = self._one_path(call)
        if path is not None:
            self.disk.add(path, Folder(_mode(call.args[-1]) & ~UMASK))

    def _one_path(self, call: Call) -> str | None:
        at = call.name.endswith("at")
        return self._resolve(call, 0 if at else None, call.args[1 if at else 0])

    def _chmod(self, call: Call) -> None:
        if call.name == "fchmod":
            opened = self._opened(call)
            node = opened.node if opened else None
        else:
            path = self._one_path(call)
            node = self.disk.find(path) if path is not None else None
        if node is not None:
            node.mode = _mode(call.args[2 if call.name == "fchmodat" else 1])

    def _refuse(self, call: Call) -> None:
        """Calls that are not modelled may only touch what is outside of the folder."""
        if call.name.startswith("io_uring") or any(self._folder in text for text in _texts(call)):
            raise TraceUnreadable(call.describe())

    def _change_folder(self, call: Call) -> None:
        path = descriptor_of(call.args[0])[1] if call.name == "fchdir" else text_of(call.args[0])
        process = self._process(call)
        process.cwd = os.path.normpath(os.path.join(process.cwd, path))  # noqa: PTH118 - text of a trace

    # --- paths ------------------------------------------------------------------------------

    def _resolve(self, call: Call, base: int | None, argument: str) -> str | None:
        start = self._process(call).cwd
        if base is not None:
            number, path = descriptor_of(call.args[base])
            start = start if number is None else path
        return self._inside(os.path.normpath(os.path.join(start, text_of(argument))))  # noqa: PTH118 - text of a trace

    def _inside(self, path: str) -> str | None:
        """Return a path relative to the folder; None if it is outside or need not survive."""
        if path == self._folder:
            return ""
        if not path.startswith(self._folder + "/"):
            return None
        relative = path[len(self._folder) + 1 :]
        return None if self._passing(relative) else relative


def _mode(argument: str) -> int:
    return int(argument, 8) if re.fullmatch(r"0[0-7]*", argument) else 0o600


def _texts(call: Call) -> list[str]:
    return [text_of(escaped) for arg in call.args for escaped in re.findall(r"(?:\\x[0-9a-f]{2})+", arg)]
