"""Signed notes: strict parsing, one stable reason for each thing wrong."""

import base64
from pathlib import Path

import pytest

from earwitness.kernel.errors import BadInput, KeyCorrupt, NoteInvalid
from earwitness.ledger.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint
from earwitness.ledger.merkle import EMPTY_ROOT
from earwitness.ledger.notes import KeyType, SignedNote, VerifierKey, parse_note, parse_verifier_key, verify_note
from earwitness.ledger.signer import NoteSigner, create_signer, load_signer, open_signer
from earwitness.testing.ledgers import fixed_signer

SIGNER = fixed_signer()
WITNESS = fixed_signer("witness.test/w", KeyType.COSIGNATURE)
GOOD = SIGNER.sign("text\n").encode()
LINE = GOOD.decode().split("\n")[-2]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"x" * 1_000_001, "note-too-large"),
        (b"text\xff\n\n" + LINE.encode() + b"\n", "note-not-utf8"),
        (b"te\rxt\n\n" + LINE.encode() + b"\n", "note-control-character"),
        (b"te\x00xt\n\n" + LINE.encode() + b"\n", "note-control-character"),
        (b"", "note-no-signatures"),
        (b"text\n", "note-no-signatures"),
        (b"text\n\n", "note-no-signatures"),
        (b"\n\n" + LINE.encode() + b"\n", "note-no-signatures"),
        (b"text\n\n" + LINE.encode(), "note-no-signatures"),
        (b"text\n\n" + (LINE.encode() + b"\n") * 65, "note-too-many-signatures"),
        (b"text\n\nnot a signature\n", "note-signature-line"),
        ("text\n\n—name AAAAAAA=\n".encode(), "note-signature-line"),
        ("text\n\n— name AAAAAAA= more\n".encode(), "note-signature-line"),
        ("text\n\n— na+me AAAAAAA=\n".encode(), "note-key-name"),
        ("text\n\n—  AAAAAAA=\n".encode(), "note-key-name"),
        ("text\n\n— na\u2003me AAAAAAA=\n".encode(), "note-key-name"),
        ("text\n\n— name AAAA\n".encode(), "note-signature-encoding"),
        ("text\n\n— name AAAAAAB=\n".encode(), "note-signature-encoding"),
        ("text\n\n— name AAAAA!A=\n".encode(), "note-signature-encoding"),
    ],
)
def test_what_does_not_parse_is_refused_for_its_reason(data: bytes, reason: str) -> None:
    with pytest.raises(NoteInvalid) as refused:
        parse_note(data)
    assert refused.value.reason == reason


def test_sixteen_signatures_and_blank_lines_in_the_text_are_fine() -> None:
    note = parse_note(b"one\n\ntwo\n\n" + (LINE.encode() + b"\n") * 16)
    assert note.text == "one\n\ntwo\n"
    assert len(note.signatures) == 16


def test_a_note_of_its_key_verifies_and_of_others_does_not() -> None:
    assert verify_note(parse_note(GOOD), [SIGNER.key]) == [SIGNER.key]
    with pytest.raises(NoteInvalid) as refused:
        verify_note(parse_note(GOOD), [fixed_signer("other.test/log").key])
    assert refused.value.reason == "note-unknown-key"


def test_name_and_id_must_both_match() -> None:
    renamed = SignedNote("text\n", (SIGNER.sign("text\n").signatures[0],))
    namesake = VerifierKey(SIGNER.name, KeyType.ED25519, fixed_signer("other.test/log").key.public)
    with pytest.raises(NoteInvalid) as refused:
        verify_note(renamed, [namesake])
    assert refused.value.reason == "note-unknown-key"


def test_a_wrong_signature_of_a_known_key_rejects_the_note_whatever_else_signed() -> None:
    other = fixed_signer("other.test/log")
    wrong = SIGNER.sign("another text\n").signatures[0]
    note = SignedNote("text\n", (*other.sign("text\n").signatures, wrong))
    with pytest.raises(NoteInvalid) as refused:
        verify_note(note, [other.key, SIGNER.key])
    assert refused.value.reason == "note-signature-invalid"


def test_a_cosignature_is_no_signature_and_the_reverse() -> None:
    twin = NoteSigner(SIGNER.name, SIGNER._seed, KeyType.COSIGNATURE)
    assert twin.key.id != SIGNER.key.id
    with pytest.raises(NoteInvalid) as refused:
        verify_note(parse_note(GOOD), [twin.key])
    assert refused.value.reason == "note-unknown-key"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name+00000000+AQ==",
        "name+zz+AQ==",
        SIGNER.vkey.replace("+", "-"),
        SIGNER.vkey[:-4],
        "a b" + SIGNER.vkey,
    ],
)
def test_a_verifier_key_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(NoteInvalid) as refused:
        parse_verifier_key(text)
    assert refused.value.reason == "key-malformed"


def test_a_key_of_a_type_that_is_not_known_is_refused() -> None:
    raw = base64.b64encode(bytes([6]) + bytes(32)).decode()
    with pytest.raises(NoteInvalid):
        parse_verifier_key(f"name+00000000+{raw}")


def test_go_notes_own_example_key_parses() -> None:
    text = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    assert parse_verifier_key(text).encode() == text


# --- checkpoints --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("origin\n1\n", "checkpoint-lines"),
        ("origin\n1\nAAAA\nextension\n", "checkpoint-lines"),
        ("\n1\nAAAA\n", "checkpoint-origin"),
        ("origin\n01\nAAAA\n", "checkpoint-size"),
        ("origin\n-1\nAAAA\n", "checkpoint-size"),
        ("origin\n٣\nAAAA\n", "checkpoint-size"),
        ("origin\n9223372036854775808\nAAAA\n", "checkpoint-size"),
        ("origin\n1\nAAAA\n", "checkpoint-root"),
        ("origin\n1\n" + "A" * 42 + "B=\n", "checkpoint-root"),
    ],
)
def test_a_text_that_is_no_checkpoint_is_refused(text: str, reason: str) -> None:
    with pytest.raises(NoteInvalid) as refused:
        parse_checkpoint(text)
    assert refused.value.reason == reason


def test_a_checkpoint_must_be_of_the_log_of_the_key() -> None:
    note = SIGNER.sign(Checkpoint("another.test/log", 0, EMPTY_ROOT).text)
    with pytest.raises(NoteInvalid) as refused:
        open_checkpoint(note.encode(), SIGNER.key)
    assert refused.value.reason == "checkpoint-origin"


def test_a_quorum_of_witnesses_is_held() -> None:
    other = fixed_signer("witness.test/v", KeyType.COSIGNATURE)
    note = SIGNER.sign(Checkpoint(SIGNER.name, 0, EMPTY_ROOT).text)
    cosigned = SignedNote(note.text, (*note.signatures, WITNESS.cosign(note.text, 1_795_000_000))).encode()
    assert open_checkpoint(cosigned, SIGNER.key, [WITNESS.key]).cosigners == (WITNESS.name,)
    assert open_checkpoint(cosigned, SIGNER.key, [WITNESS.key, other.key], quorum=1).cosigners == (WITNESS.name,)
    with pytest.raises(NoteInvalid) as refused:
        open_checkpoint(cosigned, SIGNER.key, [WITNESS.key, other.key])
    assert refused.value.reason == "cosignature-missing"


# --- key files ------------------------------------------------------------------------------------


def test_a_key_is_kept_for_its_owner_alone_and_read_again(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "log.key"
    made = create_signer(path, "earwitness.local/home")
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_signer(path).vkey == made.vkey == open_signer(path, "ignored").vkey
    with pytest.raises(BadInput):
        create_signer(path, "earwitness.local/home")


@pytest.mark.parametrize("damage", [b"", b"nonsense", b"\xff\xff", b"PRIVATE+KEY+name+00000000+AQ=="])
def test_a_damaged_key_file_is_named(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "log.key"
    path.write_bytes(damage)
    with pytest.raises(KeyCorrupt, match=r"log\.key"):
        load_signer(path)


def test_a_changed_bit_in_a_key_file_is_found(tmp_path: Path) -> None:
    path = tmp_path / "log.key"
    create_signer(path, "earwitness.local/home")
    line = path.read_text()
    path.write_text(line.replace("home", "hole"))
    with pytest.raises(KeyCorrupt):
        load_signer(path)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u2003b", "a\nb"])
def test_a_name_that_a_note_cannot_carry_is_refused(name: str) -> None:
    with pytest.raises(BadInput):
        NoteSigner(name, bytes(32))
