"""A real witness on a free port of the loopback, and the log that asks it."""

import base64
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import httpx
import pytest

from earwitness.kernel.errors import BadInput, StorageBusy, WitnessRefused
from earwitness.ledger.checkpoint import Checkpoint, open_checkpoint
from earwitness.ledger.log import Log
from earwitness.ledger.merkle import complete_root, leaf_hash, tree_root
from earwitness.ledger.merkle_proofs import consistency_proof
from earwitness.ledger.notes import KeyType, SignedNote, parse_note
from earwitness.ledger.proof import verify_receipt
from earwitness.ledger.verify import verify
from earwitness.ledger.witness import Witness
from earwitness.ledger.witness_server import WitnessServer, open_witness
from earwitness.storage.database import Database
from earwitness.testing.clock import VirtualClock
from earwitness.testing.ledgers import append, fixed_signer, numbered_leaf, open_log, verify_everything

LOG = fixed_signer()
WITNESS = fixed_signer("witness.test/w", KeyType.COSIGNATURE)
LEAVES = [leaf_hash(number.to_bytes(2, "big")) for number in range(100)]
Run = Callable[..., AbstractContextManager[WitnessServer]]


@pytest.fixture
def run(tmp_path: Path, virtual_clock: VirtualClock) -> Run:
    """Starts a witness on its own folder, which outlives it."""

    @contextmanager
    def running(folder: str = "witness") -> Iterator[WitnessServer]:
        server = open_witness(tmp_path / folder, WITNESS, [LOG.key], clock=virtual_clock)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.stop()
            thread.join()

    return running


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, timeout=10) as client:
        yield client


def note_at(size: int, root: bytes | None = None) -> SignedNote:
    return LOG.sign(Checkpoint(LOG.name, size, root or tree_root(LEAVES[:size])).text)


def proof(old: int, new: int) -> list[bytes]:
    return consistency_proof(old, new, lambda level, at: complete_root(LEAVES[at << level : (at + 1) << level]))


def body(old: int, hashes: list[bytes], note: SignedNote) -> bytes:
    lines = [f"old {old}", *(base64.b64encode(each).decode() for each in hashes), "", ""]
    return "\n".join(lines).encode() + note.encode()


def post(client: httpx.Client, server: WitnessServer, content: bytes) -> httpx.Response:
    return client.post(f"{server.url}/add-checkpoint", content=content)


def grow(client: httpx.Client, server: WitnessServer, old: int, new: int) -> httpx.Response:
    return post(client, server, body(old, proof(old, new) if old else [], note_at(new)))


# --- the server, request by request ---------------------------------------------------------------


def test_it_listens_on_the_loopback_alone(run: Run) -> None:
    with run() as server:
        assert server.url.startswith("http://127.0.0.1:")


def test_a_growing_log_is_cosigned_at_each_size(run: Run, client: httpx.Client, virtual_clock: VirtualClock) -> None:
    with run() as server:
        for old, new in [(0, 0), (0, 1), (1, 7), (7, 7), (7, 64), (64, 99)]:
            virtual_clock.advance(60_000)
            answer = grow(client, server, old, new)
            assert (answer.status_code, answer.text.count("\n")) == (200, 1)
            cosigned = note_at(new).encode() + answer.content
            assert open_checkpoint(cosigned, LOG.key, [WITNESS.key]).cosigners == (WITNESS.name,)


def test_another_old_size_is_a_conflict_that_names_its_own(run: Run, client: httpx.Client) -> None:
    with run() as server:
        assert grow(client, server, 0, 10).status_code == 200
        for old in (0, 9, 11):
            answer = grow(client, server, old, 20)
            assert (answer.status_code, answer.text) == (409, "10\n")
            assert answer.headers["content-type"] == "text/x.tlog.size"


def test_going_back_is_refused_even_after_a_restart(run: Run, client: httpx.Client) -> None:
    with run() as server:
        assert grow(client, server, 0, 10).status_code == 200
        assert grow(client, server, 5, 5).status_code == 409
    with run() as server:
        assert grow(client, server, 0, 5).status_code == 409
        assert post(client, server, body(10, [], note_at(5))).status_code == 400
        assert grow(client, server, 10, 11).status_code == 200


def test_another_tree_is_refused_and_changes_nothing(run: Run, client: httpx.Client) -> None:
    with run() as server:
        assert grow(client, server, 0, 10).status_code == 200
        assert post(client, server, body(10, [], note_at(10, bytes(32)))).status_code == 409
        assert post(client, server, body(10, proof(10, 20), note_at(20, bytes(32)))).status_code == 422
        assert post(client, server, body(10, proof(10, 20)[1:], note_at(20))).status_code == 422
        assert post(client, server, body(10, proof(10, 20) * 2, note_at(20))).status_code == 422
        assert grow(client, server, 10, 20).status_code == 200


def test_a_proof_from_nothing_and_a_wrong_empty_root_are_refused(run: Run, client: httpx.Client) -> None:
    with run() as server:
        assert post(client, server, body(0, [bytes(32)], note_at(3))).status_code == 422
        assert post(client, server, body(0, [], note_at(0, bytes(32)))).status_code == 409


def test_unknown_logs_and_unknown_signers_are_told_apart(run: Run, client: httpx.Client) -> None:
    stranger = fixed_signer("stranger.test/log")
    forged = stranger.sign(Checkpoint(LOG.name, 1, LEAVES[0]).text)
    broken = SignedNote(note_at(1).text, note_at(2).signatures)
    with run() as server:
        unknown = stranger.sign(Checkpoint(stranger.name, 1, LEAVES[0]).text)
        assert post(client, server, body(0, [], unknown)).status_code == 404
        assert post(client, server, body(0, [], forged)).status_code == 403
        assert post(client, server, body(0, [], broken)).status_code == 403
        assert grow(client, server, 0, 1).status_code == 200


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"old 0\n",
        b"old 01\n\n",
        b"old -1\n\n" + note_at(1).encode(),
        b"old 0\nAAAA\n\n" + note_at(1).encode(),
        b"old 0\n\nnot a note\n",
        body(0, [bytes(32)] * 64, note_at(1)),
        body(2, [], note_at(1)),
    ],
)
def test_a_malformed_request_is_refused(run: Run, client: httpx.Client, content: bytes) -> None:
    with run() as server:
        assert post(client, server, content).status_code == 400


def test_large_bodies_and_other_paths_are_not_read(run: Run, client: httpx.Client) -> None:
    with run() as server:
        assert post(client, server, bytes(64 * 1024 + 1)).status_code == 413
        assert client.post(f"{server.url}/add-checkpoint", content=iter([b"old 0\n"])).status_code == 411
        assert client.post(f"{server.url}/other", content=b"x").status_code == 404
        assert client.get(f"{server.url}/add-checkpoint").status_code == 501


def test_damaged_state_is_never_taken_for_empty(run: Run, client: httpx.Client, tmp_path: Path) -> None:
    with run() as server:
        assert grow(client, server, 0, 10).status_code == 200
    (file,) = (tmp_path / "witness").glob("*.checkpoint")
    file.write_bytes(file.read_bytes()[:-9])
    with run() as server:
        assert grow(client, server, 0, 5).status_code == 500


def test_what_it_signed_is_on_the_disk_before_it_answers(
    run: Run, client: httpx.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with run() as server:
        assert grow(client, server, 0, 10).status_code == 200
        monkeypatch.setattr("os.fsync", full)
        assert grow(client, server, 10, 20).status_code == 500
        monkeypatch.undo()
        assert grow(client, server, 10, 15).status_code == 200
    (file,) = (tmp_path / "witness").glob("*.checkpoint")
    assert parse_note(file.read_bytes()) == note_at(15)


def test_two_requests_at_once_cannot_both_advance_it(run: Run) -> None:
    with run() as server:
        answers: list[int] = []

        def ask(new: int) -> None:
            with httpx.Client(trust_env=False, timeout=10) as own:
                answers.append(grow(own, server, 0, new).status_code)

        threads = [threading.Thread(target=ask, args=(size,)) for size in range(10, 18)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(answers) == [200] + [409] * 7


def test_only_one_process_has_a_witness_folder(run: Run, tmp_path: Path) -> None:
    with run(), pytest.raises(StorageBusy):
        open_witness(tmp_path / "witness", WITNESS, [LOG.key])


def test_a_port_in_use_and_a_log_key_for_a_witness_are_bad_input(run: Run, tmp_path: Path) -> None:
    with run() as server:
        port = int(server.url.rpartition(":")[2])
        with pytest.raises(BadInput):
            open_witness(tmp_path / "other", WITNESS, [LOG.key], port=port)
    with pytest.raises(BadInput):
        open_witness(tmp_path / "other", LOG, [LOG.key])
    open_witness(tmp_path / "other", WITNESS, [LOG.key]).close()


# --- the log and its witness ----------------------------------------------------------------------


@pytest.fixture
def make_log(sqlite_database: Database, tmp_path: Path, virtual_clock: VirtualClock) -> Callable[..., Log]:
    def make(*witnesses: Witness, folder: str = "log") -> Log:
        second = tmp_path / f"{folder}-second"
        return open_log(sqlite_database, tmp_path / folder, virtual_clock, second=second, witnesses=witnesses)

    return make


Asked = Callable[[WitnessServer], Witness]


@pytest.fixture
def asked() -> Iterator[Asked]:
    """Makes clients that remember nothing of each other."""
    made: list[Witness] = []

    def make(server: WitnessServer) -> Witness:
        made.append(Witness(server.url, WITNESS.key))
        return made[-1]

    yield make
    for witness in made:
        witness.close()


def test_a_log_is_cosigned_and_its_receipts_carry_it(
    run: Run, asked: Asked, make_log: Callable[..., Log], sqlite_database: Database, tmp_path: Path
) -> None:
    with run() as server:
        log = make_log(asked(server))
        for count in (3, 300, 1):
            append(log, sqlite_database, count)
            log.publish()
            assert [result.error for result in log.cosign()] == [None]
    for copy in (log.folder, tmp_path / "log-second"):
        assert verify(copy, LOG.vkey, witnesses=[WITNESS.vkey]).cosigners == (WITNESS.name,)
    receipt = log.receipt(5, numbered_leaf(5).commitment)
    assert verify_receipt(receipt, LOG.key, numbered_leaf(5).commitment, witnesses=[WITNESS.key]).index == 5
    log.publish()
    assert open_checkpoint(log.checkpoint_note(), LOG.key, [WITNESS.key]).cosigners
    verify_everything(log)


def test_a_client_that_forgot_asks_once_more_from_what_the_witness_holds(
    run: Run, asked: Asked, make_log: Callable[..., Log], sqlite_database: Database
) -> None:
    with run() as server:
        first = make_log(asked(server))
        append(first, sqlite_database, 10)
        first.publish()
        first.cosign()
        append(first, sqlite_database, 290)
        first.publish()
        forgetful = make_log(asked(server))
        assert [result.error for result in forgetful.cosign()] == [None]
        assert asked(server).held(parse_note(forgetful.checkpoint_note())) == 300
    verify_everything(forgetful)


def test_a_witness_that_has_seen_more_shows_that_the_log_went_back(
    run: Run, asked: Asked, make_log: Callable[..., Log], sqlite_database: Database
) -> None:
    with run() as server:
        log = make_log(asked(server))
        append(log, sqlite_database, 5)
        older = parse_note(log.publish() and log.checkpoint_note())
        append(log, sqlite_database, 5)
        log.publish()
        log.cosign()
        with pytest.raises(WitnessRefused) as refused:
            asked(server).cosign(older, log.consistency)
        assert refused.value.reason == "witness-ahead"
        assert asked(server).held(older) == 10


def test_a_witness_that_is_away_or_answers_nonsense_is_a_result_not_an_error(
    make_log: Callable[..., Log], sqlite_database: Database
) -> None:
    def answering(status: int, content: bytes = b"") -> Witness:
        transport = httpx.MockTransport(lambda _request: httpx.Response(status, content=content))
        return Witness("http://witness.test", WITNESS.key, httpx.Client(transport=transport))

    other = fixed_signer("witness.test/other", KeyType.COSIGNATURE).cosign("text\n", 1)
    wrong = WITNESS.cosign("another text\n", 1)
    log = make_log(
        Witness("http://127.0.0.1:9", WITNESS.key),
        answering(500),
        answering(204),
        answering(409, b"nonsense"),
        answering(409, b"0\n"),
        answering(200, b""),
        answering(200, b"\xff"),
        answering(200, f"{other.line()}\n".encode()),
        answering(200, f"{wrong.line()}\n".encode()),
        answering(200, b"x" * 1_000_000),
    )
    append(log, sqlite_database, 2)
    log.publish()
    before = log.checkpoint_note()
    reasons = [result.error.reason for result in log.cosign() if result.error]
    assert reasons == ["witness-unreachable"] + ["witness-status"] * 4 + ["witness-answer"] * 5
    assert log.checkpoint_note() == before
    log.close()
    verify_everything(log)
