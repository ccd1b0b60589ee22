"""Which verifier judges which wake word: the learned one where there is a network, else the pronunciation."""

from collections.abc import Iterable

from earwitness.kernel.errors import NotFound
from earwitness.speech.verify.learned import LearnedVerifier
from earwitness.speech.verify.phones import PhoneVerifier
from earwitness.speech.verify.port import Verdict, Verifier


class FirstThatKnows:
    """The port :class:`~earwitness.speech.verify.port.Verifier`: asks the first of several that knows the word."""

    def __init__(self, verifiers: Iterable[LearnedVerifier | PhoneVerifier]) -> None:
        """Ask in this order."""
        self._by_word: dict[str, Verifier] = {}
        for verifier in verifiers:
            for word in verifier.words:
                self._by_word.setdefault(word, verifier)

    def replace(self, word: str, verifier: Verifier) -> None:
        """Let another one judge this word from now on."""
        self._by_word[word] = verifier

    @property
    def words(self) -> tuple[str, ...]:
        """Every wake word that one of them knows."""
        return tuple(self._by_word)

    def verify(self, window: bytes | bytearray, word: str) -> Verdict:
        """See the port."""
        verifier = self._by_word.get(word)
        if verifier is None:
            msg = f"No verifier knows the wake word '{word}'."
            raise NotFound(msg, next_step="Give its phones, or train a network for it.")
        return verifier.verify(window, word)
