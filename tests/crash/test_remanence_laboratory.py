"""The search itself: it finds what SQLite keeps of deleted rows, and says nothing where nothing is."""

import base64
import secrets
import sqlite3
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from earwitness.testing.crash.remanence import Find, find_opening, find_plaintext

NEEDLE = b"the quick brown fox says this only once, in a long sentence that fills more than a piece"


def rows(folder: Path, *contents: bytes) -> sqlite3.Connection:
    connection = sqlite3.connect(folder / "rows.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA secure_delete=ON")
    connection.execute("CREATE TABLE row (content BLOB)")
    connection.executemany("INSERT INTO row VALUES (?)", [(content,) for content in contents])
    return connection


def test_a_deleted_row_is_found_in_the_write_ahead_log(tmp_path: Path) -> None:
    connection = rows(tmp_path, NEEDLE)
    connection.execute("DELETE FROM row")
    found = find_plaintext(tmp_path, {"sentence": NEEDLE})
    connection.close()
    assert {find.file for find in found} == {"rows.db-wal"}
    assert find_plaintext(tmp_path, {"sentence": NEEDLE}) == []


def test_a_value_that_spans_blocks_is_found(tmp_path: Path) -> None:
    value = secrets.token_bytes(9000)
    rows(tmp_path, value).close()
    assert value not in (tmp_path / "rows.db").read_bytes()
    assert find_plaintext(tmp_path, {"value": value})


@pytest.mark.parametrize("split", range(1, 31))
def test_a_short_value_is_found_wherever_it_is_split(tmp_path: Path, split: int) -> None:
    value = secrets.token_bytes(32)
    (tmp_path / "blocks").write_bytes(value[:split] + b"pointer" + value[split:])
    assert find_plaintext(tmp_path, {"value": value})


@pytest.mark.parametrize("before", range(4))
def test_coded_forms_are_found(tmp_path: Path, before: int) -> None:
    around = b"x" * before + NEEDLE + b"yz"
    (tmp_path / "coded").write_bytes(base64.b64encode(around))
    (tmp_path / "hex").write_text(around.hex())
    assert {find.file for find in find_plaintext(tmp_path, {"sentence": NEEDLE})} == {"coded", "hex"}


def test_what_is_not_there_is_not_found(tmp_path: Path) -> None:
    rows(tmp_path, NEEDLE).close()
    (tmp_path / "empty").touch()
    assert find_plaintext(tmp_path, {"other": secrets.token_bytes(64)}) == []


def test_a_needle_that_chance_would_find_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="by chance"):
        find_plaintext(tmp_path, {"short": b"1234567"})


def test_a_wrapped_key_is_found_at_any_place(tmp_path: Path) -> None:
    current, other = AESGCM(bytes(32)), AESGCM(bytes(31) + b"1")
    wrapped = bytes(12) + current.encrypt(bytes(12), secrets.token_bytes(32), b"rec")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "leftover").write_bytes(secrets.token_bytes(701) + wrapped + secrets.token_bytes(50))

    def opens_with(cipher: AESGCM, window: bytes) -> bool:
        try:
            cipher.decrypt(window[:12], window[12:], b"rec")
        except InvalidTag:
            return False
        return True

    opens = {"current": lambda window: opens_with(current, window), "other": lambda window: opens_with(other, window)}
    assert find_opening(tmp_path, len(wrapped), opens) == [Find("current", "sub/leftover", 701)]
