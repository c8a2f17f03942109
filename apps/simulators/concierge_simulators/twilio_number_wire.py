"""How Twilio's REST API writes telephone numbers, pages and errors. Pure, but for the date of a change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from fastapi import Response
from fastapi.responses import JSONResponse

ROOT = "/2010-04-01/Accounts"
_SETTABLE = {
    "VoiceUrl": "voice_url",
    "VoiceMethod": "voice_method",
    "VoiceFallbackUrl": "voice_fallback_url",
    "VoiceFallbackMethod": "voice_fallback_method",
    "VoiceApplicationSid": "voice_application_sid",
    "TrunkSid": "trunk_sid",
    "StatusCallback": "status_callback",
    "StatusCallbackMethod": "status_callback_method",
    "SmsUrl": "sms_url",
    "SmsMethod": "sms_method",
    "SmsFallbackUrl": "sms_fallback_url",
    "SmsFallbackMethod": "sms_fallback_method",
    "SmsApplicationSid": "sms_application_sid",
    "FriendlyName": "friendly_name",
}
FILTERS = {"PhoneNumber", "FriendlyName", "Beta", "Origin", "PageSize", "Page", "PageToken"}
_ADDRESSES = ("voice_url", "voice_fallback_url", "status_callback", "sms_url", "sms_fallback_url")
_MESSAGES = {
    20001: "Unknown parameters",
    20003: "Authenticate",
    20004: "Method not allowed",
    20404: "The requested resource was not found",
    20429: "Too Many Requests",
    20500: "An internal server error has occurred",
    21402: "Url is not a valid URL",
    21403: "Method is not GET or POST",
    21405: "Cannot set VoiceFallbackUrl without setting Url",
    21406: "Cannot set SmsFallbackUrl without setting SmsUrl",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that came. The credentials are not kept."""

    method: str
    path: str
    fields: dict[str, str]


def page(asked: Asked, found: list[dict[str, Any]], *, number: int, size: int) -> dict[str, Any]:
    """A page of the list with Twilio's paging fields."""
    shown = found[number * size : (number + 1) * size]

    def address(of: int) -> str:
        return f"{asked.path}?{urlencode({**asked.fields, 'PageSize': size, 'Page': of})}"

    return {
        "incoming_phone_numbers": shown,
        "page": number,
        "page_size": size,
        "start": number * size,
        "end": max(number * size + len(shown) - 1, 0),
        "uri": address(number),
        "first_page_uri": address(0),
        "previous_page_uri": address(number - 1) if number else None,
        "next_page_uri": address(number + 1) if len(found) > (number + 1) * size else None,
    }


def change(number: dict[str, Any], fields: dict[str, str]) -> Response:
    """Do what the form says, or say as Twilio does why not."""
    if set(fields) - set(_SETTABLE):
        return error(400, 20001)
    changed = number | {_SETTABLE[name]: value for name, value in fields.items()}
    # Either pushes the other out.
    if fields.get("TrunkSid"):
        changed["voice_application_sid"] = ""
    elif fields.get("VoiceApplicationSid"):
        changed["trunk_sid"] = None
    changed["trunk_sid"] = changed["trunk_sid"] or None
    code = _wrong(changed)
    if code is not None:
        return error(400, code)
    number.update(changed, date_updated=_now())
    return JSONResponse(number)


def _wrong(number: dict[str, Any]) -> int | None:
    if not all(_is_address(number[name]) for name in _ADDRESSES if number[name]):
        return 21402
    if any(value not in ("GET", "POST") for name, value in number.items() if name.endswith("_method")):
        return 21403
    if number["voice_fallback_url"] and not number["voice_url"]:
        return 21405
    return 21406 if number["sms_fallback_url"] and not number["sms_url"] else None


def _is_address(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def error(status: int, code: int, headers: dict[str, str] | None = None) -> Response:
    """An error body as Twilio writes it."""
    body = {
        "code": code,
        "message": _MESSAGES[code],
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    return JSONResponse(body, status, headers)


def _now() -> str:
    return format_datetime(datetime.now(UTC))


def blank(account_sid: str, sid: str, number: str) -> dict[str, Any]:
    """A number as Twilio answers it, without any webhook."""
    return {
        "sid": sid,
        "account_sid": account_sid,
        "friendly_name": number,
        "phone_number": number,
        "voice_url": "",
        "voice_method": "POST",
        "voice_fallback_url": "",
        "voice_fallback_method": "POST",
        "voice_caller_id_lookup": False,
        "voice_receive_mode": "voice",
        "voice_application_sid": "",
        "trunk_sid": None,
        "status_callback": "",
        "status_callback_method": "POST",
        "sms_url": "",
        "sms_method": "POST",
        "sms_fallback_url": "",
        "sms_fallback_method": "POST",
        "sms_application_sid": "",
        "capabilities": {"voice": True, "sms": True, "mms": False, "fax": False},
        "address_requirements": "none",
        "address_sid": None,
        "api_version": "2010-04-01",
        "beta": False,
        "bundle_sid": None,
        "date_created": _now(),
        "date_updated": _now(),
        "emergency_address_sid": None,
        "emergency_status": "Inactive",
        "identity_sid": None,
        "origin": "twilio",
        "status": "in-use",
        "uri": f"{ROOT}/{account_sid}/IncomingPhoneNumbers/{sid}.json",
    }
