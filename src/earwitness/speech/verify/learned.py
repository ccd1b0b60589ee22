"""The learned verifier: a small network for a word, trained on people saying it and on what sounds like it."""

from pathlib import Path

from earwitness.kernel.errors import NotFound
from earwitness.speech.verify.features import window_features
from earwitness.speech.verify.network import Network, load_network
from earwitness.speech.verify.port import Verdict
from earwitness.speech.verify.window import check_window

MODELS = Path(__file__).parent / "models"


class LearnedVerifier:
    """The port :class:`~earwitness.speech.verify.port.Verifier` for the words that have a model."""

    def __init__(self, networks: dict[str, Network]) -> None:
        """Take a network for each wake word (lower case)."""
        self._networks = dict(networks)

    @classmethod
    def shipped(cls) -> "LearnedVerifier":
        """Load the models that come with Earwitness."""
        return cls(_shipped())

    @classmethod
    def with_file(cls, word: str, file: Path) -> "LearnedVerifier":
        """The shipped models, with another one for one word.

        Raises:
            BadInput: the file is no model.
        """
        return cls({**_shipped(), word: load_network(file)})

    @property
    def words(self) -> tuple[str, ...]:
        """The wake words it has a network for."""
        return tuple(self._networks)

    def verify(self, window: bytes | bytearray, word: str) -> Verdict:
        """See the port."""
        network = self._networks.get(word)
        if network is None:
            msg = f"No verifier was trained for the wake word '{word}'."
            raise NotFound(msg, next_step="Verify it by its pronunciation, or train one.")
        check_window(window)
        score = network.score(window_features(window))
        return Verdict(score > network.threshold, score, f"learned:{word}")


def _shipped() -> dict[str, Network]:
    return {path.stem.replace("_", " "): load_network(path) for path in sorted(MODELS.glob("*.npz"))}
