"""A browser without a screen: cookies, forms and redirects over ASGI, for tests of pages that run no scripts."""

import asyncio
import re
from collections.abc import Mapping
from html.parser import HTMLParser

import httpx
from fastapi import FastAPI

from earwitness.testing.browsing import PASSWORD

ADDRESS = "http://localhost:8710"
HTML = "text/html,application/xhtml+xml"


class _Forms(HTMLParser):
    """Collects the hidden form tokens of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.token = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "input" and found.get("name") == "form":
            self.token = found.get("value") or ""


class Surfer:
    """One browser profile; follows no redirect by itself."""

    def __init__(self, app: FastAPI) -> None:
        """Look at this application."""
        self._app = app
        self.cookies = httpx.Cookies()
        self.token = ""

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Open a page; the token of its forms is kept for the next post."""
        answer = self._ask("GET", path, None, headers)
        if "text/html" in answer.headers.get("content-type", ""):
            forms = _Forms()
            forms.feed(answer.text)
            self.token = forms.token or self.token
        return answer

    def post(self, path: str, fields: Mapping[str, str] | None = None, **headers: str) -> httpx.Response:
        """Send a form of the last page; ``origin`` and ``form`` are right unless given."""
        sent = {"form": self.token, **(fields or {})}
        return self._ask("POST", path, sent, {"origin": ADDRESS, **headers})

    def sign_in(self, name: str, password: str = PASSWORD) -> httpx.Response:
        """Sign in with name and password, and open the first page."""
        self.get("/sign-in")
        answer = self.post("/sign-in", {"name": name, "password": password})
        if answer.status_code == httpx.codes.SEE_OTHER:
            self.get(answer.headers["location"] if "code" in answer.headers["location"] else "/account")
        return answer

    def _ask(
        self, method: str, path: str, fields: Mapping[str, str] | None, headers: Mapping[str, str]
    ) -> httpx.Response:
        async def once() -> httpx.Response:
            transport = httpx.ASGITransport(self._app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url=ADDRESS, cookies=self.cookies) as client:
                answer = await client.request(method, path, data=fields, headers={"accept": HTML, **headers})
                self.cookies = client.cookies
                return answer

        return asyncio.run(once())


def visible(page: str) -> str:
    """Return a page's text without its markup, spaces made one."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())
