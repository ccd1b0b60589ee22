"""Wycheproof's Ed25519 vectors, through the one function that checks every signature of a note."""

import json
from pathlib import Path

from earwitness.ledger.notes import ed25519_refusal

LENGTH, SCALAR, POINT, WRONG = (
    "note-signature-length",
    "note-signature-scalar",
    "note-signature-point",
    "note-signature-invalid",
)
STATED = {
    "TruncatedSignature": {LENGTH},
    "SignatureWithGarbage": {LENGTH},
    "CompressedSignature": {LENGTH},
    "SignatureMalleability": {SCALAR},
    "InvalidKtv": {SCALAR},  # "S just above the bound"
    "InvalidEncoding": {POINT, WRONG},
    "InvalidSignature": {SCALAR, POINT, WRONG},  # "special values for r and s"
}


def test_every_vector_ends_as_it_says(vectors: Path) -> None:
    document = json.loads((vectors / "wycheproof" / "ed25519_test.json").read_text())
    checked = 0
    for group in document["testGroups"]:
        public = bytes.fromhex(group["publicKey"]["pk"])
        for each in group["tests"]:
            refusal = ed25519_refusal(public, bytes.fromhex(each["sig"]), bytes.fromhex(each["msg"]))
            checked += 1
            if each["result"] == "valid":
                assert refusal is None, each["tcId"]
            else:
                assert refusal in STATED[each["flags"][0]], each["tcId"]
    assert checked == document["numberOfTests"]
