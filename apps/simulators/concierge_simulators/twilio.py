"""Twilio, played on loopback: calls a property's webhooks, does what their TwiML says, and lets a scripted caller talk.

Requests are signed and shaped as Twilio's are. A call fails, and says why, on TwiML that Twilio would not take, on an
answer slower than 15 s, on an endless loop, and (with `duplicates`) when the same webhook is answered differently.

```
phone = TwilioSimulator("http://127.0.0.1:8080", account_sid="AC…", auth_token="…", number="+49…")
call = await phone.call([Says("When is breakfast?"), Presses("0"), HangsUp()])
print(call.transcript)
```
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode, urljoin

import httpx

from concierge_simulators.twilio_signature import sign
from concierge_simulators.twilio_twiml import BadTwiml, Verb, parse

LONGEST_ANSWER_SECONDS = 15.0
_MOST_WEBHOOKS = 60


class CallFailed(Exception):
    """Twilio would have failed this call. Carries the transcript so far."""

    def __init__(self, reason: str, record: CallRecord) -> None:
        super().__init__(f"{reason}\n{record.transcript}")
        self.record = record


@dataclass(frozen=True, slots=True)
class Says:
    """The caller speaks."""

    text: str
    confidence: float = 0.92


@dataclass(frozen=True, slots=True)
class Presses:
    """The caller presses a key."""

    key: str


@dataclass(frozen=True, slots=True)
class StaysSilent:
    """The caller neither speaks nor presses a key until Twilio stops listening."""


@dataclass(frozen=True, slots=True)
class HangsUp:
    """The caller hangs up instead of answering."""


CallerAct = Says | Presses | StaysSilent | HangsUp


@dataclass
class CallRecord:
    """What happened. `lines` are (who, words); `ended_by` is "caller" or "us"; `slowest_seconds` of all webhooks."""

    sid: str
    lines: list[tuple[str, str]] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)
    ended_by: str = ""
    webhooks: int = 0
    slowest_seconds: float = 0.0

    @property
    def said_to_caller(self) -> list[str]:
        """Everything the caller heard, in order."""
        return [words for who, words in self.lines if who == "concierge"]

    @property
    def transcript(self) -> str:
        """For people to read."""
        width = max((len(who) for who, _ in self.lines), default=0)
        lines = [f"{who:>{width}} | {words}" for who, words in self.lines]
        return "\n".join([f"call {self.sid}", *lines, f"ended by {self.ended_by or '…'}"])


class TwilioSimulator:
    """One Twilio account with one number, whose webhooks point at `base_url` (known to the outside as `public_url`)."""

    def __init__(
        self,
        base_url: str,
        *,
        account_sid: str,
        auth_token: str,
        number: str,
        public_url: str | None = None,
        duplicates: bool = False,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._public_url = (public_url or base_url).rstrip("/")
        self._account_sid = account_sid
        self._auth_token = auth_token
        self._number = number
        self._duplicates = duplicates

    async def call(self, script: Sequence[CallerAct], *, caller: str = "+4915112345678") -> CallRecord:
        """Play the whole call. The caller hangs up when the script is at its end. Raises `CallFailed`."""
        async with httpx.AsyncClient(timeout=LONGEST_ANSWER_SECONDS, trust_env=False) as client:
            return await _LiveCall(self, client, script, caller).run()

    async def post(
        self,
        client: httpx.AsyncClient,
        path: str,
        fields: dict[str, str],
        *,
        signature: str | None = None,
        idempotency_token: str | None = None,
    ) -> httpx.Response:
        """One signed webhook; `signature` replaces the right one."""
        right = sign(self._auth_token, self._public_url + path, fields.items())
        headers = {
            "content-type": "application/x-www-form-urlencoded; charset=UTF-8",
            "user-agent": "TwilioProxy/1.1",
            "x-twilio-signature": right if signature is None else signature,
            "i-twilio-idempotency-token": idempotency_token or secrets.token_hex(16),
        }
        return await client.post(self._base_url + path, content=urlencode(fields), headers=headers)

    def call_fields(self, sid: str, caller: str, status: str) -> dict[str, str]:
        """What Twilio tells with every voice webhook."""
        return {
            "CallSid": sid,
            "AccountSid": self._account_sid,
            "ApiVersion": "2010-04-01",
            "CallStatus": status,
            "Direction": "inbound",
            "From": caller,
            "Caller": caller,
            "To": self._number,
            "Called": self._number,
        }

    @property
    def sends_duplicates(self) -> bool:
        """Every webhook is delivered twice at once, as happens when Twilio did not see our answer."""
        return self._duplicates


class _LiveCall:
    def __init__(
        self, twilio: TwilioSimulator, client: httpx.AsyncClient, script: Sequence[CallerAct], caller: str
    ) -> None:
        self._twilio = twilio
        self._client = client
        self._script = list(script)
        self._caller = caller
        self._record = CallRecord(sid="CA" + secrets.token_hex(16))
        self._path = "/voice/incoming"

    async def run(self) -> CallRecord:
        following: tuple[str, dict[str, str]] | None = (self._path, {})
        while following is not None:
            self._path, extra = following
            following = await self._do(await self._webhook(extra))
        await self._tell_status()
        return self._record

    async def _webhook(self, extra: dict[str, str]) -> list[Verb]:
        self._record.webhooks += 1
        if self._record.webhooks > _MOST_WEBHOOKS:
            raise self._failed(f"more than {_MOST_WEBHOOKS} webhooks: an endless loop")
        status = "ringing" if self._record.webhooks == 1 else "in-progress"
        fields = {**self._twilio.call_fields(self._record.sid, self._caller, status), **extra}
        began = time.monotonic()
        document = await self._answer(fields)
        self._record.slowest_seconds = max(self._record.slowest_seconds, time.monotonic() - began)
        try:
            return parse(document)
        except BadTwiml as error:
            raise self._failed(f"{self._path}: {error}") from None

    async def _answer(self, fields: dict[str, str]) -> bytes:
        token = secrets.token_hex(16)
        times = 2 if self._twilio.sends_duplicates else 1
        try:
            answers = await asyncio.gather(
                *(self._twilio.post(self._client, self._path, fields, idempotency_token=token) for _ in range(times))
            )
        except httpx.TimeoutException:
            raise self._failed(f"{self._path}: no answer within {LONGEST_ANSWER_SECONDS:.0f} s") from None
        for answer in answers:
            self._check(answer)
        if any(answer.content != answers[0].content for answer in answers):
            raise self._failed(f"{self._path}: the same webhook was answered differently")
        return answers[0].content

    def _check(self, answer: httpx.Response) -> None:
        kind = answer.headers.get("content-type", "").split(";")[0]
        if answer.status_code != 200:
            raise self._failed(f"{self._path}: status {answer.status_code}")
        if kind not in ("application/xml", "text/xml"):
            raise self._failed(f"{self._path}: content type {kind or 'missing'}")

    async def _do(self, verbs: list[Verb]) -> tuple[str, dict[str, str]] | None:
        """Execute the verbs; where to go on, or None when the call is over."""
        for verb in verbs:
            if verb.name == "Say":
                self._hear(verb)
            elif verb.name == "Redirect":
                return self._resolve(verb.text), {}
            elif verb.name == "Hangup":
                self._record.ended_by = "us"
                return None
            elif verb.name == "Gather":
                gathered = self._gather(verb)
                if gathered is None:
                    self._record.ended_by = "caller"
                    return None
                if gathered or verb.attributes.get("actionOnEmptyResult") == "true":
                    return self._resolve(verb.attributes.get("action", self._path)), gathered
        self._record.ended_by = "us"
        return None

    def _gather(self, verb: Verb) -> dict[str, str] | None:
        """The fields that the caller's next act brings: none for silence, None for hanging up."""
        for inner in verb.inside:
            if inner.name == "Say":
                self._hear(inner)
        act = self._script.pop(0) if self._script else HangsUp()
        kinds = verb.attributes.get("input", "dtmf").split()
        if isinstance(act, HangsUp):
            return None
        if isinstance(act, StaysSilent):
            self._record.lines.append(("caller", "…"))
            return {}
        if isinstance(act, Presses):
            self._record.lines.append(("caller", f"[{act.key}]"))
            return {"Digits": act.key} if "dtmf" in kinds else {}
        self._record.lines.append(("caller", act.text))
        return {"SpeechResult": act.text, "Confidence": str(act.confidence)} if "speech" in kinds else {}

    def _hear(self, verb: Verb) -> None:
        self._record.lines.append(("concierge", verb.text))
        self._record.languages.append(verb.attributes.get("language", "en-US"))

    def _resolve(self, address: str) -> str:
        return urljoin(self._path, address)

    async def _tell_status(self) -> None:
        fields = self._twilio.call_fields(self._record.sid, self._caller, "completed")
        await self._twilio.post(self._client, "/voice/status", {**fields, "CallDuration": "60"})

    def _failed(self, reason: str) -> CallFailed:
        return CallFailed(reason, self._record)
