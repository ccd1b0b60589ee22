"""Wycheproof's traps for AES-GCM and AES key wrap, on the very calls that wrap our keys."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from earwitness.kernel.errors import KeyCorrupt
from earwitness.vault.custodians.rootfiles import unwrap_key, wrap_key
from earwitness.vault.wrapping import unwrap

FOLDER = Path(__file__).parents[3] / "shared" / "vectors" / "wycheproof"


def cases(name: str, **wanted: int) -> Iterator[Any]:
    """The vectors of the sizes that Earwitness uses; one that skips, saying so, where the folder is absent."""
    path = FOLDER / name
    if not path.exists():
        yield pytest.param({}, marks=pytest.mark.skip(reason=f"{path} is absent: the Wycheproof vectors were not run"))
        return
    for group in json.loads(path.read_text())["testGroups"]:
        if all(group[size] == bits for size, bits in wanted.items()):
            yield from (pytest.param(test, id=f"{test['tcId']}") for test in group["tests"])


@pytest.mark.parametrize("test", list(cases("aes_wrap_test.json", keySize=256)))
def test_aes_key_wrap(test: dict[str, Any]) -> None:
    root, key, wrapped = (bytes.fromhex(test[name]) for name in ("key", "msg", "ct"))
    if test["result"] != "valid":  # "acceptable": a key of 8 bytes, which RFC 3394 does not wrap
        with pytest.raises(KeyCorrupt):
            unwrap_key(root, wrapped)
        return
    assert unwrap_key(root, wrapped) == key
    assert wrap_key(root, key) == wrapped


@pytest.mark.parametrize("test", list(cases("aes_gcm_test.json", keySize=256, ivSize=96, tagSize=128)))
def test_aes_gcm(test: dict[str, Any]) -> None:
    cipher = AESGCM(bytes.fromhex(test["key"]))
    nonce, bound, message = (bytes.fromhex(test[name]) for name in ("iv", "aad", "msg"))
    sealed = bytes.fromhex(test["ct"] + test["tag"])
    opened = unwrap(cipher, bound, nonce + sealed)
    if test["result"] == "invalid":
        assert opened is None
        return
    assert opened == message
    assert cipher.encrypt(nonce, message, bound) == sealed
