"""The webhooks: check, read the step from the URL, let `answering` decide, say it in TwiML.

A caller always hears something: whatever fails on our side is said in words, never in an HTTP error, once the request
is known to be Twilio's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog
from fastapi import Request, Response
from starlette.datastructures import FormData

from concierge_core.errors import ConciergeError, InvalidInput
from concierge_core.http import problem
from concierge_core.runtime import Runtime
from concierge_voice import answering
from concierge_voice.answering import Decision
from concierge_voice.call import (
    PERSON_KEY,
    Call,
    Pressed,
    Silent,
    Spoke,
    after_answer,
    after_silence,
    after_wait,
    begun,
    heard_in,
    resumed,
)
from concierge_voice.signature import is_genuine
from concierge_voice.twiml import Voice, not_served

log = structlog.get_logger()


class Webhooks:
    """One property's telephone."""

    def __init__(self, rt: Runtime) -> None:
        self._rt = rt
        self._voice = Voice(rt.tenant, rt.tenant.spec.property.default_language)

    async def incoming(self, request: Request) -> Response:
        """A call comes in: greet, say that it is an AI, listen. No database, no model: the caller hears us at once."""
        return await self._answer(request, self._greet)

    async def gather(self, request: Request) -> Response:
        """What the caller said or pressed, or that there was silence."""
        return await self._answer(request, self._listen)

    async def wait(self, request: Request) -> Response:
        """Twilio comes back for an answer that took longer."""
        return await self._answer(request, self._wait)

    async def status(self, request: Request) -> Response:
        """Twilio tells how the call went on; acknowledged."""
        refusal = await self._refusal(request)
        return refusal or Response(status_code=204)

    async def _greet(self, call: Call, _form: FormData) -> str:
        house, voice = self._rt.tenant.spec.property, self._voice
        own = self._rt.tenant.spec.voice.greeting.get(voice.language)
        return voice.ask(call, own or voice.phrase("greeting", property=house.name), voice.phrase("disclosure"))

    async def _listen(self, call: Call, form: FormData) -> str:
        heard = heard_in({key: form.get(key) for key in ("Digits", "SpeechResult")})
        if isinstance(heard, Spoke):
            try:
                return await self._say(
                    call, await answering.answer_speech(self._rt, call, heard.text, phone=_from(form))
                )
            except InvalidInput:
                heard = Silent()
        if isinstance(heard, Pressed) and heard.key == PERSON_KEY:
            return await self._say(call, await answering.call_person(self._rt, call, phone=_from(form)))
        return self._ask_again(call, "unknown_key" if isinstance(heard, Pressed) else "reprompt")

    async def _wait(self, call: Call, form: FormData) -> str:
        return await self._say(call, await answering.answer_wait(self._rt, call, phone=_from(form)))

    def _ask_again(self, call: Call, key: str) -> str:
        following = after_silence(call)
        if following is None:
            return self._voice.end(self._voice.phrase("goodbye"))
        key = "reprompt_zero" if key == "reprompt" and following.silence > 1 else key
        return self._voice.ask(following, self._voice.phrase(key))

    async def _say(self, call: Call, decision: Decision) -> str:
        voice = self._voice
        if decision.kind == answering.TIME_UP:
            return voice.end(voice.phrase("time_up"))
        patient = after_wait(call) if decision.kind == answering.WAIT else None
        if patient is not None:
            return voice.ask_to_wait(patient, voice.phrase("one_moment" if call.wait == 0 else "one_more_moment"))
        if decision.kind == answering.ANSWER:
            return voice.ask(after_answer(call, decision.until), *await answering.words(self._rt, decision))
        key = {answering.PERSON: "person_called", answering.NOTED: "noted"}.get(decision.kind, "sorry")
        return voice.ask(after_answer(call, decision.until), voice.phrase(key))

    async def _answer(self, request: Request, say: Callable[[Call, FormData], Awaitable[str]]) -> Response:
        refusal = await self._refusal(request)
        if refusal is not None:
            return refusal
        form = await request.form()
        account = self._rt.tenant.spec.voice.twilio
        if account is None or form.get("To") != account.number:
            log.warning("call_to_unknown_number")
            return _twiml(not_served())
        sid = str(form.get("CallSid", ""))
        try:
            call = resumed(sid, request.query_params) if request.query_params else begun(sid)
        except ValueError:
            return problem(404, "no_such_step", "There is no such step of a call.")
        return _twiml(await self._say_or_apologise(call, form, say))

    async def _say_or_apologise(
        self, call: Call, form: FormData, say: Callable[[Call, FormData], Awaitable[str]]
    ) -> str:
        try:
            return await say(call, form)
        except ConciergeError as error:
            log.error("call_could_not_be_answered", error=type(error).__name__)
            phone = self._rt.tenant.spec.property.phone
            words = self._voice.phrase("trouble_phone", phone=phone) if phone else self._voice.phrase("trouble")
            return self._voice.end(words)

    async def _refusal(self, request: Request) -> Response | None:
        """404 where calls are not answered, 403 for what Twilio did not sign; before any work."""
        if not self._rt.tenant.spec.voice.enabled:
            return problem(404, "voice_is_off", "This property answers no calls here.")
        if not is_genuine(self._rt, request, await request.form()):
            log.warning("webhook_not_signed")
            return problem(403, "not_signed", "The request is not signed by the property's Twilio account.")
        return None


def _from(form: FormData) -> str | None:
    """The caller's number, where there is one; it proves nothing."""
    number = str(form.get("From", ""))
    return number if number.startswith("+") and number[1:].isdigit() and len(number) <= 16 else None


def _twiml(document: str) -> Response:
    return Response(document, media_type="application/xml", headers={"cache-control": "no-store"})
