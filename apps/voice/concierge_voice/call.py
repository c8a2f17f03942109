"""One phone call, as it stands between two webhooks. Pure.

Nothing of a call is kept in memory: where it stands travels in the (signed) URLs that we give to Twilio, what was said
is in the database, and what each step was answered is remembered there under the call's SID. So any process can go on
with a call, and a webhook that Twilio repeats is answered alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

MAX_SILENCES = 2
"""The caller is asked again so many times; after one more silence comes goodbye."""
MAX_WAITS = 4
"""How often the caller hears "one moment" for one answer before a person is called."""
PERSON_KEY = "0"
_MOST_TURNS = 500


@dataclass(frozen=True, slots=True)
class Call:
    """`turn` counts what the caller has said (from 1), `silence` the silences in a row, `wait` the times they were
    asked for patience, `heard` is the last message (seq) that was read to them."""

    sid: str
    turn: int = 1
    silence: int = 0
    wait: int = 0
    heard: int = 0

    @property
    def session_token(self) -> str:
        """Under which the guest's session is kept: one call is one session."""
        return f"call:{self.sid}"

    @property
    def client_id(self) -> str:
        """Idempotency key of what the caller says in this turn."""
        return f"{self.sid}:{self.turn}"

    @property
    def step(self) -> str:
        """Names this step of the call: at each the caller is answered once."""
        return f"{self.turn}.{self.silence}.{self.wait}"

    @property
    def gather_url(self) -> str:
        """Where Twilio brings what the caller says next."""
        return f"/voice/gather?{self._query()}"

    @property
    def wait_url(self) -> str:
        """Where Twilio asks whether the answer is there."""
        return f"/voice/wait?{self._query()}"

    def _query(self) -> str:
        return urlencode({"turn": self.turn, "silence": self.silence, "wait": self.wait, "heard": self.heard})


@dataclass(frozen=True, slots=True)
class Spoke:
    """The caller said something."""

    text: str


@dataclass(frozen=True, slots=True)
class Pressed:
    """The caller pressed a key."""

    key: str


@dataclass(frozen=True, slots=True)
class Silent:
    """Nothing was said or pressed."""


Input = Spoke | Pressed | Silent


def begun(sid: str) -> Call:
    """A call that has come in."""
    return Call(sid)


def resumed(sid: str, query: Mapping[str, str]) -> Call:
    """The call of a follow-up webhook. ValueError for a query that we did not make."""
    call = Call(
        sid,
        turn=int(query.get("turn", "1")),
        silence=int(query.get("silence", "0")),
        wait=int(query.get("wait", "0")),
        heard=int(query.get("heard", "0")),
    )
    in_bounds = 1 <= call.turn <= _MOST_TURNS and 0 <= call.silence <= MAX_SILENCES and 0 <= call.wait <= MAX_WAITS
    if not in_bounds or call.heard < 0:
        raise ValueError("no such step of a call")
    return call


def heard_in(form: Mapping[str, object]) -> Input:
    """What a Gather brought. A key counts more than speech: it is never misheard."""
    digits, speech = str(form.get("Digits") or "").strip(), str(form.get("SpeechResult") or "").strip()
    if digits:
        return Pressed(digits[0])
    return Spoke(speech) if speech else Silent()


def after_silence(call: Call) -> Call | None:
    """Ask once more; None when the caller was asked often enough."""
    return replace(call, silence=call.silence + 1) if call.silence < MAX_SILENCES else None


def after_answer(call: Call, heard: int) -> Call:
    """The caller was answered, up to this message, and may speak again."""
    return replace(call, turn=call.turn + 1, silence=0, wait=0, heard=max(heard, call.heard))


def after_wait(call: Call) -> Call | None:
    """Ask for patience once more; None when that was asked often enough."""
    return replace(call, wait=call.wait + 1) if call.wait < MAX_WAITS else None
