"""The one module of the operator that talks to Twilio: finds a number of an account and changes its webhooks.

It never buys, moves or releases a number. What Twilio answers is a value: a `Found` number, or a `Trouble`. Requests go
through Twilio's own client, but not through its classes for each resource: loading those stops the event loop for
hundreds of milliseconds and costs 11 MiB, and they drop the `Retry-After` header.
"""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from twilio.http.async_http_client import AsyncTwilioHttpClient  # type: ignore[import-untyped]
from twilio.http.response import Response  # type: ignore[import-untyped]
from twilio.rest import Client  # type: ignore[import-untyped]

from concierge_operator.cluster import Fence
from concierge_operator.number_model import Hook, Occasion
from concierge_operator.number_verdict import Reason, Trouble
from concierge_operator.twilio_number import CurrentHooks

TWILIO_URL = "https://api.twilio.com"
_MOST_MATCHES = 20
_FIELDS: Mapping[Occasion, Mapping[str, str]] = {
    Occasion.CALLS: {
        "url": "VoiceUrl",
        "method": "VoiceMethod",
        "application_sid": "VoiceApplicationSid",
        "trunk_sid": "TrunkSid",
    },
    Occasion.FALLBACK: {"url": "VoiceFallbackUrl", "method": "VoiceFallbackMethod"},
    Occasion.CALL_STATUS: {"url": "StatusCallback", "method": "StatusCallbackMethod"},
    Occasion.MESSAGES: {"url": "SmsUrl", "method": "SmsMethod", "application_sid": "SmsApplicationSid"},
}
_ANSWERS: Mapping[str, str] = {
    wire: "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in wire).lstrip("_")
    for fields in _FIELDS.values()
    for wire in fields.values()
}
"""Twilio is told `VoiceUrl` and answers `voice_url`."""

# What TWILIO_… says in the operator's own environment is not the tenant's. An empty one would count as none given.
_NO_ENVIRONMENT = {"CONCIERGE": ""}

# What reading an answer raises that is not of Twilio's making: a captive portal's, a proxy's.
_NOT_TWILIOS = (ValueError, LookupError, TypeError)

# At its usual level Twilio's client writes every address and header into the log.
_quiet = logging.getLogger("concierge_operator.twilio_api.client")
_quiet.setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Found:
    """A number as it is at Twilio; `hooks` has every occasion."""

    sid: str
    hooks: CurrentHooks


class TwilioApi:
    """Twilio, or what plays it at `base_url`. Each request takes at most `timeout_seconds`.

    `fence` raises where this process may not change anything any more; it is asked before each change.
    """

    def __init__(
        self, base_url: str | None = None, *, timeout_seconds: float = 4.0, fence: Fence = lambda: None
    ) -> None:
        self._fence = fence
        self._base_url = (base_url or TWILIO_URL).rstrip("/")
        self._timeout_seconds = timeout_seconds

    async def find(self, account_sid: str, token: str, number: str) -> Found | Trouble:
        """The account's number. Twilio also lists numbers that only contain this one; they are passed over."""

        def read(answer: Any) -> Found | Trouble:
            matching = [one for one in answer["incoming_phone_numbers"] if one["phone_number"] == number]
            return _found(matching[0]) if matching else Trouble(Reason.NUMBER_NOT_FOUND)

        path = f"/2010-04-01/Accounts/{account_sid}/IncomingPhoneNumbers.json"
        params = {"PhoneNumber": number, "PageSize": _MOST_MATCHES}
        return await self._ask("GET", path, _basic(account_sid, token), read, params=params)

    async def change(self, account_sid: str, token: str, found: Found, change: CurrentHooks) -> Found | Trouble:
        """Set these webhooks; only fields that differ from `found` are sent. Raises what the fence raises."""
        self._fence()
        path = f"/2010-04-01/Accounts/{account_sid}/IncomingPhoneNumbers/{found.sid}.json"
        sent = form(found.hooks, change)
        return await self._ask("POST", path, _basic(account_sid, token), _found, data=sent)

    async def _ask(
        self, method: str, path: str, credentials: str, read: Callable[[Any], Found | Trouble], **sent: Any
    ) -> Found | Trouble:
        try:
            async with AsyncTwilioHttpClient(logger=_quiet) as connection:
                client = Client(http_client=connection, environment=_NO_ENVIRONMENT)
                # The client's own time-out is not used by its asyncio side; the one of a request is.
                response = await client.request_async(
                    method,
                    self._base_url + path,
                    headers={"Authorization": credentials},
                    timeout=self._timeout_seconds,
                    **sent,
                )
            return read(json.loads(response.text)) if response.status_code in (200, 201) else _trouble(response)
        except (aiohttp.ClientError, OSError, *_NOT_TWILIOS) as error:  # a time-out is an OSError
            return Trouble(Reason.AWAY, type(error).__name__)


def _basic(account_sid: str, token: str) -> str:
    """As a header: how Twilio's client itself would hand them on is deprecated by the HTTP client below it."""
    return "Basic " + base64.b64encode(f"{account_sid}:{token}".encode()).decode()


def form(current: CurrentHooks, change: CurrentHooks) -> dict[str, str]:
    """The fields to send, as Twilio calls them; an empty one clears the field there."""
    return {
        wire: wanted
        for occasion, hook in change.items()
        for name, wire in _FIELDS[occasion].items()
        if (wanted := getattr(hook, name)) != getattr(current[occasion], name)
    }


def _found(record: Mapping[str, Any]) -> Found:
    hooks = {
        occasion: Hook(
            **{name: record.get(_ANSWERS[wire]) or Hook.model_fields[name].default for name, wire in fields.items()}
        )
        for occasion, fields in _FIELDS.items()
    }
    return Found(str(record["sid"]), hooks)


def _trouble(response: Response) -> Trouble:
    status, code = response.status_code, _code(response.text)
    told = f"error {code}" if code else f"status {status}"
    if status == 429 or status >= 500 or status < 400:
        return Trouble(Reason.AWAY, told, _seconds(response.headers.get("Retry-After")))
    if status in (401, 403):
        return Trouble(Reason.CREDENTIALS_REFUSED, told)
    return Trouble(Reason.NUMBER_NOT_FOUND if status == 404 else Reason.WEBHOOKS_REFUSED, told)


def _code(text: str) -> int | None:
    try:
        code = json.loads(text).get("code")
    except (ValueError, AttributeError):
        return None
    return code if isinstance(code, int) else None


def _seconds(header: str | None) -> float | None:
    return float(header) if header and header.isdigit() else None
