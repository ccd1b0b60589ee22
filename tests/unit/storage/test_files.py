"""Files are whole or not there, and errors name the file."""

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from earwitness.kernel.errors import StorageBusy, StorageError, StorageFull
from earwitness.storage.files import FolderLock, make_folder, remove_durably, storage_error, sync_folder, write_durably
from earwitness.testing.limits import largest_file


def test_the_content_and_the_mode_are_as_given(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        write_durably(tmp_path / "public", b"tile", 0o644)
    finally:
        os.umask(before)
    write_durably(tmp_path / "key", b"secret")
    assert (tmp_path / "public").read_bytes() == b"tile"
    assert stat.S_IMODE((tmp_path / "public").stat().st_mode) == 0o644
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    write_durably(path, b"old")
    with path.open("rb") as reader:
        write_durably(path, b"new and longer")
        assert reader.read() == b"old"
    assert path.read_bytes() == b"new and longer"
    assert list(tmp_path.iterdir()) == [path]


def test_without_space_the_old_file_stays_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    write_durably(path, b"old")
    with largest_file(4096), pytest.raises(StorageFull, match="checkpoint") as full:
        write_durably(path, b"x" * 10_000)
    assert "Free space" in full.value.next_step
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_every_way_to_run_out_of_space_is_full(code: int) -> None:
    assert isinstance(storage_error(OSError(code, os.strerror(code)), Path("x")), StorageFull)


def test_other_refusals_name_the_file_and_the_reason(tmp_path: Path) -> None:
    for call in (
        lambda: write_durably(tmp_path / "absent" / "file", b""),
        lambda: sync_folder(tmp_path / "absent"),
        lambda: remove_durably(tmp_path / "absent" / "file"),
    ):
        with pytest.raises(StorageError, match=r"absent.* cannot be used: No such file or directory"):
            call()


def test_a_folder_is_not_written_as_a_file(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(StorageError, match="folder cannot be used"):
        write_durably(tmp_path / "folder", b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(b"untouched")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    write_durably(tmp_path / "link", b"ours")
    assert (tmp_path / "elsewhere").read_bytes() == b"untouched"
    assert not (tmp_path / "link").is_symlink()


def test_removing_is_idempotent(tmp_path: Path) -> None:
    write_durably(tmp_path / "key", b"x")
    remove_durably(tmp_path / "key")
    remove_durably(tmp_path / "key")
    assert list(tmp_path.iterdir()) == []


def test_folders_are_made_private_and_may_exist(tmp_path: Path) -> None:
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "a" / "b")
    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o700


def test_a_file_in_the_way_of_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    with pytest.raises(StorageError, match="cannot be used"):
        make_folder(tmp_path / "a" / "b")


@pytest.mark.parametrize("place", ["lock", "."], ids=["file", "folder"])
def test_an_exclusive_lock_keeps_everyone_else_out(tmp_path: Path, place: str) -> None:
    path = tmp_path / place
    with FolderLock(path, exclusive=True):
        for exclusive in (True, False):
            with pytest.raises(StorageBusy, match="held by another process"), FolderLock(path, exclusive, wait=False):
                pass
    with FolderLock(path, exclusive=True, wait=False):
        pass


def test_shared_locks_are_held_together_and_keep_the_exclusive_one_out(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with (
        FolderLock(path, exclusive=False),
        FolderLock(path, exclusive=False, wait=False),
        pytest.raises(StorageBusy),
        FolderLock(path, exclusive=True, wait=False),
    ):
        pass


def test_a_lock_of_another_process_ends_with_it(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib\n"
        "from earwitness.storage.files import FolderLock\n"
        f"lock = FolderLock(pathlib.Path({str(tmp_path / 'lock')!r}), exclusive=True)\n"
        "lock.__enter__(); print('held', flush=True); sys.stdin.read()\n"
    )
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", program], stdin=pipe, stdout=pipe) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(StorageBusy), FolderLock(tmp_path / "lock", exclusive=True, wait=False):
            pass
        process.kill()
    with FolderLock(tmp_path / "lock", exclusive=True, wait=False):
        pass


def test_descriptors_are_given_back(tmp_path: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for n in range(20):
        write_durably(tmp_path / "file", b"x")
        with FolderLock(tmp_path / "lock", exclusive=True), pytest.raises(StorageError):
            write_durably(tmp_path / "absent" / str(n), b"x")
    assert len(list(Path("/proc/self/fd").iterdir())) == before
