"""One signed POST to a system of the property."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import httpx
from pydantic import SecretStr

from concierge_core.domain.conversation import Conversation
from concierge_core.domain.requests import ServiceRequest
from concierge_core.notifications.address_guard import checked
from concierge_core.notifications.occasion import Occasion
from concierge_core.notifications.signature import sign
from concierge_core.tenant.model import ConciergeTenant
from concierge_core.work.registry import GiveUp, TryLater

_TIMEOUT = httpx.Timeout(10.0, connect=3.0)
_GONE = 410


def body_of(tenant: ConciergeTenant, occasion: Occasion, *, delivery_id: str) -> bytes:
    """The JSON body; the same delivery has the same `id` however often it is tried."""
    content = {
        "id": delivery_id,
        "event": occasion.event,
        "occurred_at": _iso(occasion.occurred_at),
        "property": {"code": tenant.spec.property.code, "name": tenant.spec.property.name},
        "guest": {"name": occasion.guest_name, "room_number": occasion.room_number},
        "reason": occasion.reason,
        "link": occasion.link,
        "conversation": _conversation(occasion.conversation),
        "request": _request(occasion.request),
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


async def post(
    url: str, body: bytes, *, event: str, delivery_id: str, secret: SecretStr, now: datetime, may_be_private: bool
) -> None:
    """Deliver. Raises `GiveUp` when it never will be taken; `TryLater` or OSError when it may later."""
    place = await checked(url, may_be_private=may_be_private)
    timestamp = int(now.timestamp())
    headers = {
        "host": place.host_header,
        "content-type": "application/json",
        "user-agent": "Concierge-Webhook/1",
        "concierge-event": event,
        "concierge-delivery": delivery_id,
        "concierge-timestamp": str(timestamp),
        "concierge-signature": sign(secret.get_secret_value(), timestamp=timestamp, body=body),
    }
    # Redirects are not followed: they would lead past the check of the address.
    async with httpx.AsyncClient(timeout=_TIMEOUT, follow_redirects=False, trust_env=False) as client:
        request = client.build_request(
            "POST", place.url, content=body, headers=headers, extensions={"sni_hostname": place.host}
        )
        try:
            response = await client.send(request, stream=True)  # the answer's body is of no interest, however long
            await response.aclose()
        except httpx.HTTPError as error:
            raise TryLater(f"the webhook's receiver cannot be reached ({type(error).__name__})") from None
    _judge(response.status_code)


def _judge(status: int) -> None:
    if status == _GONE:
        raise GiveUp("the webhook's receiver says it is gone (410)")
    if not 200 <= status < 300:
        raise TryLater(f"the webhook's receiver answered {status}")


def _conversation(conversation: Conversation | None) -> dict[str, Any] | None:
    if conversation is None:
        return None
    return {
        "id": conversation.id,
        "channel": conversation.channel.value,
        "status": conversation.status.value,
        "priority": conversation.priority.value,
        "language": conversation.language,
        "accept_by": _iso(conversation.accept_by),
    }


def _request(request: ServiceRequest | None) -> dict[str, Any] | None:
    if request is None:
        return None
    return {
        "id": request.id,
        "number": request.number,
        "kind": request.kind,
        "department": request.department,
        "state": request.state.value,
        "priority": request.priority.value,
        "due_at": _iso(request.due_at),
        "conversation_id": request.conversation_id,
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None
