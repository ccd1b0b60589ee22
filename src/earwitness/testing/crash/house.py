"""A real installation under load, and what must be true of it after any crash.

:func:`new_house` makes one with an adult and a device, :class:`Load` works on it and says facts,
:class:`HouseCheck` holds a folder that a crash left against those facts: nothing acknowledged is
lost, nothing erased opens, the log agrees with every checkpoint that was ever shown, and a sweep leaves
nothing without an owner. Every plaintext carries :data:`MARK`, so one search finds any of it.
"""
# ruff: noqa: S101 - a check speaks in assertions

import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from earwitness.bootstrap import House, create_house, open_house
from earwitness.identity.device_rows import DeviceMode
from earwitness.identity.households import Household
from earwitness.identity.people import Person, Standing
from earwitness.kernel.audio import Clip
from earwitness.kernel.errors import GrantInvalid, KeyDestroyed, NotFound, StorageBusy
from earwitness.ledger.merkle import leaf_hash, tree_root
from earwitness.ledger.verify import VerifyReport, verify
from earwitness.policy.purposes import NEEDED_TO_KEEP, Purpose
from earwitness.storage.schema import artefact, recording
from earwitness.testing.canary import TOKEN, canary
from earwitness.testing.crash.facts import Fact, Stage, acknowledged_of, say, tried_of
from earwitness.testing.crash.remanence import find_plaintext
from earwitness.testing.crash.thief import Thief
from earwitness.vault import envelope
from earwitness.vault.intake import AUDIO, Incoming
from earwitness.vault.kinds import TRANSCRIPT
from earwitness.vault.scope import Scope, ScopeKind

MARK = TOKEN.encode()
SHORT, LONG = 100, 1000  # repetitions: audio that rests in its row, and audio that gets a file
FEWEST_KEPT = 2


def new_house(data: Path) -> None:
    """Make an installation with one adult who said yes and confirmed their device."""
    create_house(data)
    with open_house(data) as house:
        household = house.directory.households.add(canary("house")).id
        person = house.directory.people.add(household, canary("adult"), Standing.OWNER)
        device = house.directory.devices.add(household, canary("kitchen"), DeviceMode.PERSONAL, person.id)
        house.directory.agreements.confirm(person.actor(), device.id)
        with house.database.write() as tx:
            for purpose in NEEDED_TO_KEEP:
                house.consents.record(tx, person.actor(), person.id, purpose)


def clip_of(tag: str) -> Clip:
    """Return sound that says its tag and nothing else; every other tag's is long enough to get a file."""
    times = LONG if int(tag.rpartition("-")[2]) % 2 else SHORT
    return Clip(f"{TOKEN} {tag:>20} ".encode() * times)


def transcript_of(tag: str) -> bytes:
    """Return the transcript that is kept with a tag's sound."""
    return canary(f"said {tag}").encode()


@dataclass(frozen=True, slots=True)
class Member:
    """The adult that the load acts for."""

    household: Household
    person: Person
    device: str

    @classmethod
    def of(cls, house: House) -> "Member":
        """Find the adult that :func:`new_house` made, erased or not."""
        (household,) = house.directory.households.list()
        (person,) = house.directory.people.list(household.id, erased=True)
        (device,) = house.directory.devices.list(household.id)
        return cls(household, person, device.id)


class Load:
    """Works on an open house and says what it tries and what was acknowledged."""

    def __init__(self, house: House, name: str, say: Callable[[Fact], None] = say) -> None:
        """``name`` sets this load's recordings apart from those of every other."""
        self.house = house
        self._say = say
        self.member = Member.of(house)
        self._name = name
        self._count = 0

    def keep(self) -> str:
        """Keep one recording and return its id."""
        self._count += 1
        tag = f"{self._name}-{self._count}"
        self._trying("keep", tag)
        incoming = Incoming(
            clip_of(tag),
            self.house.clock.now_ms(),
            self.member.person.actor(),
            device=self.member.device,
            artefacts={TRANSCRIPT: transcript_of(tag)},
        )
        kept = self.house.intake.keep(incoming)
        self._acknowledged("keep", tag, kept.recording)
        return kept.recording

    def erase(self, *recordings: str) -> str:
        """Erase recordings; return the erasure's id. Their bytes go later (:meth:`remove`)."""
        for name in recordings:
            self._trying("erase", name)
        scope = Scope(ScopeKind.RECORDINGS, self.member.person.id, self.member.household.id, recordings)
        accepted = self.house.erasure.erase(self.member.person.actor(), scope)
        for name in recordings:
            self._acknowledged("erase", name)
        return accepted.erasure

    def forget(self) -> str:
        """Erase the adult with everything; return the erasure's id."""
        self._trying("forget")
        scope = Scope(ScopeKind.PERSON, self.member.person.id, self.member.household.id)
        accepted = self.house.erasure.erase(self.member.person.actor(), scope)
        self._acknowledged("forget")
        return accepted.erasure

    def remove(self, erasure: str) -> None:
        """Remove what was erased from the medium."""
        self.house.removal.remove(erasure)
        self._acknowledged("remove", erasure)

    def turn(self) -> None:
        """Turn the epoch: what was erased before is final after."""
        self._count += 1
        turn = f"{self._name}-{self._count}"
        self._trying("turn", turn)
        self.house.turn_epoch()
        self._acknowledged("turn", turn)

    def play(self, name: str) -> None:
        """Open a recording through the door, which appends to the log first."""
        self.house.reading.play(self.member.person.actor(), name, Purpose.HISTORY).read()
        self._acknowledged("play", name)

    def show(self) -> None:
        """Publish the log and say which checkpoint was shown."""
        shown = self.house.log.publish()
        self._acknowledged("shown", str(shown.size), shown.root.hex())

    def kept(self) -> list[str]:
        """Return what stands, newest first."""
        page = self.house.reading.page(self.member.person.actor(), [self.member.person.id])
        return [item.id for item in page.items]

    def mix(self, seed: int) -> None:
        """Do one thing, drawn from ``seed``: mostly keep, often erase, now and then anything else.

        Another worker may be first: what it erased is not found or opens no more, what it holds is busy.
        """
        draw = random.Random(seed)  # noqa: S311 - a repeatable test, no secret
        doings: list[tuple[Callable[[], object], int]] = [
            (self.keep, 10),
            (lambda: self._erase_any(draw), 6),
            (lambda: self._play_any(draw), 2),
            (self.show, 3),
            (self.turn, 2),
            (self.house.sweep, 1),
        ]
        ((doing, _),) = draw.choices(doings, [weight for _, weight in doings])
        with suppress(NotFound, GrantInvalid, KeyDestroyed, StorageBusy):
            doing()

    def _trying(self, what: str, *details: str) -> None:
        self._say(Fact(Stage.TRY, what, details))

    def _acknowledged(self, what: str, *details: str) -> None:
        self._say(Fact(Stage.ACK, what, details))

    def _erase_any(self, draw: random.Random) -> None:
        standing = self.kept()
        if len(standing) <= FEWEST_KEPT:
            return
        chosen = draw.sample(standing, draw.randint(1, 2))
        erasure = self.erase(*chosen)
        if draw.random() < 0.5:  # noqa: PLR2004 - one in two
            self.remove(erasure)

    def _play_any(self, draw: random.Random) -> None:
        standing = self.kept()
        if standing:
            self.play(draw.choice(standing))


class HouseCheck:
    """Holds folders that crashes left against what was said; remembers every ring and key it saw, as a thief would."""

    def __init__(self) -> None:
        """Begin with a thief who knows nothing yet."""
        self.thief = Thief()
        self.keys: dict[str, bytes] = {}

    def __call__(self, data: Path, facts: Sequence[Fact]) -> None:
        """Raise AssertionError if a promise is broken in ``data``."""
        self.thief.copy_rings(data / "keys")
        before = _reports(data)
        assert not find_plaintext(data, {"plaintext": MARK}), "plaintext lies about"
        with open_house(data) as house:
            _check_log(house, facts, before)
            assert not house.keyring.keys(sorted(_erased(facts))), "erased, and its key still opens"
            house.sweep()
            self.keys |= _check_recordings(house, facts)
            _check_owners(house)
            house.log.publish(require_second=True)
        after = _reports(data, house.log.signer.vkey)
        assert len({(report.size, report.root) for report in after}) == 1, "the copies of the log differ"
        self.thief.copy_rings(data / "keys")
        final = _final(facts) & self.thief.opens(data)
        assert not final, f"{len(final)} keys open although their destruction is final"

    def check_finally(self, data: Path, facts: Sequence[Fact]) -> None:
        """Turn the epoch, after which nothing that was erased may open for anybody, and no key of it may lie about."""
        with open_house(data) as house:
            house.sweep()
            house.turn_epoch()
            alive = _ids(acknowledged_of(facts, "keep"), 1) - _going(facts)
        self.thief.copy_rings(data / "keys")
        opened = self.thief.opens(data)
        assert alive <= opened, "the thief is blind: what stands must open"
        assert not _erased(facts) & opened, "erased, and the epoch turned, yet it opens"
        assert not find_plaintext(data, {"plaintext": MARK}), "plaintext lies about"
        bare = {name: key for name, key in self.keys.items() if name in _erased(facts)}
        assert not find_plaintext(data, bare), "a bare key lies about"


def _ids(details: Sequence[tuple[str, ...]], place: int) -> set[str]:
    return {words[place] for words in details}


def _final(facts: Sequence[Fact]) -> set[str]:
    """Return what was erased before an epoch was turned."""
    done = acknowledged_of(facts, "turn")
    if not done:
        return set()
    began = facts.index(Fact(Stage.TRY, "turn", done[-1]))
    return _erased(facts[:began])


def _said(facts: Sequence[Fact], stage: Stage, what: str) -> bool:
    return any(fact.stage is stage and fact.what == what for fact in facts)


def _erased(facts: Sequence[Fact]) -> set[str]:
    """Return the recordings whose erasure was acknowledged, alone or with their person."""
    if _said(facts, Stage.ACK, "forget"):
        return _ids(acknowledged_of(facts, "keep"), 1)
    return _ids(acknowledged_of(facts, "erase"), 0)


def _going(facts: Sequence[Fact]) -> set[str]:
    """Return the recordings whose erasure was at least tried."""
    if _said(facts, Stage.TRY, "forget"):
        return _ids(acknowledged_of(facts, "keep"), 1)
    return _ids(tried_of(facts, "erase"), 0)


def _reports(data: Path, key: str | None = None) -> list[VerifyReport]:
    """Verify the log and its second copy from their files alone, wherever a checkpoint is shown."""
    copies = [copy for copy in (data / "log", data / "second") if (copy / "checkpoint").exists()]
    return [verify(copy, key) for copy in copies]


def _check_log(house: House, facts: Sequence[Fact], before: Sequence[VerifyReport]) -> None:
    shown = [(int(size), bytes.fromhex(root)) for size, root in acknowledged_of(facts, "shown")]
    if shown:
        assert max((report.size for report in before), default=0) >= shown[-1][0], "a shown checkpoint is gone"
    with house.database.read() as tx:
        hashes = [leaf_hash(leaf.commitment) for leaf in house.log.leaves(tx, range(house.log.size()))]
    for size, root in {*shown, *((report.size, report.root) for report in before)}:
        assert tree_root(hashes[:size]) == root, f"the log differs from the checkpoint shown at {size}"
    if not _said(facts, Stage.TRY, "forget"):
        assert list(house.audit.chain_breaks(Member.of(house).person.id)) == []


def _check_recordings(house: House, facts: Sequence[Fact]) -> dict[str, bytes]:
    """Check what stands and what is gone; return the keys of what stands."""
    opened = _open_everything(house)
    acked = {name: tag for tag, name in acknowledged_of(facts, "keep")}
    going, gone = _going(facts), _erased(facts)
    lost = acked.keys() - going - opened.keys()
    assert not lost, f"{len(lost)} acknowledged recordings are lost"
    back = gone & opened.keys()
    assert not back, f"{len(back)} erased recordings are back"
    tried = {(clip_of(tag).to_wav(), transcript_of(tag)): tag for (tag,) in tried_of(facts, "keep")}
    for name, contents in opened.items():
        tag = tried.get(contents)
        assert tag is not None, "a recording holds what nobody gave it"
        assert acked.get(name, tag) == tag, "a recording holds another's content"
    _play_newest(house, list(acked.keys() - going))
    for name in sorted(gone)[-3:]:
        assert not house.reading.find_many([name])
    return house.keyring.keys(list(opened))


def _open_everything(house: House) -> dict[str, tuple[bytes, bytes]]:
    """Open the sound and the transcript of whatever stands."""
    with house.database.read() as tx:
        subjects = {row.id: row.subject_id for row in tx.execute(select(recording.c.id, recording.c.subject_id))}
        rows = tx.execute(select(artefact)).all()
    keys = house.keyring.keys(list(subjects))
    opened: dict[str, dict[str, bytes]] = {}
    for row in rows:
        name = row.recording_id
        context = envelope.Context(subjects[name], name, row.kind, row.version)
        sealed = row.sealed if row.sealed is not None else house.blobs.get(row.blob)
        opened.setdefault(name, {})[row.kind] = envelope.open_all(keys[name], context, sealed)
    return {name: (kinds[AUDIO], kinds[TRANSCRIPT]) for name, kinds in opened.items()}


def _play_newest(house: House, standing: Sequence[str]) -> None:
    """Open one recording through the front door."""
    if standing:
        actor = Member.of(house).person.actor()
        assert house.reading.play(actor, standing[-1], Purpose.HISTORY).read().count(MARK) >= SHORT


def _check_owners(house: House) -> None:
    """After a sweep every object and every key belongs to a recording, and every recording has its own."""
    with house.database.read() as tx:
        recordings = set(tx.scalars(select(recording.c.id)))
        blobs = set(tx.scalars(select(artefact.c.blob).where(artefact.c.blob.is_not(None))))
    assert set(house.blobs.names()) == blobs, "objects and rows differ"
    assert {key for key in house.keyring.key_ids() if ":" not in key} == recordings, "keys and rows differ"
