"""Before and after, on speakers who took no part: both hear the same sound, in quiet and in a kitchen.

The kitchen noise is the half of the recording that nothing was learned with.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from earwitness.demo.recordings import Recordings
from earwitness.demo.thread.speakers import Row, in_rounds
from earwitness.demo.thread.wording import slots_of
from earwitness.kernel.audio import read_clip
from earwitness.learning.adapt.language import Language
from earwitness.learning.evaluate import NOISE, QUIET
from earwitness.learning.learner import InUse
from earwitness.learning.outsiders import Outsider, compare_outsiders

LEVELS_DB: Final = (12.0, 6.0)
KITCHEN: Final = Path("noise_kitchen") / "kitchen_a.flac"


def measure(  # noqa: PLR0913, PLR0917 - what is compared, and on what
    recordings: Recordings,
    of_each: Mapping[str, Sequence[Row]],
    most: int,
    language: Language,
    used: InUse,
    progress: Callable[[int, int], None],
) -> dict[str, Any]:
    """Compare what ships with what is in use, on up to ``most`` recordings.

    Raises:
        EngineFailed: a process that compares died.
    """
    clips = [_outsider(recordings, speaker, row) for speaker, row in in_rounds(of_each, most)]
    noise = half_of(recordings.folder, learned=False)
    compared = compare_outsiders(language, used, clips, noise=noise, levels_db=LEVELS_DB, progress=progress)
    found = {each.condition: each for each in compared}
    quiet, noisy = found[QUIET], found[NOISE]
    return {
        "accept_before": {"clean": quiet.before, "noise_mean": noisy.before},
        "accept_after": {
            "clean": quiet.after, "noise_mean": noisy.after, "ci_low": noisy.low, "ci_high": noisy.high
        },
        "clean_ci": [quiet.low, quiet.high],
        "measured": {"clips": quiet.trials, "noisy": noisy.trials, "speakers": quiet.people},
    }  # fmt: skip


def _outsider(recordings: Recordings, speaker: str, row: Row) -> Outsider:
    return Outsider(str(row["path"]), speaker, recordings.sound(row), str(row["intent"]), slots_of(row))


def half_of(folder: Path, *, learned: bool) -> bytes:
    """One half of the kitchen: the first is learned with, the second measured with."""
    noise = read_clip(folder / KITCHEN).pcm
    middle = len(noise) // 4 * 2
    return noise[:middle] if learned else noise[middle:]
