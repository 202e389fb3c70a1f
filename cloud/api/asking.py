"""Who may ask for something to be done, and how.

There are no accounts yet. Whoever reaches the API may act, which is why it is bound to this machine or to a network
that somebody has declared trusted, and says who they are in `by`; that name is written down with every act.

A page of another site in an operator's browser must not act in their name. So whatever changes something is JSON, has a
header that no form can send (`Idempotency-Key`), comes from a page of ours where the browser says which page it comes
from, and is addressed to us by a number or a name of ours: a name that somebody else's DNS has led here is none.
"""

import ipaddress
import re
from typing import Annotated, Final
from urllib.parse import urlsplit

from fastapi import Depends, Header, HTTPException
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

MAX_BODY_BYTES: Final = 16 * 1024
READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_KEY: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")
_SAME_SITE: Final = ("same-origin", "none")


class OwnPagesOnly:
    """Answers what changes something and does not come from a page or program of ours, before its body is read."""

    def __init__(self, app: ASGIApp, names: tuple[str, ...]) -> None:
        """`names`: by which the API may be addressed, beside numbers and `localhost`."""
        self._app = app
        self._names = frozenset({"localhost", *(name.lower() for name in names)})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in READING:
            refused = self._refusal(Headers(scope=scope))
            if refused is not None:
                status, why = refused
                await JSONResponse({"detail": why}, status)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _refusal(self, headers: Headers) -> tuple[int, str] | None:
        """Status and sentence, when it must not be done."""
        if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            return 415, "the body must be application/json"
        length = headers.get("content-length", "")
        if not (length.isascii() and length.isdigit() and len(length) < 10 and int(length) <= MAX_BODY_BYTES):
            return 413, f"the body must say its length, at most {MAX_BODY_BYTES} bytes"
        host = headers.get("host", "")
        if not self._is_ours(host):
            return 403, f"{host[:100]!r} is no name of this API; [api] names can list it"
        if headers.get("sec-fetch-site", "none") not in _SAME_SITE:
            return 403, "asked for by a page of another site"
        origin = headers.get("origin")
        if origin is not None and origin.partition("://")[2] != host:
            return 403, "asked for by a page of another origin"
        return None

    def _is_ours(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
            if name in self._names:
                return True
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True


def key_of_request(
    idempotency_key: Annotated[str, Header(description="Names the request: 8–64 of A–Z, a–z, 0–9, - and _")],
) -> str:
    """The request's own name, by which a repeated one is known. Raises 400 for one that is none."""
    if _KEY.fullmatch(idempotency_key) is None:
        raise HTTPException(400, "Idempotency-Key must be 8–64 of A–Z, a–z, 0–9, - and _")
    return idempotency_key


Key = Annotated[str, Depends(key_of_request)]
