"""What files as an object store promise beyond the common contract."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from earwitness.kernel.errors import BlobCorrupt, StorageError, StorageFull
from earwitness.storage.blobs import LocalBlobs, batch_names
from earwitness.testing.limits import largest_file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "blobs"


@pytest.fixture
def blobs(folder: Path) -> LocalBlobs:
    return LocalBlobs(folder)


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_an_object_is_a_private_file_of_its_name(blobs: LocalBlobs, folder: Path) -> None:
    blobs.put("ab/abcdef01", b"sealed")
    assert files(folder) == ["ab/abcdef01"]
    assert stat.S_IMODE((folder / "ab/abcdef01").stat().st_mode) == 0o600
    assert (folder / "ab/abcdef01").stat().st_nlink == 1


def test_without_space_nothing_of_the_batch_is_left(blobs: LocalBlobs, folder: Path) -> None:
    items = [(one, b"x" * (100 if n < 7 else 50_000)) for n, one in enumerate(batch_names(8))]
    with largest_file(20_000), pytest.raises(StorageFull, match="Free space"):
        blobs.put_many(items)
    assert files(folder) == []
    blobs.put_many(items)
    assert len(files(folder)) == 8


def test_a_source_that_fails_leaves_nothing(blobs: LocalBlobs, folder: Path) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"a part"
        raise KeyError

    with pytest.raises(KeyError):
        blobs.put("ab/abcdef01", pieces())
    assert files(folder) == []


def test_a_file_that_lost_its_end_is_named(blobs: LocalBlobs, folder: Path) -> None:
    blobs.put("ab/abcdef01", b"x" * 100)
    os.truncate(folder / "ab/abcdef01", 40)
    with pytest.raises(BlobCorrupt, match="ab/abcdef01"):
        blobs.get_range("ab/abcdef01", 30, 60)


def test_a_link_put_in_place_of_an_object_is_not_followed(blobs: LocalBlobs, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").write_bytes(b"not ours")
    (folder / "ab").mkdir()
    (folder / "ab/abcdef01").symlink_to(tmp_path / "outside")
    with pytest.raises(StorageError):
        blobs.get("ab/abcdef01")
    blobs.delete_many(["ab/abcdef01"])
    assert (tmp_path / "outside").read_bytes() == b"not ours"


def test_foreign_files_are_no_objects(blobs: LocalBlobs, folder: Path) -> None:
    blobs.put("ab/abcdef01", b"x")
    (folder / "README").write_text("hello")
    (folder / "lost+found").mkdir()
    (folder / "ab" / "Notes.txt").write_text("hello")
    (folder / "zz").write_text("a file where a folder could be")
    assert list(blobs.names()) == ["ab/abcdef01"]


def test_the_names_of_a_batch_lie_in_one_folder_and_batches_in_many() -> None:
    batches = [batch_names(8) for _ in range(200)]
    assert all(len({name[:2] for name in batch}) == 1 for batch in batches)
    assert len({batch[0][:2] for batch in batches}) > 60
    assert len({name for batch in batches for name in batch}) == 1600


def test_no_descriptor_is_lost(blobs: LocalBlobs) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        items = [(name, b"x" * 10) for name in batch_names(70)]
        blobs.put_many(items)
        blobs.get(items[0][0])
        with pytest.raises(StorageError):
            blobs.put_many(items)
        assert list(blobs.names())
        blobs.delete_many([name for name, _ in items])
    assert len(list(Path("/proc/self/fd").iterdir())) == before
