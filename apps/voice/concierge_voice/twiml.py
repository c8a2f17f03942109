"""TwiML, built with Twilio's own library: the same arguments give the same bytes."""

from __future__ import annotations

from dataclasses import dataclass

from twilio.twiml.voice_response import Gather, VoiceResponse  # type: ignore[import-untyped]

from concierge_core.tenant.model import ConciergeTenant
from concierge_voice.call import Call
from concierge_voice.phrases import phrase, tongue
from concierge_voice.speakable import speakable

_HINTS_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Voice:
    """How one property speaks in one language."""

    tenant: ConciergeTenant
    language: str

    @property
    def locale(self) -> str:
        """The property's own choice for the language, else a usual one."""
        return self.tenant.spec.voice.speech.locales.get(self.language) or tongue(self.language).locale

    def phrase(self, key: str, **values: object) -> str:
        """One of our sentences."""
        return phrase(key, self.language, **values)

    def ask(self, call: Call, *sentences: str) -> str:
        """Say this, and listen; what is heard comes to the call's gather URL, silence too."""
        spec = self.tenant.spec.voice
        gather = Gather(
            input="speech dtmf",
            action=call.gather_url,
            method="POST",
            num_digits=1,
            timeout=spec.silence_seconds,
            speech_timeout="auto",
            action_on_empty_result=True,
            language=self.locale,
            hints=self._hints(),
        )
        for sentence in sentences:
            self._say(gather, sentence)
        response = VoiceResponse()
        response.append(gather)
        return str(response)

    def ask_to_wait(self, call: Call, sentence: str) -> str:
        """Say this, and come back for the answer."""
        response = VoiceResponse()
        self._say(response, sentence)
        response.redirect(call.wait_url, method="POST")
        return str(response)

    def end(self, sentence: str) -> str:
        """Say this, and hang up."""
        response = VoiceResponse()
        self._say(response, sentence)
        response.hangup()
        return str(response)

    def _say(self, parent: VoiceResponse | Gather, sentence: str) -> None:
        words = speakable(sentence, website=self.phrase("website"))
        if words:
            parent.say(words, language=self.locale, voice=tongue(self.language).voice)

    def _hints(self) -> str | None:
        """Words of the house that recognition should know, as many as fit."""
        listed = ""
        for hint in [self.tenant.spec.property.name, *self.tenant.spec.voice.speech.hints]:
            longer = f"{listed}, {hint}" if listed else hint
            if len(longer) > _HINTS_LIMIT:
                break
            listed = longer
        return listed or None


def not_served() -> str:
    """For a number that is no property's here: neutral, and nobody's data."""
    response = VoiceResponse()
    response.say("This number is not in service. Goodbye.", language="en-GB")
    response.hangup()
    return str(response)
