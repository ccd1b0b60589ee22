"""``/who``: who and what opened something of yours; each entry with what a browser needs to prove it by itself.

The entries are sent with their salts, their inclusion proofs and the signed checkpoint (docs/formats/ledger.md), so
that the page's script recomputes what the log committed to from the very letters on the page, and needs to
believe nothing that the hub says of them.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from earwitness.identity.people import Age
from earwitness.kernel.clock import parse_rfc3339
from earwitness.kernel.errors import BadInput, NotFound
from earwitness.ledger.log import Checkpoint
from earwitness.policy.access import Action
from earwitness.policy.purposes import Purpose
from earwitness.transparency.deeds import deed
from earwitness.transparency.naming import Names
from earwitness.vault.audit import OpenedEntry
from earwitness.web.front import Front
from earwitness.web.household.absent import as_if_absent
from earwitness.web.sign_in.doors import Resident

PAGE = 30
WALKED = 200
FARTHEST = 4_000
"""So many entries are looked through for those of others before the page says where it stopped."""
OTHERS = "others"
SHARED = "home"
NAMED = 3
STAFF = {"reviewer": "A reviewer", "operator": "An operator", "auditor": "An auditor"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as the page shows and proves it."""

    index: int
    seq: int
    at: int
    who: str
    kind: str  # you | home | program | staff
    detail: str  # of staff: employer and country
    did: str
    what: str
    recordings: tuple[str, ...]
    purpose: str
    text: str
    salt: str
    proof: str


def who_page(front: Front) -> APIRouter:
    """Return the routes."""
    routes = APIRouter()
    Who = Annotated[Resident, Depends(front.doors.resident)]  # noqa: N806 - a type

    @routes.get("/who")
    def who(resident: Who, of: str = "", show: str = "", before: int | None = None) -> Response:
        subject = _subject(front, resident, of)
        with as_if_absent():
            asked = [resident.resource(subject)]
            front.rooms.access.open(resident.actor, Action.LEDGER_READ, asked, Purpose.HISTORY)
        found, following = _page(front, resident, subject, others=show == OTHERS, before=before)
        checkpoint = front.rooms.log.publish()
        return front.show(
            "who.html",
            resident.visitor,
            here="who",
            subjects=_subjects(front, resident),
            of=of,
            show=show,
            entries=_entries(front, resident, subject, found, checkpoint),
            following=following,
            is_first=before is None,
            newest=front.rooms.audit.newest(subject),
            note=front.rooms.log.checkpoint_note().decode(),
            key=front.rooms.log.signer.vkey,
        )

    @routes.get("/who/newest")
    def newest(resident: Who, of: str = "") -> Response:
        return JSONResponse({"newest": front.rooms.audit.newest(_subject(front, resident, of))})

    @routes.get("/log-consistency")
    def consistency(old: int, new: int) -> Response:
        if not 0 < old <= new < 1 << 62:
            raise BadInput("There is no proof between these sizes.")
        hashes = front.rooms.log.consistency(old, new)
        return PlainTextResponse("".join(f"{_b64(each)}\n" for each in hashes))

    return routes


def _subjects(front: Front, resident: Resident) -> list[tuple[str, str]]:
    """Return whose logs somebody may read, as the address says it, with what each is called."""
    found = [("", "Yours")]
    if resident.is_adult:
        found.append((SHARED, "The household's"))
    if resident.is_adult and resident.person.standing == "owner":
        people = front.rooms.directory.people.list(resident.person.household)
        found += [(each.id, f"{each.name}'s") for each in people if each.age is Age.CHILD]
    return found


def _subject(front: Front, resident: Resident, of: str) -> str:
    if of not in {name for name, _ in _subjects(front, resident)}:
        raise NotFound("There is no such log.")
    return {"": resident.person.id, SHARED: resident.person.household}.get(of, of)


def _page(
    front: Front, resident: Resident, subject: str, *, others: bool, before: int | None
) -> tuple[list[OpenedEntry], int | None]:
    """Return a page of entries, newest first, and where the next begins."""
    audit = front.rooms.audit
    if not others:
        found = audit.entries(subject, newest_first=True, limit=PAGE, before=before)
        return found, found[-1].seq if found and found[-1].seq > 0 else None
    theirs: list[OpenedEntry] = []
    walked = 0
    while walked < FARTHEST:
        part = audit.entries(subject, newest_first=True, limit=WALKED, before=before)
        if not part:
            return theirs, None
        for each in part:
            before, walked = each.seq, walked + 1
            if each.body["actor"]["id"] != resident.person.id:
                theirs.append(each)
            if len(theirs) == PAGE:
                return theirs, before or None
    return theirs, before or None


def _entries(
    front: Front, resident: Resident, subject: str, found: Sequence[OpenedEntry], checkpoint: Checkpoint
) -> list[Entry]:
    names = Names(front.rooms.directory, resident.person)
    proofs = {each.index: front.rooms.log.proof(each.index, checkpoint.size) for each in found}
    return [_entry(each, proofs[each.index], names, subject) for each in found]


def _entry(entry: OpenedEntry, proof: Sequence[bytes], names: Names, subject: str) -> Entry:
    body = entry.body
    who, kind, detail = _actor(body["actor"], names)
    recordings = tuple(each for each in body["resources"] if each.startswith("rec_"))
    return Entry(
        index=entry.index,
        seq=entry.seq,
        at=parse_rfc3339(body["at"]),
        who=who,
        kind=kind,
        detail=detail,
        did=deed(body["action"], body.get("details", {})),
        what=_what(body, names, subject),
        recordings=recordings[:NAMED],
        purpose=body["purpose"],
        text=entry.text.decode(),
        salt=_b64(entry.salt),
        proof=" ".join(_b64(each) for each in proof),
    )


def _actor(actor: Mapping[str, Any], names: Names) -> tuple[str, str, str]:
    if actor["role"] == "program":
        name = names.program(actor["id"])
        return name[:1].upper() + name[1:], "program", ""
    if actor["role"] in STAFF:
        detail = ", ".join(part for part in (actor.get("employer", ""), actor.get("country", "")) if part)
        return STAFF[actor["role"]], "staff", detail
    name = names.of(actor["id"])
    return ("You", "you", "") if name == "you" else (name, "home", "")


def _what(body: Mapping[str, Any], names: Names, subject: str) -> str:
    """Say what it was done to: a purpose or device by name, recordings by their number."""
    details = body.get("details", {})
    if details.get("detail"):
        return names.within(str(details["detail"])).replace("_", " ")
    recordings = [each for each in body["resources"] if each != subject]
    count = len(recordings) or details.get("recordings")
    if isinstance(count, int) and count:
        return "a recording" if count == 1 else f"{count} recordings"
    return ""


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
