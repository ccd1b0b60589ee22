"""Vault Transit in particular: what is said on the wire, and what each refusal becomes."""

import base64
import logging
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from earwitness.kernel.errors import BadInput, CustodianUnavailable, EarwitnessError, KeyDestroyed
from earwitness.testing.transit import TransitServer
from earwitness.vault.custodians.transit import Transit, token_from

KEY = bytes(range(32))


@pytest.fixture
def server() -> Iterator[TransitServer]:
    running = TransitServer()
    yield running
    running.stop()


@pytest.fixture
def custodian(server: TransitServer) -> Iterator[Transit]:
    transit = Transit(server.address, "house", lambda: server.token, backups_kept_ms=5)
    yield transit
    transit.close()


def test_a_life_of_one_epoch_on_the_wire(server: TransitServer, custodian: Transit) -> None:
    custodian.create(7)
    wrapped = custodian.wrap(7, KEY)
    assert wrapped.startswith(b"vault:v1:")
    assert custodian.unwrap(7, wrapped) == KEY
    custodian.destroy(7)
    name = "earwitness-house-7"
    assert server.state.requests == [
        ("POST", f"/v1/transit/keys/{name}"),
        ("GET", f"/v1/transit/keys/{name}"),
        ("POST", f"/v1/transit/encrypt/{name}"),
        ("POST", f"/v1/transit/decrypt/{name}"),
        ("GET", f"/v1/transit/keys/{name}"),
        ("POST", f"/v1/transit/keys/{name}/config"),
        ("DELETE", f"/v1/transit/keys/{name}"),
        ("GET", f"/v1/transit/keys/{name}"),
    ]


def test_the_ciphertext_is_bound_to_installation_and_epoch(server: TransitServer, custodian: Transit) -> None:
    custodian.create(1)
    wrapped = custodian.wrap(1, KEY).decode()
    sealed = base64.b64decode(wrapped.removeprefix("vault:v1:"))
    cipher = server.state.keys["earwitness-house-1"].cipher
    assert cipher.decrypt(sealed[:12], sealed[12:], b"earwitness/kek/v1\nhouse\n1") == KEY


def test_wrapping_does_not_make_a_missing_key(server: TransitServer, custodian: Transit) -> None:
    with pytest.raises(KeyDestroyed):
        custodian.wrap(1, KEY)
    assert server.state.keys == {}


def test_a_sealed_vault_is_unavailable_and_says_what_to_do(server: TransitServer, custodian: Transit) -> None:
    custodian.create(1)
    wrapped = custodian.wrap(1, KEY)
    server.state.sealed = True
    for call in (
        lambda: custodian.create(2),
        lambda: custodian.wrap(1, KEY),
        lambda: custodian.unwrap(1, wrapped),
        lambda: custodian.destroy(1),
    ):
        with pytest.raises(CustodianUnavailable, match="Unseal"):
            call()
    server.state.sealed = False
    assert custodian.unwrap(1, wrapped) == KEY


def test_a_refused_token_is_named_and_never_shown(server: TransitServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    custodian = Transit(server.address, "house", lambda: "hvs.stolen-token")
    with pytest.raises(CustodianUnavailable, match="refused the token") as caught:
        custodian.create(1)
    custodian.close()
    assert "hvs.stolen-token" not in str(caught.value) + caplog.text + repr(custodian)


def test_a_missing_mount_is_not_taken_for_a_destroyed_key(server: TransitServer, custodian: Transit) -> None:
    custodian.create(1)
    wrapped = custodian.wrap(1, KEY)
    server.state.mount = "elsewhere"
    with pytest.raises(CustodianUnavailable):
        custodian.destroy(1)
    with pytest.raises(CustodianUnavailable):
        custodian.unwrap(1, wrapped)


def test_a_vault_that_does_not_answer_is_unavailable() -> None:
    stopped = TransitServer()
    stopped.stop()
    custodian = Transit(stopped.address, "house", lambda: "token")
    with pytest.raises(CustodianUnavailable, match="does not answer"):
        custodian.create(1)
    custodian.close()


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={"data": None}),
        httpx.Response(200, json={"data": {"ciphertext": 3, "plaintext": "%%"}}),
        httpx.Response(500, json={"errors": ["secret detail"]}),
        httpx.Response(429),
        httpx.Response(404, text="not json"),
    ],
)
def test_answers_that_no_transit_engine_gives_are_unavailable(answer: httpx.Response) -> None:
    custodian = Transit(
        "http://127.0.0.1:1", "house", lambda: "token", transport=httpx.MockTransport(lambda _request: answer)
    )
    for call in (lambda: custodian.wrap(1, KEY), lambda: custodian.unwrap(1, b"vault:v1:AAAA")):
        with pytest.raises(CustodianUnavailable) as caught:
            call()
        assert "secret detail" not in str(caught.value)
    custodian.close()


def test_a_key_that_survives_its_deletion_is_reported() -> None:
    kept = httpx.MockTransport(lambda _request: httpx.Response(200, json={"data": {}}))
    custodian = Transit("http://127.0.0.1:1", "house", lambda: "token", transport=kept)
    with pytest.raises(CustodianUnavailable, match="still has the key"):
        custodian.destroy(1)
    custodian.close()


@pytest.mark.parametrize(
    ("address", "installation"),
    [("ftp://vault", "house"), ("", "house"), ("http://vault", "a/b"), ("http://vault", "")],
)
def test_what_vault_would_not_take_is_bad_input(address: str, installation: str) -> None:
    with pytest.raises(BadInput):
        Transit(address, installation, lambda: "token")


def test_the_token_comes_from_the_environment_or_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAULT_TOKEN", "from-environment")
    assert token_from()() == "from-environment"
    (tmp_path / "token").write_text("from-file\n")
    assert token_from(tmp_path / "token")() == "from-file"
    monkeypatch.delenv("VAULT_TOKEN")
    with pytest.raises(CustodianUnavailable):
        token_from()()
    with pytest.raises(EarwitnessError):
        token_from(tmp_path / "absent")()


def test_the_operators_word_on_snapshots_is_the_delay(custodian: Transit) -> None:
    assert custodian.delay_ms == 5
