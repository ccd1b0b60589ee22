"""A small disk of its own that runs full at every possible place.

The disk is a tmpfs. A filler file takes all of it but so many pages, the work is tried, the filler is
removed, and the folder is held against what was acknowledged; then the same from the same start with
one page more, until the work goes through. Mounting needs root, or a user namespace:
:func:`in_own_mounts` runs a test again inside of one when it must.
"""

import functools
import inspect
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import ParamSpec, Self

from earwitness.kernel.errors import StorageFull
from earwitness.testing.crash.facts import Fact
from earwitness.testing.crash.image import Image, lay_out
from earwitness.testing.crash.power_cut import Check

PAGE = 4096
INSIDE = "EARWITNESS_TEST_OWN_MOUNTS"

P = ParamSpec("P")
Attempt = Callable[[Path, list[Fact]], None]
"""Does the work in a folder, adding facts as it goes; raises StorageFull when there is no space left."""


class CannotMount(Exception):
    """Neither root nor a user namespace is to be had, so no disk can be made to run full."""


class SmallDisk:
    """A tmpfs mounted at ``at`` for the length of a ``with``."""

    def __init__(self, at: Path, size: int) -> None:
        """Prepare a disk of ``size`` bytes."""
        self.at = at
        self._size = size

    def __enter__(self) -> Self:
        """Mount it.

        Raises:
            CannotMount: the system refused.
        """
        self.at.mkdir(parents=True, exist_ok=True)
        options = f"size={self._size},mode=700"
        command = ["mount", "-t", "tmpfs", "-o", options, "earwitness-test", str(self.at)]
        done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - fixed words and a path of ours
        if done.returncode != 0:
            raise CannotMount(done.stderr.decode(errors="replace"))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Unmount it, and with it all that is on it."""
        subprocess.run(["umount", "--lazy", str(self.at)], check=True)  # noqa: S603, S607 - likewise

    @property
    def _filler(self) -> Path:
        return self.at / "filler"

    def free(self) -> int:
        """Return how many bytes are free."""
        state = os.statvfs(self.at)
        return state.f_bavail * state.f_frsize

    def fill(self, *, leaving: int) -> None:
        """Take all space but ``leaving`` bytes (whole pages)."""
        self.release()
        descriptor = os.open(self._filler, os.O_CREAT | os.O_WRONLY, 0o600)
        try:
            taken = self.free() - leaving
            if taken > 0:
                os.posix_fallocate(descriptor, 0, taken)
        finally:
            os.close(descriptor)

    def release(self) -> None:
        """Give the space back."""
        self._filler.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class FullTally:
    """How often the disk ran full, and with how many free pages the work went through."""

    ran_full: int
    pages_needed: int


def fill_step_by_step(disk: SmallDisk, start: Image, attempt: Attempt, check: Check, *, stride: int = 1) -> FullTally:
    """Try the work with 0, ``stride``, 2 x ``stride``, … free pages until it goes through; check each time.

    Raises:
        AssertionError: the check failed, or the work failed with anything but StorageFull; a note
            says how many pages were free.
    """
    folder = disk.at / "data"
    ran_full = pages = 0
    while True:
        disk.release()
        lay_out(start, folder)
        facts: list[Fact] = []
        try:
            went_through = _tried(disk, pages * PAGE, folder, facts, attempt)
            check(folder, facts)
        except Exception as error:
            error.add_note(f"with {pages} pages free")
            raise
        if went_through:
            return FullTally(ran_full, pages)
        ran_full += 1
        pages += stride


def _tried(disk: SmallDisk, leaving: int, folder: Path, facts: list[Fact], attempt: Attempt) -> bool:
    disk.fill(leaving=leaving)
    try:
        attempt(folder, facts)
    except StorageFull:
        return False
    finally:
        disk.release()
    return True


def in_own_mounts(test: Callable[P, None]) -> Callable[P, None]:
    """Let a test mount: as it is where the system allows it, otherwise by running it again as root of a namespace."""

    @functools.wraps(test)
    def run(*arguments: P.args, **named: P.kwargs) -> None:
        if _may_mount():
            test(*arguments, **named)
        else:
            _run_inside(test)

    return run


def _may_mount() -> bool:
    """Say whether this process may mount; being root is not enough in many containers."""
    return subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode == 0  # noqa: S607 - of the base system


def _run_inside(test: Callable[..., None]) -> None:
    if INSIDE in os.environ:
        msg = "this system allows neither mounts nor user namespaces with mounts of their own"
        raise CannotMount(msg)
    name = os.environ["PYTEST_CURRENT_TEST"].split("::", 1)[1].rsplit(" ", 1)[0]
    node = f"{inspect.getfile(test)}::{name}"
    command = ["unshare", "--user", "--map-root-user", "--mount", sys.executable, "-m", "pytest", node]
    env = {**os.environ, INSIDE: "1", "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run(  # noqa: S603 - this very test, once more
        [*command, "-p", "no:cacheprovider"], env=env, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise AssertionError(done.stdout[-8000:] + done.stderr[-2000:])
