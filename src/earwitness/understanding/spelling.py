"""Whole numbers in the words people say for them, for the recogniser; the reverse of ``numbers``."""

from earwitness.understanding.numbers import TENS, UNITS

_SMALL = {value: word for word, value in UNITS.items() if word not in {"oh", "nought"}}
_TENS = {value: word for word, value in TENS.items() if word != "fourty"}
_TWENTY, _HUNDRED, _THOUSAND, _MILLION = 20, 100, 1_000, 1_000_000


def number_words(value: int) -> tuple[str, ...]:
    """The ways to say a whole number below a million, "a hundred" and "one hundred" among them."""
    if value < 0:
        return tuple(f"minus {way}" for way in number_words(-value))
    if value < _TWENTY:
        return (_SMALL[value],)
    if value < _HUNDRED:
        tens, rest = divmod(value, 10)
        return (f"{_TENS[10 * tens]} {_SMALL[rest]}" if rest else _TENS[value],)
    scale, name = (_HUNDRED, "hundred") if value < _THOUSAND else (_THOUSAND, "thousand")
    if value >= _MILLION:
        return ()
    count, rest = divmod(value, scale)
    heads = [f"{way} {name}" for way in number_words(count)] + ([f"a {name}"] if count == 1 else [])
    if not rest:
        return tuple(heads)
    joints = (" ", " and ") if rest < _HUNDRED else (" ",)
    return tuple(f"{head}{joint}{tail}" for head in heads for joint in joints for tail in number_words(rest))
