"""The HashiCorp Vault custodian: the root key of each epoch is a Transit key that never leaves Vault.

Spoken as the Transit API documentation says (developer.hashicorp.com/vault/api-docs/secret/transit):
keys of type ``aes256-gcm96``, one an epoch, never exportable; base64 in JSON; ``associated_data`` binds
installation and epoch. It was tried against a server of our own that follows that documentation.
"""

import base64
import binascii
import os
import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from earwitness.kernel.errors import BadInput, CustodianUnavailable, KeyCorrupt, KeyDestroyed
from earwitness.storage.files import os_errors

DOMAIN = "earwitness/kek/v1"
TIMEOUT_SECONDS = 10.0
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}").fullmatch


def token_from(path: Path | None = None) -> Callable[[], str]:
    """Return a source of the Vault token: the file if given, otherwise ``VAULT_TOKEN``; read at each call."""

    def token() -> str:
        if path is None:
            text = os.environ.get("VAULT_TOKEN", "")
        else:
            with os_errors(path):
                text = path.read_text(encoding="ascii", errors="replace")
        if not text.strip().isprintable() or not text.strip():
            raise CustodianUnavailable(
                "There is no Vault token.", next_step="Set VAULT_TOKEN or name a token file in the settings."
            )
        return text.strip()

    return token


class Transit:
    """A root key an epoch in Vault's Transit engine, named ``earwitness-<installation>-<epoch>``."""

    def __init__(  # noqa: PLR0913 - an address, a name and what Vault's operator decided
        self,
        address: str,
        installation: str,
        token: Callable[[], str] | None = None,
        *,
        mount: str = "transit",
        backups_kept_ms: int = 0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Speak to the Vault at ``address``, with the token of ``VAULT_TOKEN`` unless another source is given.

        ``backups_kept_ms`` is how long snapshots of Vault's storage are kept, as its operator says.

        Raises:
            BadInput: the address is no http(s) URL, or a name is not one that Vault takes.
        """
        if urlsplit(address).scheme not in {"http", "https"} or not urlsplit(address).hostname:
            raise BadInput("The address of Vault is not an http or https URL.")
        if not _NAME(installation) or not _NAME(mount):
            raise BadInput("The names of the installation and of the mount are letters, digits, '-' and '_'.")
        self.delay_ms = backups_kept_ms
        self.statement = (
            "Vault deleted the epoch's key; snapshots and backups of Vault's own storage still hold it until they "
            "expire, and their expiry is known here only as its operator stated it."
        )
        self._installation = installation
        self._token = token or token_from()
        self._client = httpx.Client(
            base_url=f"{address.rstrip('/')}/v1/{mount}/", timeout=TIMEOUT_SECONDS, transport=transport
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def create(self, epoch: int) -> None:
        """Create the key; Vault leaves one that is there as it is.

        Raises:
            CustodianUnavailable: Vault did not answer, is sealed, or refused.
        """
        body = {"type": "aes256-gcm96", "exportable": False, "allow_plaintext_backup": False}
        self._ask("POST", f"keys/{self._name(epoch)}", body)

    def wrap(self, epoch: int, key: bytes) -> bytes:
        """Encrypt ``key`` in Vault.

        Raises:
            KeyDestroyed: Vault has no such key.
            CustodianUnavailable: as in :meth:`create`.
        """
        if not self._exists(epoch):  # encrypt would make a missing key where the policy lets it
            raise self._gone(epoch)
        body = {"plaintext": base64.b64encode(key).decode(), "associated_data": self._bound(epoch)}
        answer = self._ask("POST", f"encrypt/{self._name(epoch)}", body)
        return self._text(answer, "ciphertext").encode()

    def unwrap(self, epoch: int, wrapped: bytes) -> bytes:
        """Decrypt what :meth:`wrap` returned.

        Raises:
            KeyDestroyed: Vault has no such key.
            KeyCorrupt: Vault says that these bytes are not its ciphertext for this epoch.
            CustodianUnavailable: as in :meth:`create`.
        """
        body = {"ciphertext": wrapped.decode("ascii", "replace"), "associated_data": self._bound(epoch)}
        response = self._send("POST", f"decrypt/{self._name(epoch)}", body)
        if response.status_code in {HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND}:
            if not self._exists(epoch):
                raise self._gone(epoch)
            raise KeyCorrupt(
                f"Vault does not open the wrapped key of epoch {epoch}.",
                next_step="Put the ring back from the newest key backup.",
            )
        encoded = self._text(self._accepted(response), "plaintext")
        try:
            return base64.b64decode(encoded, validate=True)
        except binascii.Error:
            raise self._unreadable() from None

    def destroy(self, epoch: int) -> None:
        """Allow the deletion, delete, and read back that the key is gone.

        Raises:
            CustodianUnavailable: as in :meth:`create`, or the key is still there afterwards.
        """
        if not self._exists(epoch):
            return
        name = f"keys/{self._name(epoch)}"
        self._ask("POST", f"{name}/config", {"deletion_allowed": True})
        self._ask("DELETE", name)
        if self._exists(epoch):
            raise CustodianUnavailable(f"Vault still has the key of epoch {epoch} after deleting it.")

    def export(self, epoch: int, folder: Path) -> None:
        """Put nothing: the key never leaves Vault, so a key backup opens only while Vault has the epoch's key."""

    def _exists(self, epoch: int) -> bool:
        """Ask for the key; a missing key is a 404 without errors, a missing mount a 404 that names one."""
        response = self._send("GET", f"keys/{self._name(epoch)}")
        if response.status_code == HTTPStatus.NOT_FOUND and self._errors(response) == []:
            return False
        self._accepted(response)
        return True

    def _errors(self, response: httpx.Response) -> object:
        try:
            answer = response.json()
        except ValueError:
            return None
        return answer.get("errors") if isinstance(answer, dict) else None

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> httpx.Response:
        return self._accepted(self._send(method, path, body))

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> httpx.Response:
        headers = {"X-Vault-Token": self._token(), "X-Vault-Request": "true"}
        try:
            return self._client.request(method, path, json=body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL):
            raise CustodianUnavailable(
                "Vault does not answer.", next_step="Check that it runs and that its address in the settings is right."
            ) from None

    def _accepted(self, response: httpx.Response) -> httpx.Response:
        """Return the answer if it is a success; say why not in words of our own: Vault's may quote the request."""
        if response.is_success:
            return response
        status = response.status_code
        what, next_step = _REFUSALS.get(status, (f"Vault answered {status}.", "Look into Vault's own log."))
        raise CustodianUnavailable(what, next_step=next_step)

    def _text(self, response: httpx.Response, name: str) -> str:
        try:
            text = response.json()["data"][name]
        except (ValueError, KeyError, TypeError):
            raise self._unreadable() from None
        if not isinstance(text, str):
            raise self._unreadable()
        return text

    def _name(self, epoch: int) -> str:
        return f"earwitness-{self._installation}-{epoch}"

    def _bound(self, epoch: int) -> str:
        return base64.b64encode(f"{DOMAIN}\n{self._installation}\n{epoch}".encode()).decode()

    @staticmethod
    def _gone(epoch: int) -> KeyDestroyed:
        return KeyDestroyed(f"The root key of epoch {epoch} is gone: Vault has no such key.")

    @staticmethod
    def _unreadable() -> CustodianUnavailable:
        return CustodianUnavailable(
            "Vault's answer is not what its Transit engine gives.",
            next_step="Check that the address is Vault's and that the mount is a Transit engine.",
        )


_REFUSALS: Mapping[int, tuple[str, str]] = {
    HTTPStatus.FORBIDDEN: (
        "Vault refused the token.",
        "Give it a policy on keys/, encrypt/ and decrypt/ of the Transit mount, or renew it.",
    ),
    HTTPStatus.NOT_FOUND: (
        "Vault has no Transit engine at this mount.",
        "Run `vault secrets enable transit`, or name the right mount in the settings.",
    ),
    HTTPStatus.SERVICE_UNAVAILABLE: ("Vault is sealed or down for maintenance.", "Unseal it and try again."),
    HTTPStatus.TOO_MANY_REQUESTS: ("Vault is a standby or asks for fewer requests.", "Try again in a moment."),
}
