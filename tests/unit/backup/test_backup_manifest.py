import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earwitness.backup.manifest import Counts, KeyManifest, Manifest
from earwitness.kernel.errors import BackupCorrupt
from earwitness.ledger.signer import NoteSigner

SIGNER = NoteSigner("earwitness.local/test", bytes(range(32)))
NUMBERS = st.integers(0, 2**53)
COUNTS = st.builds(Counts, *[NUMBERS] * 5)
MANIFESTS = st.builds(
    Manifest, st.text(), NUMBERS, st.text(), st.text(), NUMBERS, st.text(), NUMBERS, COUNTS, st.text()
)
KEY_MANIFESTS = st.builds(
    KeyManifest, st.text(), st.text(), NUMBERS, NUMBERS, NUMBERS, st.text(), st.dictionaries(st.text(), st.text())
)


@given(MANIFESTS)
def test_a_manifest_is_read_as_it_was_written(manifest: Manifest) -> None:
    assert Manifest.open(manifest.sign(SIGNER), SIGNER.key) == manifest


@given(KEY_MANIFESTS)
def test_a_key_manifest_is_read_as_it_was_written(manifest: KeyManifest) -> None:
    assert KeyManifest.parse(manifest.encode()) == manifest


@given(st.binary(max_size=200))
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(BackupCorrupt):
        Manifest.open(data, SIGNER.key)
    with pytest.raises(BackupCorrupt):
        KeyManifest.parse(data)


@pytest.mark.parametrize(
    "body",
    [
        "{}",
        "[]",
        '{"format":2}',
        '{"format":1,"id":"x"}',
        '{"format":1,"counts":3}',
        '{"format":1,"counts":{"recordings":1}}',
        "not json",
    ],
)
def test_a_signed_note_of_another_content_is_no_manifest(body: str) -> None:
    note = SIGNER.sign(f"{SIGNER.name}/backup\n{body}\n").encode()
    with pytest.raises(BackupCorrupt, match="manifest"):
        Manifest.open(note, SIGNER.key)


def test_a_key_manifest_with_words_for_numbers_is_refused() -> None:
    body = json.loads(KeyManifest("k", "i", 1, 2, 3, "key", {}).encode())
    with pytest.raises(BackupCorrupt):
        KeyManifest.parse(json.dumps(body | {"expires_at": "never"}).encode())
