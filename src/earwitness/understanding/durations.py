"""Lengths of time: "an hour and a half", "2 minutes 30", "three quarters of an hour"."""

from earwitness.understanding.numbers import number
from earwitness.understanding.values import Duration

SECONDS: dict[str, int] = {
    form: seconds
    for forms, seconds in (
        ("second seconds sec secs s", 1),
        ("minute minutes min mins", 60),
        ("hour hours hr hrs h", 3_600),
        ("day days", 86_400),
        ("week weeks", 604_800),
    )
    for form in forms.split()
}
MAX_SECONDS = 366 * 86_400
_FRACTIONS: tuple[tuple[list[str], float], ...] = (
    (["three", "quarters", "of", "an"], 0.75),
    (["a", "quarter", "of", "an"], 0.25),
    (["quarter", "of", "an"], 0.25),
    (["half", "an"], 0.5),
    (["half", "a"], 0.5),
    (["a", "half"], 0.5),
)


def parse_duration(text: str) -> Duration | None:
    """Read a length of time; None if the whole text is not one, or it is longer than a year."""
    words = text.split()
    total, at, last = 0.0, 0, 0
    while at < len(words):
        if words[at] in {"and", "for"} and at + 1 < len(words) and (at == 0) == (words[at] == "for"):
            at += 1
        found = _part(words, at, last)
        if found is None:
            return None
        seconds, unit, at = found
        if last and unit >= last:
            return None  # "two minutes three hours" is two things
        total, last = total + seconds, unit
    whole = round(total)
    return Duration(whole) if 0 < whole <= MAX_SECONDS else None


def _part(words: list[str], at: int, last: int) -> tuple[float, int, int] | None:
    for lead, share in _FRACTIONS:
        if words[at : at + len(lead)] == lead:
            behind = at + len(lead)
            if behind < len(words) and words[behind] in SECONDS:
                return share * SECONDS[words[behind]], SECONDS[words[behind]], behind + 1
            return (last * share, 1, behind) if last and lead == ["a", "half"] else None
    if words[at] in {"a", "an"}:
        count: tuple[float, int] | None = (1.0, at + 1)
    else:
        count = number(words, at)
    if count is None or count[0] < 0:
        return None
    value, at = count
    if at < len(words) and words[at] in SECONDS:
        return value * SECONDS[words[at]], SECONDS[words[at]], at + 1
    # "two minutes thirty": a number alone is of the next smaller unit
    return (value * last / 60, max(last // 60, 1), at) if last in {60, 3_600} and at == len(words) else None


def spoken_duration(duration: Duration) -> str:
    """Say a length of time in words and digits, the way replies do."""
    parts = []
    left = duration.seconds
    for unit in ("day", "hour", "minute", "second"):
        count, left = divmod(left, SECONDS[unit])
        if count:
            parts.append(f"{count} {unit}{'' if count == 1 else 's'}")
    return " and ".join((" ".join(parts[:-1]), parts[-1])) if len(parts) > 1 else "".join(parts) or "0 seconds"
