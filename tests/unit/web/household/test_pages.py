"""The household's pages over ASGI: what they show, what they change, and that each look is in the log first."""

import json
import re
import tarfile
from io import BytesIO

import pyrage
import pytest
from fastapi import FastAPI

from earwitness.identity.device_rows import DeviceMode
from earwitness.identity.people import Age
from earwitness.kernel.audio import Clip
from earwitness.kernel.clock import DAY
from earwitness.learning.corrections import Wrong
from earwitness.policy.purposes import Purpose
from earwitness.policy.retention import RetentionChoice
from earwitness.testing.browsing import PASSWORD
from earwitness.testing.canary import CHILD_NAME, REPLY, TRANSCRIPT, canary
from earwitness.testing.house import Family
from earwitness.testing.surfing import Surfer, visible
from earwitness.vault.effects import Effect
from earwitness.web.front import Front

OTHER = {"said": "a timer", "score": 0.2}
TRACE = json.dumps(
    [
        {"step": "recognition", "said": "I heard that.", "score": 0.83, "took_ms": 200.4},
        {
            "step": "understanding",
            "said": "That means a reminder.",
            "alternatives": [{"said": "a timer", "score": 0.2}],
        },
    ]
).encode()
TEXTS = {"transcript": TRANSCRIPT.encode(), "reply": REPLY.encode(), "trace": TRACE}


def keep(family: Family) -> str:
    return family.keep(family.ada, artefacts=TEXTS).recording


def deeds(family: Family, subject: str = "") -> list[str]:
    return [each.body["action"] for each in family.house.audit.entries(subject or family.ada.id)]


def test_the_history_is_listed_by_days_and_pages(small_family: Family, ada: Surfer) -> None:
    for _ in range(32):
        keep(small_family)
    small_family.clock.advance(DAY)
    keep(small_family)
    page = ada.get("/history")
    assert page.text.count('class="line"') == 30
    assert re.findall(r'<h2 id="day-\d">([^<]+)', page.text) == ["Today", "Yesterday"]
    older = re.findall(r'href="(/history\?before=[^"]+)"', page.text)
    rest = ada.get(older[0])
    assert rest.text.count('class="line"') == 3
    assert deeds(small_family).count("recording:read") == 2


def test_an_empty_history_says_so(ada: Surfer) -> None:
    assert "Nothing is kept of you." in visible(ada.get("/history").text)


@pytest.mark.parametrize("before", ["x", "1", "1:", "9999999999999999:rec_a", "1:" + "x" * 100])
def test_a_place_that_no_page_named_is_refused(ada: Surfer, before: str) -> None:
    assert ada.get(f"/history?before={before}").status_code == 400


def test_a_recording_tells_what_was_heard_and_why(small_family: Family, ada: Surfer) -> None:
    page = visible(ada.get(f"/recordings/{keep(small_family)}").text)
    assert TRANSCRIPT in page
    assert REPLY in page
    assert "I heard that. 83 % sure 200 ms recognition" in page
    assert "a timer 20 %" in page
    assert "It was kept because the device is personal, and its adult said yes; for 3 months." in page


def test_opening_a_page_plays_nothing(small_family: Family, ada: Surfer) -> None:
    recording = keep(small_family)
    ada.get(f"/recordings/{recording}")
    assert "recording:play" not in deeds(small_family)


def test_sound_is_streamed_by_ranges_under_one_entry(small_family: Family, ada: Surfer) -> None:
    recording = keep(small_family)
    path = f"/recordings/{recording}/sound"
    whole = ada.get(path)
    assert whole.content == Clip(small_family.play(small_family.ada, recording)[44:]).to_wav()
    assert whole.headers["content-type"] == "audio/wav"
    part = ada.get(path, range="bytes=100-199")
    assert part.status_code == 206
    assert part.content == whole.content[100:200]
    assert part.headers["content-range"] == f"bytes 100-199/{len(whole.content)}"
    assert ada.get(path, range="bytes=-10").content == whole.content[-10:]
    assert ada.get(path, range=f"bytes={len(whole.content)}-").status_code == 416
    assert ada.get(f"/recordings/{recording}/picture").json()["bars"]
    assert deeds(small_family).count("recording:play") == 2  # the test's own, and one for all of this


def test_a_listening_ends_with_its_grant(small_family: Family, ada: Surfer) -> None:
    path = f"/recordings/{keep(small_family)}/sound"
    ada.get(path)
    small_family.clock.advance(6 * 60_000)
    assert ada.get(path, range="bytes=0-9").status_code == 206
    assert deeds(small_family).count("recording:play") == 2


def test_what_is_deleted_while_it_plays_stops(small_family: Family, ada: Surfer) -> None:
    recording = keep(small_family)
    assert ada.get(f"/recordings/{recording}/sound", range="bytes=0-9").status_code == 206
    small_family.erase(small_family.ada, recording)
    assert ada.get(f"/recordings/{recording}/sound", range="bytes=10-19").status_code == 404


def test_deleting_gives_a_receipt_that_verifies(small_family: Family, ada: Surfer) -> None:
    recording = keep(small_family)
    ada.get(f"/recordings/{recording}")
    sent = ada.post(f"/recordings/{recording}/delete")
    assert ada.get(f"/recordings/{recording}").status_code == 404
    receipt = ada.get(sent.headers["location"])
    assert "Deleted" in visible(receipt.text)
    file = ada.get(sent.headers["location"].partition("?")[0] + "/file")
    assert file.text.startswith("c2sp.org/tlog-proof@v1\n")
    assert "attachment" in file.headers["content-disposition"]
    assert "unreadable" in visible(ada.get("/receipts").text)


def test_what_it_caused_can_be_taken_back_and_outlives_the_recording(small_family: Family, ada: Surfer) -> None:
    house, taken = small_family.house, []
    house.effects.register("canary-list", lambda effect: taken.append(effect.id))
    recordings = [keep(small_family), keep(small_family)]
    with house.database.write() as tx:
        ids = [
            house.effects.record(tx, Effect("", each, small_family.ada.id, "canary-list", 0, f"thing {number}", {})).id
            for number, each in enumerate(recordings)
        ]
    assert "thing 0" in visible(ada.get("/history").text)
    ada.get(f"/recordings/{recordings[0]}")
    assert ada.post(f"/effects/{ids[0]}/remove", {"back": "recording"}).status_code == 303
    assert ada.post(f"/effects/{ids[0]}/remove").status_code == 404
    small_family.erase(small_family.ada, recordings[1])
    assert "thing 1" in visible(ada.get("/receipts").text)
    ada.post(f"/effects/{ids[1]}/remove")
    assert taken == ids


@pytest.mark.parametrize(
    ("fields", "said", "meant"),
    [
        ({"wrong": "not_what_i_said", "said": "feed the bird", "meant": "left over"}, "feed the bird", None),
        ({"wrong": "not_what_i_meant", "said": "egg time", "meant": "set a timer"}, "egg time", "set a timer"),
        ({"wrong": "not_for_me", "said": "left over"}, None, None),
    ],
)
def test_a_correction_is_kept_with_the_recording(
    small_family: Family, ada: Surfer, fields: dict[str, str], said: str | None, meant: str | None
) -> None:
    recording = keep(small_family)
    ada.get(f"/recordings/{recording}")
    assert ada.post(f"/recordings/{recording}/correct", fields).status_code == 303
    kept = small_family.house.corrections.of(small_family.ada.actor, recording)
    assert kept is not None
    assert (kept.wrong, kept.said, kept.meant) == (Wrong(fields["wrong"]), said, meant)
    shown = visible(ada.get(f"/recordings/{recording}").text)
    assert "You said:" in shown
    assert (meant or said or "") in shown


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"wrong": "x"},
        {"wrong": "not_what_i_said"},
        {"wrong": "not_what_i_meant"},
        {"wrong": "not_what_i_meant", "said": "egg time", "meant": " "},
        {"wrong": "not_what_i_meant", "meant": "set a timer"},
    ],
)
def test_half_a_correction_is_refused(small_family: Family, ada: Surfer, fields: dict[str, str]) -> None:
    recording = keep(small_family)
    ada.get(f"/recordings/{recording}")
    assert ada.post(f"/recordings/{recording}/correct", fields).status_code == 400


def test_a_damaged_recording_says_so_and_can_be_deleted(small_family: Family, ada: Surfer) -> None:
    from earwitness.storage.schema import artefact  # noqa: PLC0415 - damage is done by hand here alone

    recording = keep(small_family)
    with small_family.house.database.write() as tx:
        tx.execute(artefact.update().where(artefact.c.kind == "transcript").values(sealed=b"EW" + bytes(80)))
    assert "This one is damaged" in visible(ada.get("/history").text)
    assert "This recording is damaged" in visible(ada.get(f"/recordings/{recording}").text)
    assert ada.post(f"/recordings/{recording}/delete").status_code == 303


def test_a_history_is_open_to_whom_it_was_opened(small_family: Family, app: FastAPI, front: Front) -> None:
    recording, ben = keep(small_family), Surfer(app)
    ben.sign_in("ben")
    path = f"/history?of={small_family.ada.id}"
    assert ben.get(path).status_code == 404
    small_family.say_yes(small_family.ada, Purpose.HISTORY, toward=small_family.ben.id)
    assert TRANSCRIPT in ben.get(path).text
    page = ben.get(f"/recordings/{recording}")
    assert page.status_code == 200
    assert "Delete this recording" not in page.text
    assert ben.post(f"/recordings/{recording}/delete").status_code == 404
    assert ben.post(f"/recordings/{recording}/correct", {"wrong": "not_for_me"}).status_code == 404
    assert front.rooms.reading.find(recording)


def test_what_is_shared_is_seen_by_those_who_agreed(small_family: Family, ada: Surfer) -> None:
    device = small_family.shared_device()
    recording = small_family.keep(small_family.ada, device=device, artefacts=TEXTS).recording
    assert TRANSCRIPT in ada.get("/history?of=home").text
    assert ada.get(f"/recordings/{recording}").status_code == 200
    small_family.house.directory.agreements.withdraw(small_family.ada.actor, device)
    assert ada.get(f"/recordings/{recording}").status_code == 404


@pytest.mark.parametrize(("span", "left"), [("today", 2), ("week", 1), ("all", 0)])
def test_many_are_deleted_after_one_more_question(small_family: Family, ada: Surfer, span: str, left: int) -> None:
    for days in (10, 2, 0):
        keep(small_family)
        small_family.clock.advance(days * DAY)
    ada.get("/history")
    asked = ada.post("/history/delete", {"span": span})
    assert f"Delete {3 - left} recording" in visible(asked.text)
    assert len(small_family.history(small_family.ada)) == 3
    done = ada.post("/history/delete", {"span": span, "sure": "yes"})
    assert done.headers["location"].startswith("/receipts/rct_")
    assert len(small_family.history(small_family.ada)) == left
    again = ada.post("/history/delete", {"span": span, "sure": "yes"})
    assert "There is nothing to delete" in visible(again.text)
    assert ada.post("/history/delete", {"span": "x"}).status_code == 400
    assert ada.post("/history/delete", {"span": "all", "of": small_family.ben.id}).status_code == 404


# --- who listened ---------------------------------------------------------------------------------


def test_every_entry_comes_with_what_proves_it(small_family: Family, ada: Surfer) -> None:
    keep(small_family)
    page = ada.get("/who").text
    rows = re.findall(r'data-index="(\d+)" data-salt="([^"]+)" data-proof="([^"]*)"', page)
    assert len(rows) == len(deeds(small_family))
    assert "earwitness.local/inst_small" in page
    assert deeds(small_family)[-1] == "ledger:read"


def test_the_log_of_others_leaves_out_ones_own_looks(small_family: Family, ada: Surfer) -> None:
    recording = keep(small_family)
    small_family.say_yes(small_family.ada, Purpose.HISTORY, toward=small_family.ben.id)
    small_family.play(small_family.ben, recording)
    found = re.findall(r'class="entry (\w+)"', ada.get("/who?show=others").text)
    assert found == ["home"]


def test_the_log_goes_on_over_pages_without_a_gap(small_family: Family, ada: Surfer) -> None:
    for _ in range(40):
        keep(small_family)
    seen, path = [], "/who"
    while path:
        page = ada.get(path).text
        seen += [json.loads(each.replace("&#34;", '"'))["seq"] for each in re.findall(r">(\{[^<]+)</pre>", page)]
        older = re.findall(r'href="(/who\?of=&before=\d+)"', page.replace("&amp;", "&"))
        path = older[0] if older else ""
    whole = list(range(seen[0], -1, -1))
    assert seen == whole


def test_asking_for_news_opens_nothing(small_family: Family, ada: Surfer) -> None:
    before = deeds(small_family)
    assert ada.get("/who/newest").json() == {"newest": len(before)}
    assert deeds(small_family) == before


def test_the_log_is_proved_to_have_only_grown(small_family: Family, ada: Surfer, surfer: Surfer) -> None:
    keep(small_family)
    ada.get("/who")
    size = small_family.house.log.publish().size
    lines = surfer.get(f"/log-consistency?old=3&new={size}").text.split()
    assert lines
    assert surfer.get("/log-consistency?old=0&new=3").status_code == 400
    assert surfer.get("/log-consistency?old=x").status_code == 400


# --- choices --------------------------------------------------------------------------------------


def test_a_yes_is_given_and_taken_back(small_family: Family, ada: Surfer, front: Front) -> None:
    ada.get("/choices")
    for answer in ("yes", "no"):
        assert ada.post("/choices/consent", {"purpose": "review", "answer": answer}).status_code == 303
        with front.rooms.database.read() as tx:
            given = front.rooms.consents.is_given(tx, small_family.ada.id, Purpose.REVIEW)
        assert given is (answer == "yes")
    assert ada.post("/choices/consent", {"purpose": "legal", "answer": "yes"}).status_code == 400


def test_what_a_shorter_time_removes_is_asked_about_first(small_family: Family, ada: Surfer) -> None:
    recording = keep(small_family)
    small_family.clock.advance(2 * DAY)
    ada.get("/choices")
    asked = ada.post("/choices/retention", {"choice": "day"})
    assert "1 recording goes" in visible(asked.text)
    assert small_family.history(small_family.ada) == [recording]
    assert ada.post("/choices/retention", {"choice": "day", "sure": "yes"}).status_code == 303
    assert small_family.history(small_family.ada) == []
    with small_family.house.database.read() as tx:
        assert small_family.house.choices.current(tx, small_family.ada.id).choice is RetentionChoice.DAY


def test_the_listening_budget_is_ten_and_can_be_lowered(small_family: Family, ada: Surfer) -> None:
    budgets = small_family.house.review.budgets
    assert "at most 10 recordings a year" in visible(ada.get("/choices").text)
    assert ada.post("/choices/budget", {"clips": "3"}).status_code == 303
    for bad in ("11", "-1", "x", ""):
        assert ada.post("/choices/budget", {"clips": bad}).status_code == 400
    with small_family.house.database.read() as tx:
        assert budgets.chosen(tx, [small_family.ada.id]) == {small_family.ada.id: 3}


def test_a_history_is_opened_by_name_and_closed(small_family: Family, ada: Surfer) -> None:
    ada.get("/choices")
    path = f"/choices/hearers/{small_family.ben.id}"
    assert ada.post(path, {"answer": "yes"}).status_code == 303
    assert "may hear and read your history" in visible(ada.get("/choices").text)
    assert ada.post(path, {"answer": "no"}).status_code == 303
    assert "hears nothing of yours" in visible(ada.get("/choices").text)


def test_a_device_says_whether_it_keeps_as_it_is_decided(small_family: Family, ada: Surfer) -> None:
    device = small_family.shared_device(small_family.ben)
    page = visible(ada.get("/choices").text)
    assert "Not kept: 1 adult(s) have not agreed to this shared device." in page
    ada.post(f"/choices/devices/{device}/answer", {"answer": "yes"})
    assert "Kept: the device is shared, and every adult agreed; for 3 months." in visible(ada.get("/choices").text)
    ada.post(f"/choices/devices/{device}/answer", {"answer": "no"})
    assert "1 adult(s) have not agreed" in visible(ada.get("/choices").text)


def test_an_owner_declares_modes_and_a_member_does_not(small_family: Family, ada: Surfer, app: FastAPI) -> None:
    device = small_family.ada.device
    ada.get("/choices")
    assert ada.post(f"/choices/devices/{device}/mode", {"mode": "guest"}).status_code == 303
    assert small_family.house.directory.devices.get(device).mode is DeviceMode.GUEST
    personal = {"mode": "personal", "person": small_family.ada.id}
    assert ada.post(f"/choices/devices/{device}/mode", personal).status_code == 303
    assert "has not confirmed" in visible(ada.get("/choices").text)
    assert ada.post(f"/choices/devices/{device}/answer").status_code == 303
    assert "has not confirmed" not in visible(ada.get("/choices").text)
    ben = Surfer(app)
    ben.sign_in("ben")
    assert ben.post(f"/choices/devices/{device}/mode", {"mode": "guest"}).status_code == 403


def test_a_child_sees_its_devices_and_decides_nothing(small_family: Family, app: FastAPI, front: Front) -> None:
    child = front.rooms.directory.people.add(small_family.household, CHILD_NAME, age=Age.CHILD)
    _, link = front.rooms.accounts.add("cleo", person_id=child.id)
    front.rooms.accounts.use_link(link, front.passwords.hash(PASSWORD))
    cleo = Surfer(app)
    cleo.sign_in("cleo")
    page = cleo.get("/choices")
    assert page.status_code == 200
    assert "/choices/consent" not in page.text
    assert cleo.post("/choices/consent", {"purpose": "assist", "answer": "yes"}).status_code == 403
    assert cleo.get("/leave").status_code == 403
    assert cleo.get("/history?of=home").status_code == 404


# --- leaving, and what is public ------------------------------------------------------------------


def test_leaving_takes_the_password_and_everything(small_family: Family, ada: Surfer) -> None:
    recording = keep(small_family)
    assert "1 recording," in visible(ada.get("/leave").text)
    assert ada.post("/leave", {"current": "wrong"}).status_code == 400
    gone = ada.post("/leave", {"current": PASSWORD})
    assert "c2sp.org/tlog-proof@v1" in gone.text
    assert ada.get("/history").status_code == 303
    assert small_family.house.directory.people.get(small_family.ada.id).erased_at is not None
    assert not small_family.house.reading.find_many([recording])


def test_an_export_takes_the_password_and_opens_with_ones_own_key(small_family: Family, ada: Surfer) -> None:
    keep(small_family)
    ada.get("/export")
    assert ada.post("/export", {"current": "wrong"}).status_code == 400
    made = ada.post("/export", {"current": PASSWORD})
    assert made.headers["content-disposition"].startswith('attachment; filename="earwitness-export-')
    assert len(made.content) == int(made.headers["content-length"])
    with tarfile.open(fileobj=BytesIO(pyrage.decrypt(made.content, [small_family.ada.identity]))) as archive:
        assert "manifest.json" in archive.getnames()
    assert not list((small_family.house.data / "run").glob("export-*"))
    assert "person:export" in deeds(small_family)


def test_another_key_for_exports_takes_the_password(small_family: Family, ada: Surfer) -> None:
    fresh = str(pyrage.x25519.Identity.generate().to_public())
    ada.get("/export")
    assert ada.post("/export/key", {"current": PASSWORD, "key": "age1nothing"}).status_code == 400
    assert ada.post("/export/key", {"current": "wrong", "key": fresh}).status_code == 400
    assert ada.post("/export/key", {"current": PASSWORD, "key": fresh}).status_code == 303
    assert small_family.house.directory.people.get(small_family.ada.id).recipient == fresh


def test_the_notice_says_what_is_enforced(surfer: Surfer, neighbour: object) -> None:
    page = surfer.get("/notice")
    assert neighbour is not None
    text = visible(page.text)
    assert "nothing, a day, 3 months, 18 months, until deleted; 3 months where nothing was chosen" in text
    assert "There is no staff here." in text
    assert canary("") not in page.text


def test_the_front_page_leads_to_where_one_belongs(ada: Surfer, surfer: Surfer) -> None:
    assert ada.get("/").headers["location"] == "/history"
    page = surfer.get("/")
    assert page.status_code == 200
    assert 'href="/sign-in"' in page.text
