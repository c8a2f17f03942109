"""Twilio's REST API for an account's telephone numbers, played on loopback to the real client library.

It lists and changes numbers as Twilio does: basic auth, form-encoded updates, paging, Twilio's error bodies, partial
matches, a trunk and a TwiML app that push each other out. Buying and releasing are refused: nothing of ours may do
that. It is stricter than Twilio with parameters that Twilio would ignore.

```
async with TwilioNumbers(account_sid="AC…", auth_token="…") as twilio:
    twilio.add("+49…", voice_url="https://old.example/call")
    twilio.fail_once(Fault(429, retry_after="30"))
    …  twilio.url, twilio.number("+49…")["voice_url"], twilio.requests
```
"""

from __future__ import annotations

import asyncio
import base64
import re
import secrets
import socket
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from concierge_simulators.twilio_number_wire import FILTERS, ROOT, Asked, blank, change, error, page

_PAGE_SIZE, _LARGEST_PAGE = 50, 1000
_CODES = {401: 20003, 403: 20003, 404: 20404, 429: 20429, 500: 20500}


@dataclass(frozen=True, slots=True)
class Fault:
    """How a request goes wrong: with this status, or only late. `after_doing`: what was asked for is done, but the
    answer does not say so."""

    status: int | None = None
    retry_after: str | None = None
    slow_seconds: float = 0.0
    body: bytes | None = None
    after_doing: bool = False


class TwilioNumbers:
    """One account; listens while the `async with` block lasts. `tokens`: the auth tokens it takes now."""

    def __init__(self, *, account_sid: str, auth_token: str) -> None:
        self.account_sid = account_sid
        self.tokens = [auth_token]
        self.requests: list[Asked] = []
        self.url = ""
        self._numbers: dict[str, dict[str, Any]] = {}
        self._faults: list[Fault] = []
        self._always: Fault | None = None

    def add(self, number: str, **webhooks: str) -> str:
        """The account has this number; its SID. Webhooks as Twilio names them in answers: `voice_url` and so on."""
        sid = "PN" + secrets.token_hex(16)
        self._numbers[sid] = blank(self.account_sid, sid, number) | webhooks
        return sid

    def remove(self, number: str) -> None:
        """Somebody has released or moved the number."""
        del self._numbers[self.number(number)["sid"]]

    def number(self, number: str) -> dict[str, Any]:
        """It as it is now; changes made to it are changes by somebody in Twilio's console."""
        return next(one for one in self._numbers.values() if one["phone_number"] == number)

    def fail_once(self, *faults: Fault) -> None:
        """The next requests go wrong, one each."""
        self._faults += faults

    def fail_always(self, fault: Fault | None) -> None:
        """From now on every request goes wrong; None: no longer."""
        self._always = fault

    async def __aenter__(self) -> Self:
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self._server = uvicorn.Server(uvicorn.Config(self._app(), log_config=None, access_log=False, lifespan="off"))
        self._task = asyncio.create_task(self._server.serve(sockets=[listener]))
        while not self._server.started:
            await asyncio.sleep(0.005)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = self._server.force_exit = True
        await self._task

    def _app(self) -> FastAPI:
        app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
        app.add_api_route("/{path:path}", self._answer, methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
        return app

    async def _answer(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True, strict_parsing=False))
        asked = Asked(request.method, request.url.path, form or dict(request.query_params))
        self.requests.append(asked)
        fault = self._faults.pop(0) if self._faults else self._always
        if fault is None:
            return self._done(request, asked)
        answer = self._done(request, asked) if fault.status is None or fault.after_doing else None
        await asyncio.sleep(fault.slow_seconds)
        return answer if answer is not None and fault.status is None else _failed(fault)

    def _done(self, request: Request, asked: Asked) -> Response:
        if not self._knows(request.headers.get("authorization", "")):
            return error(401, 20003)
        listing = f"{ROOT}/{self.account_sid}/IncomingPhoneNumbers"
        if asked.path == f"{listing}.json":
            return self._list(asked) if asked.method == "GET" else error(405, 20004)
        match = re.fullmatch(rf"{re.escape(listing)}/(PN[0-9a-f]{{32}})\.json", asked.path)
        found = self._numbers.get(match[1]) if match else None
        if found is None:
            return error(404, 20404)
        if asked.method == "POST":
            return change(found, asked.fields)
        return JSONResponse(found) if asked.method == "GET" else error(405, 20004)

    def _knows(self, authorization: str) -> bool:
        known = (base64.b64encode(f"{self.account_sid}:{token}".encode()).decode() for token in self.tokens)
        return authorization in [f"Basic {one}" for one in known]

    def _list(self, asked: Asked) -> Response:
        if set(asked.fields) - FILTERS:
            return error(400, 20001)
        wanted = re.escape(asked.fields.get("PhoneNumber", "")).replace(r"\*", r"\d")
        found = [one for one in self._numbers.values() if re.search(wanted, one["phone_number"])]
        size = min(int(asked.fields.get("PageSize", _PAGE_SIZE)), _LARGEST_PAGE)
        number = int(asked.fields.get("Page", 0))
        return JSONResponse(page(asked, found, number=number, size=size))


def _failed(fault: Fault) -> Response:
    headers = {"retry-after": fault.retry_after} if fault.retry_after else {}
    status = fault.status or 500
    if fault.body is not None:
        return Response(fault.body, status, headers, media_type="application/json")
    return error(status, _CODES.get(status, 20500), headers)
