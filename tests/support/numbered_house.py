"""A tenant as the operator keeps its Twilio number: its spec, its Secrets, and what its status holds."""

from __future__ import annotations

from typing import Any

from concierge_core.tenant.model import TenantSpec
from concierge_core.tenant.values import SecretRef
from concierge_operator import number_verdict
from concierge_operator.keep_number import ensure, release
from concierge_operator.number_model import VoiceNumber
from concierge_operator.number_verdict import Look, NumberResult, due, looked
from concierge_operator.twilio_api import TwilioApi
from concierge_operator.twilio_number import desired
from concierge_simulators.twilio_numbers import TwilioNumbers

ACCOUNT, NUMBER, SMS_NUMBER = "AC" + "1" * 32, "+493839312345", "+493839354321"
TOKEN = "token-of-the-account"
SECRET = SecretRef(name="twilio", key="auth-token")
TOKENS = {SECRET: TOKEN}
URL = "https://seehof.example"
OLD = {"voice_url": "https://old.example/call", "voice_method": "GET", "sms_url": "https://old.example/text"}


def spec(**parts: Any) -> TenantSpec:
    house = {
        "code": "seehof",
        "name": "Hotel Seehof",
        "address": {"street": "Uferweg 1", "city": "Binz", "country": "DE"},
        "timezone": "Europe/Berlin",
        "languages": ["en", "de"],
    }
    account = {"accountSid": ACCOUNT, "authTokenSecret": {"name": "twilio", "key": "auth-token"}, "number": NUMBER}
    voice = {"enabled": True, "twilio": account, **parts.pop("voice", {})}
    return TenantSpec.model_validate({"property": house, "host": "seehof.example", "voice": voice, **parts})


class NumberedHouse:
    """One tenant."""

    def __init__(self, url: str) -> None:
        self.api = TwilioApi(url, timeout_seconds=30)
        self.spec = spec()
        self.tokens = dict(TOKENS)
        self.status: tuple[VoiceNumber, ...] = ()
        self.last: Look | None = None
        self.now = 0.0

    async def look(self) -> NumberResult:
        """One look, whether or not it is due."""
        result = await ensure(self.spec, URL, self.tokens, self.status, self.api)
        self.status = _as_stored(result.remembered)
        return result

    async def settle(self) -> NumberResult:
        await self.look()
        return await self.look()

    async def event(self) -> NumberResult | None:
        """Something happened to the tenant: a look, if it is due."""
        fingerprint = number_verdict.fingerprint(desired(self.spec, URL), URL, self.tokens)
        if not due(self.last, now=self.now, fingerprint=fingerprint):
            return None
        result = await self.look()
        self.last = looked(self.last, result, now=self.now, fingerprint=fingerprint)
        return result

    async def delete(self, *, seconds: float = 60) -> NumberResult:
        return await release(self.status, self.tokens, self.api, seconds=seconds)


def _as_stored(remembered: tuple[VoiceNumber, ...]) -> tuple[VoiceNumber, ...]:
    """What the API server gives back is plain JSON."""
    return tuple(
        VoiceNumber.model_validate(one.model_dump(by_alias=True, exclude_none=True, mode="json")) for one in remembered
    )


def simulated() -> TwilioNumbers:
    """Twilio with the house's number, which led elsewhere so far."""
    twilio = TwilioNumbers(account_sid=ACCOUNT, auth_token=TOKEN)
    twilio.add(NUMBER, **OLD)
    return twilio


def webhooks(twilio: TwilioNumbers, number: str = NUMBER) -> dict[str, str]:
    """What is set, of what Twilio calls."""
    names = ("voice_url", "voice_method", "status_callback", "sms_url", "voice_application_sid", "trunk_sid")
    return {name: twilio.number(number)[name] for name in names if twilio.number(number)[name]}
