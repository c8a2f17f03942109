"""When each tenant's Twilio numbers are looked at, and with which tokens. What is done to them is `keep_number`'s."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence

from concierge_core.ports import Clock
from concierge_core.tenant.values import SecretRef
from concierge_operator import keep_number, meters
from concierge_operator.cluster import Cluster
from concierge_operator.keep_number import DRIFT_AUTHOR
from concierge_operator.kinds import SECRETS
from concierge_operator.number_model import VoiceNumber
from concierge_operator.number_verdict import Look, NumberResult, Rival, due, fingerprint, looked
from concierge_operator.refusals import Refusal
from concierge_operator.render.context import Context
from concierge_operator.status_model import SecretMark
from concierge_operator.twilio_api import TwilioApi
from concierge_operator.twilio_number import NumberKey, desired, secrets_needed

Marks = Mapping[str, SecretMark | None]


class NumberLooks:
    """One for the operator: what was seen last of each tenant's numbers, so that Twilio is not asked at every event."""

    def __init__(self, api: TwilioApi, clock: Clock) -> None:
        self._api = api
        self._clock = clock
        self._last: dict[str, tuple[Look, NumberResult]] = {}

    async def look(
        self,
        ctx: Context,
        remembered: Sequence[VoiceNumber],
        marks: Marks,
        cluster: Cluster,
        elsewhere: Mapping[NumberKey, Rival],
    ) -> NumberResult | None:
        """Set the tenant's numbers up, if a look is due; None where it has none, and had none.

        `elsewhere`: numbers that are another tenant's.
        """
        key, wanted = ctx.key, desired(ctx.spec, ctx.public_url)
        if not wanted and not remembered:
            self.forget(key)
            return None
        needed = secrets_needed(wanted, remembered)
        mark = ctx.uid + fingerprint(wanted, ctx.public_url, {ref: _mark(marks, ref) for ref in needed}, elsewhere)
        last = self._last.get(key)
        if last is not None and not due(last[0], now=self._clock.monotonic(), fingerprint=mark):
            return last[1]
        tokens = await _tokens(ctx.namespace, needed, cluster)
        result = await keep_number.ensure(ctx.spec, ctx.public_url, tokens, remembered, self._api, elsewhere=elsewhere)
        for _ in result.drift:
            meters.DRIFT.labels("TwilioNumber", DRIFT_AUTHOR).inc()
        before = last[0] if last is not None else None
        look = looked(before, result, now=self._clock.monotonic(), fingerprint=mark)
        self._last[key] = (look, _told_once(result))
        return result

    def forget(self, key: str) -> None:
        """The tenant of this key is gone, or has no number any more."""
        self._last.pop(key, None)

    async def farewell(self, namespace: str, remembered: Sequence[VoiceNumber], cluster: Cluster) -> NumberResult:
        """Give the numbers back before the tenant goes; takes some seconds at most, raises for nothing of theirs: a
        Secret that may not be read is one that is not there."""
        try:
            tokens = await _tokens(namespace, secrets_needed((), remembered), cluster)
        except Refusal as refused:
            if refused.may_pass:
                raise
            tokens = {}
        return await keep_number.release(remembered, tokens, self._api)


def _told_once(result: NumberResult) -> NumberResult:
    """The result for later looks that are not due: what was changed, and by whom, was told."""
    return NumberResult(result.verdict, result.remembered, look_again=result.look_again)


def _mark(marks: Marks, ref: SecretRef) -> str:
    mark = marks.get(ref.name)
    return mark.fingerprint if mark is not None else ""


async def _tokens(namespace: str, needed: Iterable[SecretRef], cluster: Cluster) -> dict[SecretRef, str]:
    found: dict[SecretRef, str] = {}
    for ref in needed:
        live = await cluster.get(SECRETS, ref.name, namespace)
        written = ((live or {}).get("data") or {}).get(ref.key)
        if written:
            found[ref] = base64.b64decode(written).decode("utf-8", "replace").strip()
    return found
