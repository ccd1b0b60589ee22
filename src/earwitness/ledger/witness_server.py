"""A small witness (C2SP tlog-witness v1.0.0): remembers how far each log it knows has got, and cosigns.

Meant for a second machine of the household, or for another household's. Its state, one file a log,
is on the disk before it answers, and never goes back. Standard library HTTP, no TLS: put a
reverse proxy before it if it is to be reached from elsewhere.
"""

import hashlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer

from earwitness.kernel.clock import SECOND, Clock, SystemClock
from earwitness.kernel.errors import BadInput, LedgerError, LogCorrupt, NoteInvalid, ProofInvalid, StorageError
from earwitness.ledger.checkpoint import Checkpoint, parse_checkpoint, parse_decimal
from earwitness.ledger.merkle import EMPTY_ROOT
from earwitness.ledger.merkle_proofs import verify_consistency
from earwitness.ledger.notes import KeyType, SignedNote, VerifierKey, parse_note, verify_note
from earwitness.ledger.proof import parse_hashes
from earwitness.ledger.signer import NoteSigner
from earwitness.storage.files import FolderLock, make_folder, os_errors, write_durably

LARGEST_BODY = 64 * 1024
IDLE_SECONDS = 30
PATH = "/add-checkpoint"
SIZE_TYPE = "text/x.tlog.size"
TEXT_TYPE = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Request:
    """An ``add-checkpoint`` request that parses."""

    old: int
    proof: tuple[bytes, ...]
    note: SignedNote
    checkpoint: Checkpoint


@dataclass(frozen=True, slots=True)
class Answer:
    """What the witness says: a status and a body."""

    status: HTTPStatus
    body: str = ""
    type: str = TEXT_TYPE


class WitnessState:
    """The newest checkpoint cosigned of each log. Safe from several threads; one process at a time."""

    def __init__(
        self, folder: Path, signer: NoteSigner, logs: Sequence[VerifierKey], clock: Clock | None = None
    ) -> None:
        """Keep one file a log in ``folder``; ``logs`` are the keys of the logs to witness.

        Raises:
            BadInput: the signer's key is not a cosignature key.
            StorageError: the folder cannot be made.
        """
        if signer.key.type is not KeyType.COSIGNATURE:
            raise BadInput("A witness signs with a cosignature key.", next_step="Let earwitness witness make its key.")
        make_folder(folder)
        self._folder = folder
        self._signer = signer
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._closed = False
        self._logs: dict[str, list[VerifierKey]] = {}
        for key in logs:
            self._logs.setdefault(key.name, []).append(key)

    def add_checkpoint(self, body: bytes) -> Answer:
        """Answer one request, in the order of checks that the specification gives.

        Raises:
            StorageError: the state cannot be kept or read; nothing was signed.
        """
        try:
            request = parse_request(body)
        except LedgerError as error:
            return Answer(HTTPStatus.BAD_REQUEST, error.reason)
        keys = self._logs.get(request.checkpoint.origin)
        if keys is None:
            return Answer(HTTPStatus.NOT_FOUND)
        try:
            verify_note(request.note, keys)
        except NoteInvalid as error:
            return Answer(HTTPStatus.FORBIDDEN, error.reason)
        if request.old > request.checkpoint.size:
            return Answer(HTTPStatus.BAD_REQUEST, "size-order")
        with self._lock:
            return Answer(HTTPStatus.SERVICE_UNAVAILABLE) if self._closed else self._advance(request)

    def close(self) -> None:
        """Wait for a change under way and answer nothing more: another process may take the folder."""
        with self._lock:
            self._closed = True

    def _advance(self, request: Request) -> Answer:
        new, held = request.checkpoint, self.held(request.checkpoint.origin)
        if request.old != held.size:
            return Answer(HTTPStatus.CONFLICT, f"{held.size}\n", SIZE_TYPE)
        if new.size == held.size and new.root != held.root:
            return Answer(HTTPStatus.CONFLICT, f"{held.size}\n", SIZE_TYPE)
        try:
            _check_growth(held, new, request.proof)
        except ProofInvalid as error:
            return Answer(HTTPStatus.UNPROCESSABLE_ENTITY, error.reason)
        if new.size > held.size:
            write_durably(self._file(new.origin), request.note.encode())
        cosignature = self._signer.cosign(new.text, self._clock.now_ms() // SECOND)
        return Answer(HTTPStatus.OK, f"{cosignature.line()}\n")

    def held(self, origin: str) -> Checkpoint:
        """Return the newest checkpoint cosigned of a log; the empty tree if there was none.

        Raises:
            LogCorrupt: ``file-unreadable``: the file is damaged. Nothing is signed for this log until
                it is whole again: taking it for empty would let the log go back.
        """
        path = self._file(origin)
        with os_errors(path):
            if not path.exists():
                return Checkpoint(origin, 0, EMPTY_ROOT)
            data = path.read_bytes()
        try:
            note = parse_note(data)
            verify_note(note, self._logs[origin])
            held = parse_checkpoint(note.text)
        except NoteInvalid as error:
            raise _state_damaged(path) from error
        if held.origin != origin:
            raise _state_damaged(path)
        return held

    def _file(self, origin: str) -> Path:
        return self._folder / f"{hashlib.sha256(origin.encode()).hexdigest()}.checkpoint"


def parse_request(body: bytes) -> Request:
    """Read the body of an ``add-checkpoint`` request.

    Raises:
        ProofInvalid: the old size or a proof line does not parse, or there are more than 63 lines.
        NoteInvalid: the checkpoint does not parse.
    """
    head, blank, note_bytes = body.partition(b"\n\n")
    lines = head.decode("utf-8", "replace").split("\n")
    old = parse_decimal(lines[0].removeprefix("old ")) if lines[0].startswith("old ") else None
    if old is None or not blank:
        raise ProofInvalid("The request does not begin with its old size.", reason="request-old-size")
    proof = parse_hashes(lines[1:])
    note = parse_note(note_bytes)
    return Request(old, proof, note, parse_checkpoint(note.text))


def _check_growth(held: Checkpoint, new: Checkpoint, proof: Sequence[bytes]) -> None:
    if held.size:
        verify_consistency(held.size, new.size, proof, held.root, new.root)
    elif proof:
        raise ProofInvalid("From the empty tree the proof is empty.", reason="proof-length")


class WitnessServer:
    """The witness behind HTTP; bound when made, serving between :meth:`serve_forever` and :meth:`stop`."""

    def __init__(self, state: WitnessState, lock: FolderLock, host: str, port: int) -> None:
        """Bind to ``host`` and ``port`` (0: any free one).

        Raises:
            BadInput: the address cannot be bound.
        """
        self._state = state
        self._lock = lock
        try:
            self._server = _Server((host, port), _handler(state))
        except OSError as error:
            raise BadInput(
                f"The witness cannot listen on {host}:{port}: {error.strerror}.",
                next_step="Choose another port with --port.",
            ) from error

    @property
    def url(self) -> str:
        """Where it listens."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    def serve_forever(self) -> None:
        """Serve until :meth:`stop` is called from another thread."""
        self._server.serve_forever(poll_interval=0.1)

    def stop(self) -> None:
        """Stop serving and let the folder go."""
        self._server.shutdown()
        self.close()

    def close(self) -> None:
        """Unbind and let the folder go; :meth:`serve_forever` must have ended."""
        self._server.server_close()
        self._state.close()
        self._lock.__exit__(None, None, None)


def open_witness(  # noqa: PLR0913 - the options of one command
    folder: Path,
    signer: NoteSigner,
    logs: Sequence[VerifierKey],
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    clock: Clock | None = None,
) -> WitnessServer:
    """Bind a witness whose state is in ``folder``; only one process may have it.

    Raises:
        StorageBusy: another witness runs on this folder.
        BadInput: the address cannot be bound, or the key is not a cosignature key.
        StorageError: the folder cannot be used.
    """
    state = WitnessState(folder, signer, logs, clock)
    lock = FolderLock(folder / ".lock", exclusive=True, wait=False).__enter__()
    try:
        return WitnessServer(state, lock, host, port)
    except BaseException:
        lock.__exit__(None, None, None)
        raise


def serve(  # noqa: PLR0913 - the options of one command
    folder: Path,
    signer: NoteSigner,
    logs: Sequence[VerifierKey],
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    ready: Callable[[str], None] = lambda _url: None,
) -> None:
    """Run a witness until interrupted; ``ready`` is called with its URL once it listens.

    Raises:
        As :func:`open_witness`.
    """
    server = open_witness(folder, signer, logs, host=host, port=port)
    try:
        ready(server.url)
        server.serve_forever()
    finally:
        server.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True  # idle connections must not hold up the end; WitnessState.close guards the state

    def server_bind(self) -> None:
        """Bind without asking a name server who we are."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep quiet about clients that went away: a witness's log would only repeat what they sent."""


def _handler(state: WitnessState) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        server_version = "earwitness-witness"
        sys_version = ""
        timeout = IDLE_SECONDS

        def do_POST(self) -> None:
            if self.path != PATH:
                self._answer(Answer(HTTPStatus.NOT_FOUND), close=True)
                return
            length = parse_decimal(self.headers.get("Content-Length", ""))
            if length is None:
                self._answer(Answer(HTTPStatus.LENGTH_REQUIRED), close=True)
            elif length > LARGEST_BODY:
                self._answer(Answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE), close=True)
            else:
                self._add(self.rfile.read(length))

        def _add(self, body: bytes) -> None:
            try:
                self._answer(state.add_checkpoint(body))
            except (StorageError, LogCorrupt):
                self._answer(Answer(HTTPStatus.INTERNAL_SERVER_ERROR), close=True)

        def _answer(self, answer: Answer, *, close: bool = False) -> None:
            data = answer.body.encode()
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.type)
            self.send_header("Content-Length", str(len(data)))
            if close:
                self.send_header("Connection", "close")
                self.close_connection = True
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Log nothing: who asks is nobody's business."""

    return Handler


def _state_damaged(path: Path) -> LogCorrupt:
    return LogCorrupt(
        f"The witness's state in {path} is damaged.",
        reason="file-unreadable",
        file=path.name,
        next_step="Restore the file. Removing it would let the log go back unseen.",
    )
