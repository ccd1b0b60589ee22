"""Change a folder by every call the recorder knows, from several threads and processes."""

# ruff: noqa: PTH101, PTH102, PTH104, PTH106 - the calls themselves are meant here
import os
import shutil
import sys
import threading
from pathlib import Path

from earwitness.testing.crash.facts import acknowledged

folder = Path(sys.argv[1])
os.chdir(folder)
at = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)


def one_thread(number: int) -> None:
    path = folder / f"thread{number}"
    with path.open("wb") as file:
        for _ in range(5):
            file.write(bytes(200 + number))
            file.flush()
            os.fsync(file.fileno())
    path.rename(folder / f"renamed{number}")


threads = [threading.Thread(target=one_thread, args=(number,)) for number in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()

handle = os.open("vector", os.O_CREAT | os.O_RDWR, 0o600, dir_fd=at)
os.writev(handle, [b"one", b"two"])
os.pwritev(handle, [b"ONE"], 3)
os.pwrite(handle, b"far", 2000)
os.lseek(handle, 1, os.SEEK_SET)
os.write(os.dup(handle), b"dup")
os.write(os.dup2(handle, 77), b"dup2")
os.posix_fallocate(handle, 0, 5000)
os.ftruncate(handle, 4000)
os.fchmod(handle, 0o644)
os.truncate("vector", 3000)
shutil.copyfile(folder / "vector", folder / "copy")
shutil.copyfile(sys.argv[0], folder / "from_outside")
with (folder / "copy").open("ab") as file:
    file.write(b"appended")
os.mkdir("sub", dir_fd=at)
os.mkdir("sub/deep")
os.rename("copy", "deep", src_dir_fd=at, dst_dir_fd=at)
os.rename("deep", "sub/deep/moved")
os.link("sub/deep/moved", "linked")
os.unlink("vector", dir_fd=at)
os.write(handle, b"into an unlinked file")
os.chmod("linked", 0o640)
os.mkdir("empty")
os.rmdir("empty")
if os.fork() == 0:
    os.close(handle)
    (folder / "by_child").write_bytes(b"child")
    os._exit(0)
os.wait()
os.write(os.open(folder / "synced", os.O_CREAT | os.O_WRONLY | os.O_DSYNC, 0o600), b"at once")
acknowledged("synced", "synced")
os.sync()
acknowledged("everything")
