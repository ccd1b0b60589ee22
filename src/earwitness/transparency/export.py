"""Export: one person takes everything about them home, encrypted to the key they alone hold.

The hub decides and logs, gathers the person's rows, and hands them with **one person's key** to a worker
process (export_worker), which opens, packs and encrypts. Format and limits: docs/formats/export.md.
"""

import json
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from earwitness.identity.directory import Directory
from earwitness.kernel import errors
from earwitness.kernel.actors import Actor
from earwitness.kernel.clock import Clock, rfc3339
from earwitness.kernel.errors import BadInput, EarwitnessError
from earwitness.ledger.log import Log
from earwitness.policy.access import Access, Action, Resource
from earwitness.policy.purposes import Purpose
from earwitness.storage.database import Database
from earwitness.storage.files import make_folder, os_errors, remove_durably, sync_folder
from earwitness.storage.schema import artefact, consent, device_agreement, recording, retention_choice
from earwitness.storage.schema.review import listening_budget
from earwitness.vault.audit import Audit
from earwitness.vault.effects import Effects
from earwitness.vault.keyring import Keyring
from earwitness.vault.receipts import Receipts

WORKER = "earwitness.transparency.export_worker"
BATCH = 500
README = """\
This archive holds everything Earwitness kept about you when it was made.

person.json       who you are here; every yes and no; how long you chose things to be kept; your contacts
recordings/       a folder a recording: the sound, and what was made of it
effects.json      what your recordings caused
log.jsonl         everybody and everything that opened or changed something of yours; each line with its place in
                  the public log, and the salt that lets you check it there
receipts/         receipts of what was erased; `earwitness verify FILE` checks one without any network
manifest.json     sizes and SHA-256 sums of all of the above
"""


@dataclass(frozen=True, slots=True)
class Exported:
    """A finished archive."""

    path: Path
    recordings: int
    members: int


NAMES = {
    "audio": "audio.wav",
    "review-copy": "{kind}.{version}.wav",
    **dict.fromkeys(("review-text", "annotation", "escalation", "correction", "trace"), "{kind}.{version}.json"),
}
"""How artefacts are called in an archive; the rest is text."""


class Export:
    """Makes archives; one worker process each."""

    def __init__(  # noqa: PLR0913, PLR0917 - composed once, in bootstrap
        self,
        database: Database,
        keyring: Keyring,
        access: Access,
        audit: Audit,
        log: Log,
        directory: Directory,
        effects: Effects,
        receipts: Receipts,
        clock: Clock,
        blob_place: Mapping[str, Any],
    ) -> None:
        """``blob_place`` is ``{"folder": path}`` or the fields of an S3 place, for the worker."""
        self._database = database
        self._keyring = keyring
        self._access = access
        self._audit = audit
        self._log = log
        self._directory = directory
        self._effects = effects
        self._receipts = receipts
        self._clock = clock
        self._blob_place = blob_place

    def export(self, actor: Actor, person_id: str, destination: Path) -> Exported:
        """Write a person's archive into the folder ``destination``.

        Raises:
            BadInput: the person has enrolled no recipient, or the destination is not a folder.
            AccessDenied: the policies say no.
            KeyCorrupt, BlobCorrupt, BlobMissing: something is damaged; there is no archive.
            StorageFull: no space; there is no archive.
        """
        person = self._directory.people.get(person_id)
        if person.recipient is None:
            raise BadInput(
                "This person has enrolled no key to which an export could be encrypted.",
                next_step="Make one with age-keygen, then earwitness person recipient age1… --as NAME",
            )
        resource = Resource(id=person.id, subject=person.id, household=person.household)
        self._access.open(actor, Action.PERSON_EXPORT, [resource], Purpose.HISTORY)
        with os_errors(destination):
            make_folder(destination)
        now = self._clock.now_ms()
        stamp = rfc3339(now).replace(":", "").partition(".")[0]
        final = destination / f"earwitness-export-{person.id}-{stamp}Z.tar.age"
        partial = final.with_name(f".{final.name}.partial")
        for leftover in destination.glob(f".earwitness-export-{person.id}-*.partial"):
            remove_durably(leftover)
        manifest = {"format": 1, "person": person.id, "made_at": rfc3339(now), "ledger_size": self._log.size()}
        opening = {
            "path": str(partial),
            "recipient": person.recipient,
            "blobs": dict(self._blob_place),
            "at": now // 1000,
            "manifest": manifest,
        }
        try:
            counted = _Counted(self._lines(opening, person.id))
            members = _work(counted)
            partial.replace(final)
            sync_folder(destination)
        except BaseException:
            remove_durably(partial)
            raise
        return Exported(final, counted.recordings, members)

    def _lines(self, opening: dict[str, Any], subject: str) -> Iterator[dict[str, Any]]:
        share = self._keyring.share(subject, [])
        yield opening | {"subject": subject, "epoch": share.epoch, "key": b64encode(share.key).decode()}
        yield _member("README.txt", README)
        yield _member("person.json", self._person(subject))
        for row in self._recordings(subject):
            yield from self._recording(row)
        yield _member("effects.json", [asdict(each) for each in self._effects.of_subject(subject)])
        yield _member("log.jsonl", "\n".join(self._log_lines(subject)) + "\n")
        for receipt in self._receipts.of(subject):
            yield _member(f"receipts/{receipt.id}.tlog-proof", self._receipts.file(receipt.id).decode())

    def _person(self, subject: str) -> dict[str, Any]:
        tables = {
            "consents": consent,
            "choices": retention_choice,
            "listening": listening_budget,
            "agreements": device_agreement,
        }
        with self._database.read() as tx:
            rows = {
                name: [
                    {key: value for key, value in row._asdict().items() if key != "tombstone"}
                    for row in tx.execute(select(table).where(table.c.person_id == subject))
                ]
                for name, table in tables.items()
            }
        contacts = [asdict(each) for each in self._directory.contacts.list(subject)]
        return {"person": asdict(self._directory.people.get(subject)), **rows, "contacts": contacts}

    def _recordings(self, subject: str) -> Iterator[Any]:
        query = select(recording).where(recording.c.subject_id == subject, recording.c.state == "kept")
        after = ""
        while True:
            with self._database.read() as tx:
                rows = tx.execute(query.where(recording.c.id > after).order_by(recording.c.id).limit(BATCH)).all()
            if not rows:
                return
            yield from rows
            after = rows[-1].id

    def _recording(self, row: Any) -> Iterator[dict[str, Any]]:
        share = self._keyring.share(row.subject_id, [row.id])
        if row.id not in share.wrapped:  # erased since the list was read
            return
        with self._database.read() as tx:
            artefacts = tx.execute(select(artefact).where(artefact.c.recording_id == row.id)).all()
        described = {
            "id": row.id,
            "device": row.device_id,
            "started_at": rfc3339(row.started_at),
            "kept_at": rfc3339(row.kept_at),
            "expires_at": rfc3339(row.expires_at),
            "artefacts": [{"kind": each.kind, "version": each.version, "size": each.size} for each in artefacts],
        }
        yield _member(f"recordings/{row.id}/recording.json", described)
        for each in artefacts:
            name = NAMES.get(each.kind, "{kind}.{version}.txt").format(kind=each.kind, version=each.version)
            yield {
                "name": f"recordings/{row.id}/{name}",
                "recording": row.id,
                "kind": each.kind,
                "version": each.version,
                "wrapped": b64encode(share.wrapped[row.id]).decode(),
                "sealed": b64encode(each.sealed).decode() if each.sealed is not None else "",
                "blob": each.blob,
            }

    def _log_lines(self, subject: str) -> Iterator[str]:
        for entry in self._audit.entries(subject):
            yield json.dumps({"index": entry.index, "salt": entry.salt.hex(), "entry": entry.text.decode()})


class _Counted:
    """Passes lines on and counts the recordings among them."""

    def __init__(self, lines: Iterator[dict[str, Any]]) -> None:
        self._lines = lines
        self.recordings = 0

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for line in self._lines:
            self.recordings += line.get("name", "").endswith("/recording.json")
            yield line


def _member(name: str, content: Any) -> dict[str, Any]:
    text = content if isinstance(content, str) else json.dumps(content, indent=1, default=str)
    return {"name": name, "data": b64encode(text.encode()).decode()}


def _work(lines: _Counted) -> int:
    """Run the worker on these lines; return how many members it wrote."""
    command = [sys.executable, "-m", WORKER]
    with subprocess.Popen(  # noqa: S603 - our own module, with nothing of the caller's on the command line
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as worker:
        assert worker.stdin and worker.stdout  # noqa: S101, PT018 - asked for above
        try:
            for line in lines:
                worker.stdin.write(json.dumps(line) + "\n")
            worker.stdin.close()
        except BrokenPipeError:
            pass  # it stopped early, and says why
        answer = json.loads(worker.stdout.read() or "{}")
    if "members" in answer:
        return int(answer["members"])
    kind = getattr(errors, answer.get("error", ""), EarwitnessError)
    raise kind(answer.get("what", "The export worker ended early."), next_step=answer.get("next_step", ""))
