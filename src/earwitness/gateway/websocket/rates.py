"""How fast a device may be: a bucket that refills with time."""

from collections.abc import Callable


class Bucket:
    """Holds ``capacity`` at most and gets ``per_second`` back; what is taken beyond is too much."""

    def __init__(self, capacity: float, per_second: float, time: Callable[[], float]) -> None:
        """Begin full; ``time`` is in seconds and never goes back."""
        self._capacity = capacity
        self._per_second = per_second
        self._time = time
        self._left = capacity
        self._at = time()

    def take(self, amount: float) -> bool:
        """Take ``amount``; return whether there was so much."""
        now = self._time()
        self._left = min(self._capacity, self._left + (now - self._at) * self._per_second)
        self._at = now
        if amount > self._left:
            return False
        self._left -= amount
        return True
