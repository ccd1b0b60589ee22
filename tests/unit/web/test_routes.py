"""Every route there is: who may ask for it, that forms cannot be forged, and that a stranger finds nothing.

A route that is not in the table fails: whoever adds one has to say what it is about.
"""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from earwitness.storage.schema import accounts
from earwitness.testing.canary import NAME, TRANSCRIPT
from earwitness.testing.homes import Adult
from earwitness.testing.house import Family
from earwitness.testing.surfing import Surfer
from earwitness.vault.effects import Effect
from earwitness.web.front import Front

PUBLIC = {
    "/",
    "/promises",
    "/notice",
    "/healthz",
    "/log/{path:path}",
    "/assets/{name}",
    "/log-consistency",
    "/sign-in",
    "/sign-in/passkey/request",
    "/sign-in/passkey",
    "/sign-out",
    "/welcome/{link}",
}
"""Shows nothing of anybody to whoever has no secret; asks nobody who they are."""

HALF_WAY = {"/sign-in/code"}
"""For whoever gave the password and owes the second factor."""

OWN = {
    "/account",
    "/account/password",
    "/account/codes",
    "/account/codes/enrol",
    "/account/codes/remove",
    "/account/passkeys/request",
    "/account/passkeys",
    "/account/sessions/end-others",
    "/history",
    "/history/delete",
    "/export",
    "/export/key",
    "/who",
    "/who/newest",
    "/receipts",
    "/choices",
    "/choices/consent",
    "/choices/retention",
    "/choices/budget",
    "/leave",
    "/listen",
    "/listen/device",
    "/listen/ticket",
}
"""About whoever is signed in, and takes no id in its path."""

WITH_ID = {
    "/recordings/{recording}",
    "/recordings/{recording}/sound",
    "/recordings/{recording}/picture",
    "/recordings/{recording}/correct",
    "/recordings/{recording}/delete",
    "/effects/{effect}/remove",
    "/receipts/{receipt}",
    "/receipts/{receipt}/file",
    "/choices/hearers/{person}",
    "/choices/devices/{device}/answer",
    "/choices/devices/{device}/mode",
    "/account/passkeys/{passkey}/remove",
    "/account/sessions/{session}/end",
}
"""About one thing that belongs to somebody."""

QUERIES = ("/history?of={person}", "/who?of={person}", "/who/newest?of={person}", "/history?of={household}")
"""Ids that stand in a query."""

FIELDS = {"wrong": "not_for_me", "answer": "yes", "mode": "shared", "current": "x"}


def routes(app: FastAPI) -> Iterator[tuple[str, str]]:
    """Every method and path of the application, those of its rooms too."""
    for route in app.routes:
        inner = getattr(route, "original_router", None)
        for each in inner.routes if inner is not None else [route]:
            assert isinstance(each, APIRoute), f"{each} is of a kind that this test does not know"
            yield from ((method, each.path) for method in sorted(each.methods - {"HEAD"}))


@pytest.fixture
def things(small_family: Family, front: Front, ada: Surfer) -> dict[str, str]:
    """One of everything that belongs to Ada, who is signed in."""
    assert ada.cookies
    house, owner = small_family.house, small_family.ada
    kept = small_family.keep(owner).recording
    erased = small_family.erase(owner, small_family.keep(owner).recording)
    with house.database.write() as tx:
        caused = Effect("", kept, owner.id, "list", house.clock.now_ms(), "a thing", {})
        effect = house.effects.record(tx, caused).id
        account = front.rooms.accounts.of(person_id=owner.id).id
        key = {"id": "pk_hers", "account_id": account, "credential": b"c", "public_key": b"k"}
        tx.execute(accounts.passkey.insert(), [key | {"sign_count": 0, "created_at": 0}])
    return {
        "recording": kept,
        "effect": effect,
        "receipt": erased.receipt.id,
        "person": owner.id,
        "household": small_family.household,
        "device": owner.device,
        "passkey": "pk_hers",
        "session": front.doors.sessions.of(account)[0].id,
    }


def test_every_route_is_known(app: FastAPI) -> None:
    found = {path for _, path in routes(app)}
    assert found - (PUBLIC | HALF_WAY | OWN | WITH_ID) == set()
    assert (PUBLIC | HALF_WAY | OWN | WITH_ID) - found == set()


def test_a_path_with_an_id_is_in_the_table_of_those(app: FastAPI) -> None:
    with_parameter = {path for _, path in routes(app) if "{" in path}
    assert with_parameter - PUBLIC == WITH_ID


def test_a_stranger_finds_nothing_under_any_id(
    app: FastAPI, things: dict[str, str], neighbour: Adult, surfer: Surfer
) -> None:
    surfer.sign_in("noor")
    asked = 0
    for method, path in routes(app):
        if path not in WITH_ID:
            continue
        filled = path.format(**things)
        answer = surfer.get(filled) if method == "GET" else surfer.post(filled, FIELDS | {"person": neighbour.id})
        assert answer.status_code == 404, f"{method} {path} answered {answer.status_code}"
        assert NAME not in answer.text
        assert TRANSCRIPT not in answer.text
        asked += 1
    assert asked >= len(WITH_ID)
    for query in QUERIES:
        assert surfer.get(query.format(**things)).status_code == 404, query


def test_what_is_hers_she_finds(app: FastAPI, things: dict[str, str], ada: Surfer) -> None:
    """The same ids open for whose they are, so the 404s above say something."""
    for method, path in routes(app):
        if path in WITH_ID and method == "GET":
            assert ada.get(path.format(**things)).status_code == 200, path


def test_nobody_gets_anything_without_signing_in(app: FastAPI, things: dict[str, str], surfer: Surfer) -> None:
    surfer.get("/sign-in")
    for method, path in routes(app):
        if path in PUBLIC:
            continue
        filled = path.format(**things)
        answer = surfer.get(filled) if method == "GET" else surfer.post(filled, FIELDS)
        if method == "GET":
            assert answer.status_code == 303, f"{path} answered {answer.status_code}"
            assert answer.headers["location"].startswith("/sign-in?next=")
        else:
            assert answer.status_code == 401, f"{path} answered {answer.status_code}"


@pytest.mark.parametrize(
    "forged",
    [
        {"origin": "http://evil.example"},
        {"origin": "http://localhost:8711"},
        {"origin": "null"},
        {"origin": ""},
    ],
)
def test_no_form_is_taken_from_another_page(
    app: FastAPI, things: dict[str, str], ada: Surfer, forged: dict[str, str]
) -> None:
    for method, path in routes(app):
        if method == "POST":
            answer = ada.post(path.format(**things, link="x"), FIELDS, **forged)
            assert answer.status_code == 403, f"{path} answered {answer.status_code}"


def test_no_form_is_taken_without_the_visitors_own_token(app: FastAPI, things: dict[str, str], ada: Surfer) -> None:
    for method, path in routes(app):
        if method == "POST":
            for token in ("", "somebody else's"):
                answer = ada.post(path.format(**things, link="x"), FIELDS | {"form": token})
                assert answer.status_code == 403, f"{path} answered {answer.status_code}"


def test_pages_of_the_app_run_own_scripts_alone(ada: Surfer) -> None:
    policy = ada.get("/history").headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert "unsafe" not in policy
    assert "require-trusted-types-for 'script'" in policy
    assert "script-src" not in ada.get("/promises").headers["content-security-policy"]


def test_nothing_of_the_app_is_cached(ada: Surfer) -> None:
    for path in ("/history", "/who", "/choices", "/account"):
        assert ada.get(path).headers["cache-control"] == "no-store"
