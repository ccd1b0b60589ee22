"""Read what strace wrote (``-f -y -xx``) into finished system calls.

strace ends a line when the call returns. When another thread got between, the call is split into an
``<unfinished ...>`` line and a ``<... resumed>`` line: the call then began at the first and took
effect by the second. With ``-xx`` every string is hexadecimal, so no string holds a quote, a comma or
a bracket, and a line can be cut by its punctuation.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_WHOLE = re.compile(r"(\d+) +(\w+)\((.*)\) += (-?\d+|0x[0-9a-f]+|\?)(?:<([^>]*)>)?(?:\(deleted\))?(?: .*)?")
_UNFINISHED = re.compile(r"(\d+) +(\w+)\((.*) <unfinished \.\.\.>")
_RESUMED = re.compile(r"(\d+) +<\.\.\. (\w+) resumed>(.*)")
_SILENT = re.compile(r"\d+ +(?:\+\+\+|---) .*")
_DESCRIPTOR = re.compile(r"(-?\d+|AT_FDCWD)(?:<([^>]*)>)?(?:\(deleted\))?")
_PUNCTUATION = re.compile(r'"[^"]*"(?:\.\.\.)?|<[^>]*>|[\[{(]|[\]})]|, ')


class TraceUnreadable(Exception):
    """The trace holds something the laboratory cannot replay faithfully; nothing can be concluded from it."""


@dataclass(frozen=True, slots=True)
class Call:
    """One successful system call.

    ``ended`` is its place in the order of returning; ``began`` is how many calls had returned when
    it began: what returned later was not yet there for an fsync to make durable.
    """

    process: int
    name: str
    args: tuple[str, ...]
    result: int
    result_path: str
    began: int
    ended: int

    def describe(self) -> str:
        """Say the call in one short line, paths readable, data only by its start."""
        words = (readable(arg)[:100] for arg in self.args)
        return f"{self.name}({', '.join(words)}) = {self.result}"


@dataclass(slots=True)
class _Begun:
    process: int
    name: str
    text: str
    began: int


def read_calls(lines: Iterable[str]) -> Iterator[Call]:
    """Read successful calls in the order in which they returned.

    Raises:
        TraceUnreadable: a line is in no known form, or a string was cut short.
    """
    begun: dict[int, _Begun] = {}
    returned = 0
    for line in lines:
        call = _read_line(line.rstrip("\n"), begun, returned)
        if call is not None:
            yield call
            returned += 1


def _read_line(line: str, begun: dict[int, _Begun], returned: int) -> Call | None:
    if _SILENT.fullmatch(line):
        return None
    if unfinished := _UNFINISHED.fullmatch(line):
        process, name, text = int(unfinished[1]), unfinished[2], unfinished[3]
        begun[process] = _Begun(process, name, text, returned)
        return None
    if resumed := _RESUMED.fullmatch(line):
        start = begun.pop(int(resumed[1]))
        return _finish(f"{start.process} {start.name}({start.text}{resumed[3]}", start.began, returned)
    return _finish(line, returned, returned)


def _finish(line: str, began: int, ended: int) -> Call | None:
    whole = _WHOLE.fullmatch(line)
    if whole is None:
        msg = f"a line of the trace has no known form: {line[:200]}"
        raise TraceUnreadable(msg)
    if whole[4] == "?" or whole[4].startswith("-"):
        return None
    if '"...' in whole[3]:
        msg = f"a string of the trace was cut short: {line[:200]}"
        raise TraceUnreadable(msg)
    return Call(
        process=int(whole[1]),
        name=whole[2],
        args=tuple(_split(whole[3])),
        result=int(whole[4], 0),
        result_path=text_of(whole[5] or ""),
        began=began,
        ended=ended,
    )


def _split(text: str) -> Iterator[str]:
    """Cut a list of arguments at its outermost commas."""
    depth = start = 0
    for mark in _PUNCTUATION.finditer(text):
        if mark[0] in ("[", "{", "("):
            depth += 1
        elif mark[0] in ("]", "}", ")"):
            depth -= 1
        elif mark[0] == ", " and depth == 0:
            yield text[start : mark.start()]
            start = mark.end()
    yield text[start:]


def bytes_of(argument: str) -> bytes:
    """Return the bytes of a quoted string (hexadecimal escapes only)."""
    return bytes.fromhex(argument.strip('"').replace("\\x", ""))


def text_of(escaped: str) -> str:
    """Return the text of a path in hexadecimal escapes, with or without quotes."""
    return bytes_of(escaped).decode(errors="surrogateescape") if "\\x" in escaped else escaped.strip('"')


def descriptor_of(argument: str) -> tuple[int | None, str]:
    """Return the number (None for AT_FDCWD) and the path of a file descriptor."""
    match = _DESCRIPTOR.fullmatch(argument)
    if match is None:
        msg = f"not a file descriptor: {argument[:100]}"
        raise TraceUnreadable(msg)
    return (None if match[1] == "AT_FDCWD" else int(match[1])), text_of(match[2] or "")


def paths_in(call: Call) -> list[str]:
    """Return the escaped paths that strace put beside a call's descriptors."""
    return [path for argument in call.args for path in re.findall(r"<([^>]*)>", argument)]


def buffers_of(argument: str) -> bytes:
    """Return the joined bytes of an ``iovec`` array."""
    return b"".join(bytes_of(part) for part in re.findall(r'"[^"]*"', argument))


def readable(argument: str) -> str:
    """Turn hexadecimal escapes into text where they are printable."""

    def plain(match: re.Match[str]) -> str:
        data = bytes.fromhex(match[0].replace("\\x", ""))
        return "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in data)  # noqa: PLR2004 - printable ASCII

    return re.sub(r"(?:\\x[0-9a-f]{2})+", plain, argument[:2000])
