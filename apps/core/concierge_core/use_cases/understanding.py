"""Understanding what a guest writes while staff own: the concierge is silent, but nothing is overlooked."""

from __future__ import annotations

import structlog

from concierge_core.ai_wire import UnderstandingRequest, Understood
from concierge_core.domain.conversation import Message
from concierge_core.domain.understanding import Sentiment, Understanding, Urgency
from concierge_core.errors import ConciergeError
from concierge_core.runtime import Runtime
from concierge_core.use_cases.handoff import raise_emergency

log = structlog.get_logger()


def reading(understood: Understood) -> Understanding:
    """The wire's form as the domain's."""
    return Understanding(
        intent=understood.intent,
        confidence=understood.confidence,
        sentiment=Sentiment(understood.sentiment),
        language=understood.language,
        urgency=Urgency(understood.urgency),
    )


async def understand_message(rt: Runtime, message: Message, language: str) -> None:
    """Note what the message means; an emergency is put first at once. Never raises for a part that is away."""
    try:
        asked = UnderstandingRequest(tenant=rt.tenant_id, text=message.text, language=language)
        understanding = reading(await rt.concierge.understand(asked))
        async with rt.store.write() as unit:
            await unit.conversations.understood(rt.tenant_id, message.conversation_id, message.seq, understanding)
        if understanding.urgency is Urgency.EMERGENCY:
            await raise_emergency(rt, message.conversation_id)
    except ConciergeError as error:
        log.warning("message_not_understood", error=type(error).__name__)
