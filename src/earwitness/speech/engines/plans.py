"""What would be fetched: every file with its address, its size and what it must hash to.

From a model hub (Hugging Face's protocol) the state of the repository is asked first, and every file is taken from that
commit: large files by SHA-256, small ones by git's hash. Moonshine's package brings its list with CRC-32C.
"""

import base64
import hashlib
import importlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import httpx

from earwitness.kernel.errors import BadInput, EngineFailed, EngineMissing
from earwitness.speech.engines.catalogue import HUB, HubFiles, MoonshineFiles, Offer

LARGEST_ANSWER: Final = 16 * 1024 * 1024
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_FILE: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,120}")


@dataclass(frozen=True, slots=True)
class Remote:
    """A file to fetch: ``algorithm`` is sha256, git or crc32c, ``digest`` what it must come to (hex)."""

    name: str
    url: str
    size: int
    algorithm: str
    digest: str


@dataclass(frozen=True, slots=True)
class Plan:
    """All files of an engine and the ``revision`` they belong to."""

    files: tuple[Remote, ...]
    revision: str

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(each.size for each in self.files)


class Digest:
    """A running hash of one of the three kinds."""

    def __init__(self, algorithm: str, size: int) -> None:
        """Begin; git's hash needs the ``size`` first.

        Raises:
            EngineMissing: CRC-32C is needed and the package for it, which comes with moonshine-voice, is not there.
        """
        self._crc: Any = None
        if algorithm == "crc32c":
            try:
                self._crc = importlib.import_module("google_crc32c").Checksum()
            except ImportError as error:
                msg = "The package google-crc32c is not installed."
                raise EngineMissing(msg, next_step="earwitness engines install moonshine") from error
            return
        # git names its objects by SHA-1; these are small files whose names came over the same TLS connection
        self._hash = hashlib.sha256() if algorithm == "sha256" else hashlib.sha1(usedforsecurity=False)
        if algorithm == "git":
            self._hash.update(b"blob %d\0" % size)

    def update(self, data: bytes) -> None:
        """Take more of the file."""
        (self._crc or self._hash).update(data)

    def hexdigest(self) -> str:
        """The hash of what was taken."""
        return self._crc.digest().hex() if self._crc else self._hash.hexdigest()


def plan_of(offer: Offer, client: httpx.Client, *, hub: str = HUB) -> Plan:
    """Ask where an offer's files are; of Moonshine's nothing is asked, its package knows.

    Raises:
        BadInput: there is nothing to fetch.
        EngineMissing: the source cannot be reached from here, or Moonshine's package is not installed.
        EngineFailed: the source answered with something else.
    """
    match offer.files:
        case HubFiles() as files:
            return _from_hub(files, client, hub)
        case MoonshineFiles(arch):
            return _from_moonshine(arch)
        case None:
            raise BadInput(
                f"{offer.name} needs no weights.", next_step="earwitness engines list says where it is from."
            )


def _from_hub(files: HubFiles, client: httpx.Client, hub: str) -> Plan:
    address = f"{hub}/api/models/{files.repository}/revision/main"
    answer = ask(lambda: client.get(address, params={"blobs": "true"}), address)
    try:
        known = json.loads(answer.content[:LARGEST_ANSWER])
        commit = str(known["sha"])
        siblings = {str(each["rfilename"]): each for each in known["siblings"]}
        wanted = [name for name in siblings if any(_is(name, pattern) for pattern in files.names)]
        found = tuple(_sibling(siblings[name], f"{hub}/{files.repository}/resolve/{commit}/{name}") for name in wanted)
    except (ValueError, KeyError, TypeError) as error:
        raise _nonsense(address) from error
    lacking = [each for each in files.names if not each.endswith("*") and each not in siblings and not _optional(each)]
    if lacking or not _COMMIT.fullmatch(commit) or not all(_FILE.fullmatch(each.name) for each in found):
        raise _nonsense(address)
    return Plan(found, commit)


def _is(name: str, pattern: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


def _optional(name: str) -> bool:
    return name in {"preprocessor_config.json", "MODEL_CARD"} or name.endswith("/MODEL_CARD")


def _sibling(told: Any, url: str) -> Remote:
    name, size, lfs = str(told["rfilename"]).rpartition("/")[2], int(told["size"]), told.get("lfs")
    if lfs:
        return Remote(name, url, size, "sha256", str(lfs["sha256"]))
    return Remote(name, url, size, "git", str(told["blobId"]))


def _from_moonshine(arch: int) -> Plan:
    """The list that the installed package brings; asking for it uses no network."""
    try:
        library = importlib.import_module("moonshine_voice.moonshine_api")
    except (ImportError, OSError) as error:
        raise EngineMissing(
            "The package moonshine-voice is not installed.", next_step="earwitness engines install moonshine"
        ) from error
    told = json.loads(
        library.moonshine_get_stt_dependencies_string("en", {"model_arch": arch, "word_timestamps": True})
    )
    return moonshine_plan(told)


def moonshine_plan(told: Any) -> Plan:
    """The plan of Moonshine's own list.

    Raises:
        EngineFailed: it has another form.
    """
    try:
        group = told["groups"][0]
        files = tuple(
            Remote(str(each["name"]), str(each["url"]), int(each["size"]), "crc32c", _crc(each))
            for each in group["files"]
        )
        revision = str(group["base_url"]).rpartition("/")[2]
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise EngineFailed("The package moonshine-voice lists its files in another way.") from error
    if not files or not all(_FILE.fullmatch(each.name) for each in files):
        raise EngineFailed("The package moonshine-voice lists its files in another way.")
    return Plan(files, revision)


def _crc(told: Any) -> str:
    if told["checksum_type"] != "crc32c":
        raise ValueError
    return base64.b64decode(str(told["checksum"]), validate=True).hex()


def ask(request: Callable[[], httpx.Response], address: str) -> httpx.Response:
    """Make a request, with the errors a person can do something about.

    Raises:
        EngineMissing: the source cannot be reached from here.
        EngineFailed: it says no.
    """
    host = httpx.URL(address).host
    try:
        answer = request()
    except httpx.HTTPError as error:
        raise unreachable(host) from error
    if answer.status_code >= 400:  # noqa: PLR2004 - HTTP's errors
        msg = f"{host} answered {answer.status_code} for it."
        raise EngineFailed(msg, next_step="Try again later, or take the files from elsewhere with --from FOLDER.")
    return answer


def unreachable(host: str) -> EngineMissing:
    """The error for a host that does not answer."""
    return EngineMissing(
        f"{host} cannot be reached from this machine; nothing was installed.",
        next_step="Run it again when there is a network (it goes on where it stopped), or fetch the files elsewhere "
        "and use --from FOLDER.",
    )


def _nonsense(address: str) -> EngineFailed:
    return EngineFailed(
        f"{httpx.URL(address).host} does not have the files in the form that is known.",
        next_step="Take the files from elsewhere with --from FOLDER.",
    )
