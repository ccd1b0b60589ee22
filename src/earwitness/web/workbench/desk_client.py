"""The workbench's side of the socket: hands requests on to the hub's desk, and its answers back."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import httpx
from fastapi.responses import Response

from earwitness.kernel.errors import DeskAway

TIMEOUT_SECONDS: Final = 20.0
OK: Final = 200
JSON: Final = "application/json"
TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{16,128}").fullmatch


@dataclass(frozen=True, slots=True)
class Handed:
    """An answer of the desk."""

    status: int
    body: bytes
    media_type: str

    def response(self) -> Response:
        """The answer as the browser gets it."""
        return Response(self.body, self.status, media_type=self.media_type)

    def without_token(self) -> tuple[Response, str]:
        """The answer to a sign-in without the token, which goes into a cookie, and the token; empty if refused."""
        if self.status != OK:
            return self.response(), ""
        value = json.loads(self.body)
        token = str(value.pop("token"))
        return Response(json.dumps(value).encode(), self.status, media_type=JSON), token


class DeskClient:
    """Asks the desk; one a workbench, on its event loop, which it is open on for the length of an ``async with``."""

    def __init__(self, place: Path, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """Reach the desk at the socket ``place``; ``transport`` reaches one in the same process."""
        transport = transport or httpx.AsyncHTTPTransport(uds=str(place))
        self._client = httpx.AsyncClient(
            transport=transport, base_url="http://desk", timeout=TIMEOUT_SECONDS, trust_env=False
        )

    async def ask(self, method: str, wanted: str, token: str = "", *, body: bytes = b"") -> Handed:
        """Hand a request on.

        Raises:
            DeskAway: the hub does not answer.
        """
        headers = {"Content-Type": JSON} | ({"Authorization": f"Bearer {token}"} if TOKEN(token) else {})
        try:
            answer = await self._client.request(method, f"/{wanted}", content=body or None, headers=headers)
        except httpx.HTTPError as error:
            raise DeskAway("The hub does not answer.", next_step="It is tried again by itself.") from error
        return Handed(answer.status_code, answer.content, answer.headers.get("content-type", JSON))

    async def __aenter__(self) -> Self:
        """Use it; its connections are closed at the end."""
        return self

    async def __aexit__(self, *_raised: object) -> None:
        """Close the connections."""
        await self._client.aclose()
