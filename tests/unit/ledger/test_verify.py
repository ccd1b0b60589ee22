"""Offline verification names the first thing wrong: reason, file and index; from folders and from the web."""

import base64
import http.server
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from earwitness.kernel.errors import BadInput, LogCorrupt, NoteInvalid
from earwitness.ledger.checkpoint import Checkpoint
from earwitness.ledger.log import Log
from earwitness.ledger.merkle import leaf_hash, parents, tree_root
from earwitness.ledger.signer import NoteSigner
from earwitness.ledger.tiles import encode_bundle
from earwitness.ledger.tombstones import CHAIN_START, Tombstone, TombstoneHead
from earwitness.ledger.verify import VerifyReport, verify
from earwitness.storage.database import Database
from earwitness.testing.clock import VirtualClock
from earwitness.testing.ledgers import append, fixed_signer, numbered_id, open_log

SIGNER = fixed_signer()


@pytest.fixture
def log(sqlite_database: Database, tmp_path: Path, virtual_clock: VirtualClock) -> Log:
    """Leaves 0-299 and 303-522 are entries; 300-302 and 523-524 tombstones; published twice."""
    log = open_log(sqlite_database, tmp_path / "log", virtual_clock, second=tmp_path / "second")
    for leaves, tombstones in ((300, 3), (220, 2)):
        append(log, sqlite_database, leaves, tombstones)
        log.publish(require_second=True)
    return log


def change(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def wrong(folder: Path, key: str | None = SIGNER.vkey) -> tuple[str, str, int | None]:
    with pytest.raises((LogCorrupt, NoteInvalid)) as found:
        verify(folder, key)
    assert found.value.next_step
    return found.value.reason, found.value.file, found.value.index


def sign_head(folder: Path, head: TombstoneHead) -> None:
    (folder / "tombstones/head").write_bytes(SIGNER.sign(head.text).encode())


def test_a_whole_log_is_reported(log: Log) -> None:
    steps: list[tuple[int, int]] = []
    report = verify(log.folder, SIGNER.vkey, progress=lambda done, all_: steps.append((done, all_)))
    checkpoint = log.published()
    assert checkpoint
    assert report == VerifyReport(SIGNER.name, 525, checkpoint.root, True, (), 4, report.partials, 5, None)
    assert steps == [(256, 525), (512, 525), (525, 525)]
    assert not verify(log.folder, None).signed
    assert verify(log.second or "", SIGNER.vkey).sealed == 520


@pytest.mark.parametrize(
    ("name", "at", "expected"),
    [
        ("tile/entries/001", 34 * 4 + 2, ("leaf-mismatch", "tile/0/001", 260)),
        ("tile/entries/002.p/13", 34 * 12 + 2, ("leaf-mismatch", "tile/0/002.p/13", 524)),
        ("tile/entries/001", 34 * 4, ("bundle-malformed", "tile/entries/001", None)),
        ("tile/0/000", 32 * 7, ("leaf-mismatch", "tile/0/000", 7)),
        ("tile/1/000.p/2", 32, ("tile-mismatch", "tile/1/000.p/2", 256)),
        ("tile/1/000.p/1", 0, ("partial-mismatch", "tile/1/000.p/1", None)),
        ("tombstones/000.p/5", 24 + 7, ("tombstone-order", "tombstones/000.p/5", 300)),
        ("tombstones/000.p/5", 8, ("tombstone-leaf", "tombstones/000.p/5", 300)),
        ("tombstones/000.p/3", 0, ("partial-mismatch", "tombstones/000.p/3", None)),
    ],
)
def test_a_changed_byte_is_named(log: Log, name: str, at: int, expected: tuple[str, str, int | None]) -> None:
    change(log.folder / name, at)
    assert wrong(log.folder) == expected


@pytest.mark.parametrize(
    ("name", "size", "expected"),
    [
        ("tile/0/001", 8191, ("file-length", "tile/0/001", None)),
        ("tile/1/000.p/2", 65, ("file-length", "tile/1/000.p/2", None)),
        ("tile/entries/000", 34 * 255, ("bundle-malformed", "tile/entries/000", None)),
        ("tile/entries/000", 34 * 256 - 1, ("bundle-malformed", "tile/entries/000", None)),
        ("tombstones/000.p/5", 119, ("tombstone-malformed", "tombstones/000.p/5", None)),
        ("tombstones/head", 20, ("note-no-signatures", "tombstones/head", None)),
    ],
)
def test_a_file_of_another_length_is_named(
    log: Log, name: str, size: int, expected: tuple[str, str, int | None]
) -> None:
    data = (log.folder / name).read_bytes()
    (log.folder / name).write_bytes((data + bytes(1))[:size])
    assert wrong(log.folder) == expected


@pytest.mark.parametrize("name", ["checkpoint", "tile/0/001", "tile/entries/002.p/13", "tombstones/head"])
def test_a_missing_file_and_one_that_cannot_be_read_are_named(log: Log, name: str) -> None:
    (log.folder / name).unlink()
    assert wrong(log.folder) == ("file-missing", name, None)
    (log.folder / name).mkdir()
    assert wrong(log.folder) == ("file-unreadable", name, None)


def test_a_checkpoint_that_is_not_of_these_tiles_is_named(log: Log) -> None:
    note = SIGNER.sign(Checkpoint(SIGNER.name, 525, bytes(32)).text).encode()
    (log.folder / "checkpoint").write_bytes(note)
    assert wrong(log.folder) == ("root-mismatch", "checkpoint", None)


def test_another_key_is_not_this_logs(log: Log) -> None:
    assert wrong(log.folder, fixed_signer("other.test/log").vkey)[0] == "note-unknown-key"
    assert wrong(log.folder, "nonsense")[0] == "key-malformed"


def test_tombstones_left_out_are_named_even_if_the_head_is_an_old_one(log: Log) -> None:
    records = [Tombstone(index, numbered_id(index)).encode() for index in (300, 301, 302)]
    sign_head(log.folder, TombstoneHead(SIGNER.name).extend(records, 303))
    assert wrong(log.folder) == ("tombstones-behind", "tombstones/head", None)
    sign_head(log.folder, TombstoneHead("other.test/log", 0, CHAIN_START, 525))
    assert wrong(log.folder)[0] == "tombstone-malformed"
    assert wrong(log.folder, None)[0] == "tombstones-behind"
    sign_head(log.folder, TombstoneHead(SIGNER.name, 5, bytes(32), 525))
    assert wrong(log.folder) == ("tombstone-chain", "tombstones/head", None)


def test_a_tombstone_of_a_publication_that_did_not_finish_is_not_a_claim_yet(log: Log, tmp_path: Path) -> None:
    records = [(tmp_path / "log/tombstones/000.p/5").read_bytes()[at : at + 24] for at in range(0, 120, 24)]
    ahead = [*records, Tombstone(600, numbered_id(600)).encode()]
    (log.folder / "tombstones/000.p/6").write_bytes(b"".join(ahead))
    sign_head(log.folder, TombstoneHead(SIGNER.name).extend(ahead, 700))
    assert verify(log.folder, SIGNER.vkey).size == 525


@pytest.mark.parametrize(("at", "new"), [(0, b"\x00\x00\xff\xff"), (0, b"\xff\xff\xff\xff")])
def test_a_sealed_bundle_that_does_not_parse_is_named(log: Log, at: int, new: bytes) -> None:
    assert log.second
    path = log.second / "sealed/001"
    data = path.read_bytes()
    path.write_bytes(data[:at] + new + data[at + 4 :])
    assert wrong(log.second) == ("sealed-malformed", "sealed/001", None)


def test_what_is_no_folder_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        verify(tmp_path / "nothing", None)


def test_a_log_of_more_than_two_levels_verifies(tmp_path: Path) -> None:
    """65,793 leaves of another program's: a full level-1 tile and partial ones above it."""
    leaves = [number.to_bytes(3, "big") for number in range(65_536 + 257)]
    hashes = [leaf_hash(leaf) for leaf in leaves]
    write_foreign(tmp_path, leaves, hashes)
    note = NoteSigner("foreign.test/log", bytes(32)).sign(
        f"foreign.test/log\n{len(leaves)}\n{base64.b64encode(tree_root(hashes)).decode()}\n"
    )
    (tmp_path / "checkpoint").write_bytes(note.encode())
    report = verify(tmp_path, None, foreign=True)
    assert (report.size, report.tiles) == (len(leaves), 258 + 2 + 1)
    change(tmp_path / "tile/1/001.p/1", 3)
    assert wrong_foreign(tmp_path) == ("tile-mismatch", "tile/1/001.p/1", 65_536)


def wrong_foreign(folder: Path) -> tuple[str, str, int | None]:
    with pytest.raises(LogCorrupt) as found:
        verify(folder, None, foreign=True)
    return found.value.reason, found.value.file, found.value.index


def write_foreign(folder: Path, leaves: list[bytes], hashes: list[bytes]) -> None:
    for at in range(0, len(leaves), 256):
        part = leaves[at : at + 256]
        name = f"{at // 256:03d}" + (f".p/{len(part)}" if len(part) < 256 else "")
        put(folder / "tile/entries" / name, encode_bundle(part))
    level = 0
    while hashes:
        for at in range(0, len(hashes), 256):
            hashes_here = hashes[at : at + 256]
            name = f"{at // 256:03d}" + (f".p/{len(hashes_here)}" if len(hashes_here) < 256 else "")
            put(folder / f"tile/{level}" / name, b"".join(hashes_here))
        for _ in range(8):
            hashes = parents(hashes)
        level += 1


def put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


# --- over the web -------------------------------------------------------------------------------


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def serve() -> Iterator[Callable[[Path], str]]:
    servers: list[http.server.ThreadingHTTPServer] = []

    def start(folder: Path) -> str:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
        servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_url_is_verified_as_a_folder_is(log: Log, serve: Callable[[Path], str]) -> None:
    url = serve(log.folder)
    assert verify(f"{url}/", SIGNER.vkey).size == 525
    change(log.folder / "tile/entries/001", 40)
    with pytest.raises(LogCorrupt) as found:
        verify(url, SIGNER.vkey)
    assert (found.value.reason, found.value.index) == ("leaf-mismatch", 257)
    (log.folder / "tile/entries/000").unlink()
    with pytest.raises(LogCorrupt) as found:
        verify(url, SIGNER.vkey)
    assert (found.value.reason, found.value.file) == ("file-missing", "tile/entries/000")


def test_a_server_that_does_not_answer_is_named() -> None:
    with pytest.raises(LogCorrupt) as found:
        verify("http://127.0.0.1:9", SIGNER.vkey)
    assert (found.value.reason, found.value.file) == ("file-unreadable", "checkpoint")


def test_a_partial_tile_that_was_replaced_while_reading_is_cut_from_the_full_one(
    log: Log, sqlite_database: Database
) -> None:
    older = {name: (log.folder / name).read_bytes() for name in ("checkpoint", "tombstones/head")}
    append(log, sqlite_database, 300)
    log.publish()
    (log.folder / "checkpoint").write_bytes(older["checkpoint"])
    assert not (log.folder / "tile/0/002.p").exists()
    assert verify(log.folder, SIGNER.vkey).size == 525
