"""The outermost layer of the hub: security headers, the request log and the last resort for errors.

Every answer leaves through here. The log line holds the route's template (``/log/{path}``), never
the address as it was asked for, and no query string.
"""

from collections.abc import Callable

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from earwitness.kernel.clock import Clock

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
UNCACHED = "no-store"
PAGES_CHOOSE = {"Content-Security-Policy", "Permissions-Policy", "Referrer-Policy"}
"""What a page may say itself: those of the app run scripts and send forms (web.templates)."""


class Guard:
    """ASGI middleware; ``problem`` makes the page for an exception that nothing else caught."""

    def __init__(self, app: ASGIApp, clock: Clock, problem: Callable[[Request, Exception], Response]) -> None:
        """Wrap ``app``."""
        self._app = app
        self._clock = clock
        self._problem = problem
        self._log = structlog.get_logger()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 0
        started = self._clock.running_ms()

        async def send_guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _add_headers(MutableHeaders(scope=message))
            await send(message)

        try:
            await self._app(scope, receive, send_guarded)
        except Exception as error:  # noqa: BLE001 - an answer has to leave, and nothing of the error's text with it
            self._log.error("request_failed", method=scope["method"], route=_route(scope), exc_info=error)
            if not status:
                await self._problem(Request(scope), error)(scope, receive, send_guarded)
        finally:
            spent = self._clock.running_ms() - started
            self._log.info("request", method=scope["method"], route=_route(scope), status=status, ms=spent)


def _add_headers(headers: MutableHeaders) -> None:
    for name, value in HEADERS.items():
        if name in PAGES_CHOOSE:
            headers.setdefault(name, value)
        else:
            headers[name] = value
    headers.setdefault("Cache-Control", UNCACHED)


def _route(scope: Scope) -> str:
    return str(getattr(scope.get("route"), "path", "-"))
