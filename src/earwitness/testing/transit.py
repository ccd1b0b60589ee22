"""A small server that answers as HashiCorp Vault's Transit engine is documented to, for tests.

Paths, verbs, statuses and bodies follow developer.hashicorp.com/vault/api-docs/secret/transit, keys of type
``aes256-gcm96`` only. It listens on a free loopback port. It is no Vault: what it agrees with is the
documentation, as read by us.
"""

import base64
import binascii
import json
import re
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE = 12
_PATH = re.compile(r"/v1/([\w-]+)/(keys|encrypt|decrypt)/([\w.-]+)(/config)?").fullmatch

Answer = tuple[int, dict[str, Any] | None]


@dataclass(slots=True)
class _Key:
    cipher: AESGCM
    deletion_allowed: bool = False


@dataclass(slots=True)
class _State:
    token: str
    mount: str = "transit"
    sealed: bool = False
    keys: dict[str, _Key] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


class TransitServer:
    """The server; ``state`` may be looked into and changed by the test that owns it."""

    def __init__(self) -> None:
        """Start listening."""
        self.token = f"hvs.{secrets.token_urlsafe(18)}"
        self.state = _State(self.token)
        handler = type("Handler", (_Handler,), {"state": self.state})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"

    def stop(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    state: ClassVar[_State]
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._respond("GET")

    def do_POST(self) -> None:
        self._respond("POST")

    def do_DELETE(self) -> None:
        self._respond("DELETE")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its parameter's name
        """Say nothing on standard error."""

    def _respond(self, method: str) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with self.state.lock:
            self.state.requests.append((method, self.path))
            status, body = self._answer(method, raw)
        data = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _answer(self, method: str, raw: bytes) -> Answer:
        if self.state.sealed:
            return 503, {"errors": ["Vault is sealed"]}
        if self.headers.get("X-Vault-Token") != self.state.token:
            return 403, {"errors": ["permission denied"]}
        match = _PATH(self.path)
        if not match or match[1] != self.state.mount:
            return 404, {"errors": [f"no handler for route {self.path!r}. route entry not found."]}
        try:
            body = json.loads(raw) if raw else {}
        except ValueError:
            return 400, {"errors": ["failed to parse JSON input"]}
        return self._route(method, match[2] + (match[4] or ""), match[3], body)

    def _route(self, method: str, what: str, name: str, body: dict[str, Any]) -> Answer:
        answer: dict[tuple[str, str], Callable[[str, dict[str, Any]], Answer]] = {
            ("POST", "keys"): self._create,
            ("GET", "keys"): self._read,
            ("DELETE", "keys"): self._delete,
            ("POST", "keys/config"): self._configure,
            ("POST", "encrypt"): self._encrypt,
            ("POST", "decrypt"): self._decrypt,
        }
        if (method, what) not in answer:
            return 405, {"errors": ["unsupported operation"]}
        return answer[method, what](name, body)

    def _create(self, name: str, body: dict[str, Any]) -> Answer:
        if body.get("type", "aes256-gcm96") != "aes256-gcm96":
            return 400, {"errors": [f"unknown key type {body['type']}"]}
        self.state.keys.setdefault(name, _Key(AESGCM(secrets.token_bytes(32))))
        return 200, self._described(name)

    def _read(self, name: str, _body: dict[str, Any]) -> Answer:
        return (200, self._described(name)) if name in self.state.keys else (404, {"errors": []})

    def _delete(self, name: str, _body: dict[str, Any]) -> Answer:
        key = self.state.keys.get(name)
        if key is None:
            return 400, {"errors": [f"error deleting policy {name}: could not delete key; not found"]}
        if not key.deletion_allowed:
            return 400, {"errors": [f"error deleting policy {name}: deletion is not allowed for this key"]}
        del self.state.keys[name]
        return 204, None

    def _configure(self, name: str, body: dict[str, Any]) -> Answer:
        if name not in self.state.keys:
            return 400, {"errors": [f"no existing key named {name} could be found"]}
        self.state.keys[name].deletion_allowed = bool(body.get("deletion_allowed", False))
        return 200, self._described(name)

    def _encrypt(self, name: str, body: dict[str, Any]) -> Answer:
        try:
            plaintext = base64.b64decode(body["plaintext"], validate=True)
        except (KeyError, binascii.Error):
            return 400, {"errors": ["failed to base64-decode plaintext"]}
        key = self.state.keys.setdefault(name, _Key(AESGCM(secrets.token_bytes(32))))
        nonce = secrets.token_bytes(NONCE)
        sealed = nonce + key.cipher.encrypt(nonce, plaintext, _associated(body))
        return 200, {"data": {"ciphertext": f"vault:v1:{base64.b64encode(sealed).decode()}", "key_version": 1}}

    def _decrypt(self, name: str, body: dict[str, Any]) -> Answer:
        key = self.state.keys.get(name)
        if key is None:
            return 400, {"errors": ["encryption key not found"]}
        prefix, _, encoded = str(body.get("ciphertext", "")).rpartition(":")
        if prefix != "vault:v1":
            return 400, {"errors": ["invalid ciphertext: no prefix"]}
        try:
            sealed = base64.b64decode(encoded, validate=True)
            plaintext = key.cipher.decrypt(sealed[:NONCE], sealed[NONCE:], _associated(body))
        except (binascii.Error, ValueError, InvalidTag):
            return 400, {"errors": ["cipher: message authentication failed"]}
        return 200, {"data": {"plaintext": base64.b64encode(plaintext).decode()}}

    def _described(self, name: str) -> dict[str, Any]:
        key = self.state.keys[name]
        return {"data": {"name": name, "type": "aes256-gcm96", "deletion_allowed": key.deletion_allowed}}


def _associated(body: dict[str, Any]) -> bytes | None:
    encoded = body.get("associated_data")
    return base64.b64decode(encoded) if encoded else None
