"""Which sound is taken from a device: all of one that streams; of another only what belongs to a turn."""

from collections.abc import Callable
from enum import Enum, auto

from earwitness.gateway.websocket.limits import Limits
from earwitness.protocol.device.messages import Listens


class Sound(Enum):
    """What becomes of a piece of sound."""

    TAKEN = auto()
    DROPPED = auto()  # it was on its way when its turn ended, or the microphone was closed
    UNASKED = auto()


class Microphone:
    """The state of a device's microphone as the hub knows it."""

    def __init__(self, listens: Listens, limits: Limits, time: Callable[[], float], *, muted: bool) -> None:
        """Begin outside a turn; ``time`` in seconds never goes back."""
        self._streams = listens is Listens.STREAMS
        self._limits = limits
        self._time = time
        self._muted = muted
        self._asked = False
        self._since = time()  # the last change, or the last sound of a turn
        self._taken = 0

    @property
    def is_muted(self) -> bool:
        """Whether it is closed."""
        return self._muted

    def ask(self) -> None:
        """A turn begins, or goes on."""
        if not self._asked:
            self._asked, self._taken = True, 0
            self._since = self._time()

    def end(self) -> None:
        """The turn is over, or its utterance is."""
        if self._asked:
            self._asked = False
            self._since = self._time()

    def mute(self, *, on: bool) -> None:
        """It was closed, or opened."""
        if on is not self._muted:
            self._muted = on
            self._asked = False
            self._since = self._time()

    def judge(self, size: int) -> Sound:
        """Say what becomes of ``size`` bytes of sound that came now."""
        if (self._streams or self._asked) and not self._muted:
            self._taken += size
            self._since = self._time()
            return Sound.TAKEN if self._streams or self._taken <= self._limits.turn_sound else Sound.UNASKED
        late = self._time() - self._since > self._limits.grace
        return Sound.UNASKED if late else Sound.DROPPED

    def has_fallen_silent(self) -> bool:
        """Say whether a turn is open and nothing comes any more."""
        waited = self._time() - self._since
        return self._asked and not self._streams and waited > self._limits.turn_silence
