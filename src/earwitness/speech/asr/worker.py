"""A recogniser's process: loads one engine, then does what comes over the socket until it closes.

It has no secrets (its environment is chosen by the hub), writes no file once its engine is loaded and dumps none of its
memory (the kernel refuses it), and has no network where the kernel lets it give that up and the engine needs none. It
ends with the hub: when the socket closes, or at once where the kernel tells of a parent's death. Ctrl-C is for the hub.
An error of the tree is answered; anything else is a bug in the engine, answered without its text, which may hold what
was said, and the process ends so that a fresh one takes its place.
"""

import ctypes
import os
import resource
import signal
import socket
import sys
from collections import OrderedDict
from contextlib import suppress
from importlib import import_module
from typing import Final

from earwitness.kernel.errors import BadInput, EarwitnessError, EngineFailed
from earwitness.kernel.word_graph import WordGraph
from earwitness.speech.asr import wire
from earwitness.speech.asr.port import Listening, Recogniser
from earwitness.speech.asr.wire import Kind

GRAMMARS: Final = (
    8  # of several households and states of a dialog: the same object comes back, so that it costs nothing
)
PR_SET_PDEATHSIG: Final = 1
CLONE_NEWUSER: Final = 0x10000000
CLONE_NEWNET: Final = 0x40000000
AGAIN: Final = "Say it again; it is being restarted."
BROKEN: Final = 3  # exit code: the engine raised what no engine may


class Worker:
    """What the process does with each frame. One thread."""

    def __init__(self, sock: socket.socket) -> None:
        """Take frames from ``sock``."""
        self._sock = sock
        self._recogniser: Recogniser | None = None
        self._listening: Listening | None = None
        self._trouble: EarwitnessError | None = None
        self._grammars: OrderedDict[bytes, WordGraph] = OrderedDict()
        self._offline = False

    def serve(self) -> None:
        """Work until the socket closes."""
        while True:
            try:
                kind, body = wire.receive(self._sock)
            except (EngineFailed, OSError):
                return  # the hub closed the socket
            if kind in {Kind.STATE, Kind.PARTIAL, Kind.FINISH}:
                self._answer(kind, body)
            elif self._trouble is None or kind is Kind.CANCEL:
                self._take(kind, body)

    def _take(self, kind: Kind, body: bytes) -> None:
        """Do a command; what goes wrong is told at the next question."""
        try:
            self._do(kind, body)
        except EarwitnessError as error:
            self._trouble = error

    def _do(self, kind: Kind, body: bytes) -> None:
        match kind:
            case Kind.OPEN:
                engine = wire.from_json(body)
                self._offline = not engine["network"] and give_up_network()
                self._recogniser = load(engine)
                write_no_file()
            case Kind.GRAMMAR:
                self._engine().prepare(self._grammar(body))
            case Kind.LISTEN:
                self._listening = self._engine().listen()
            case Kind.FEED:
                self._utterance().feed(body)
            case Kind.SETTLE:
                self._utterance().settle()
            case Kind.CANCEL:
                self._cancel()

    def _answer(self, kind: Kind, body: bytes) -> None:
        try:
            answer = self._answered(kind, body)
        except EarwitnessError as error:
            wire.send(self._sock, Kind.FAILED, wire.pack_error(error))
            self._cancel()
        else:
            wire.send(self._sock, Kind.ANSWER, answer)

    def _answered(self, kind: Kind, body: bytes) -> bytes:
        if self._trouble is not None:
            raise self._trouble
        if kind is Kind.PARTIAL:
            return wire.pack_partial(self._utterance().partial())
        if kind is Kind.FINISH:
            heard = self._utterance().finish(speech_end_ms=wire.from_json(body))
            self._listening = None
            return wire.pack_recognition(heard)
        self._engine()
        return wire.to_json({"offline": self._offline})

    def _cancel(self) -> None:
        listening, self._listening, self._trouble = self._listening, None, None
        if listening is not None:
            with suppress(EarwitnessError):
                listening.cancel()

    def _grammar(self, body: bytes) -> WordGraph:
        known = self._grammars[body] = self._grammars.get(body) or wire.unpack_grammar(body)
        self._grammars.move_to_end(body)
        while len(self._grammars) > GRAMMARS:
            self._grammars.popitem(last=False)
        return known

    def _engine(self) -> Recogniser:
        if self._recogniser is None:
            raise EngineFailed("The recogniser is not loaded.")
        return self._recogniser

    def _utterance(self) -> Listening:
        if self._listening is None:
            raise BadInput("This utterance has ended.", next_step="Begin another one.")
        return self._listening


def load(engine: dict[str, object]) -> Recogniser:
    """Make the recogniser that ``maker`` ("module:function") makes of ``options``.

    Raises:
        EngineMissing: the engine or its data is not installed.
    """
    module, _, function = str(engine["maker"]).partition(":")
    made: Recogniser = getattr(import_module(module), function)(**engine["options"])  # type: ignore[arg-type]
    return made


def end_with(parent: int) -> None:
    """Let the kernel end this process with its parent (Linux; elsewhere the closed socket does)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the kernel was told
        os._exit(0)


def give_up_network() -> bool:
    """Move into a network of no interfaces, not even this machine's own; return whether that was allowed.

    It takes a privilege, or a user namespace, which some systems keep from ordinary users; no thread may be running.
    """
    if sys.platform != "linux":
        return False
    unshare = ctypes.CDLL(None, use_errno=True).unshare
    return bool(unshare(CLONE_NEWNET) == 0 or unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0)


def dump_nothing() -> None:
    """Leave no memory on a disk when an engine crashes."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def write_no_file() -> None:
    """Write nothing to a file, whatever an engine's library tries; some put their model together in one before."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def main(arguments: list[str]) -> int:
    """Run; ``arguments`` are the socket's descriptor and the hub's process id."""
    descriptor, parent = map(int, arguments)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with(parent)
    dump_nothing()
    with socket.socket(fileno=descriptor) as sock:
        try:
            Worker(sock).serve()
        except Exception:  # noqa: BLE001 - an engine's own error may quote what was said: only that it happened is told
            with suppress(OSError):
                wire.send(sock, Kind.BROKEN, wire.pack_error(EngineFailed("The recogniser failed.", next_step=AGAIN)))
            return BROKEN
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
