"""The tasks: an occasion fans out into deliveries, each of which goes to one address.

The fan-out is one transaction with the end of its own outbox entry, so it happens once. A delivery is told by its
outbox entry: done means sent. Between the moment a mail server or receiver has taken it and our note of that lies a
gap in which a crash leads to a second copy; it bears the same Message-ID or delivery id, by which it can be told.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

import structlog

from concierge_core.notifications import mail, smtp, webhook
from concierge_core.notifications.occasion import (
    CLOSED,
    HANDOFF,
    HANDOFF_EXPIRED,
    REQUEST_MADE,
    Occasion,
    of_conversation,
    of_request,
)
from concierge_core.notifications.plan import MailTo, PostTo, target_by_key, targets
from concierge_core.tenant.secrets import SecretSource
from concierge_core.work import names
from concierge_core.work.registry import GiveUp, TaskContext, task

log = structlog.get_logger()


@task(names.NOTIFY_HANDOFF)
async def notify_handoff(context: TaskContext, *, conversation_id: str, reason: str = "") -> None:
    """A guest waits for a person."""
    await _fan_out(context, HANDOFF, conversation_id, reason)


@task(names.NOTIFY_HANDOFF_EXPIRED)
async def notify_handoff_expired(context: TaskContext, *, conversation_id: str) -> None:
    """Nobody accepted in time."""
    await _fan_out(context, HANDOFF_EXPIRED, conversation_id)


@task(names.NOTIFY_REQUEST)
async def notify_request(context: TaskContext, *, request_id: str) -> None:
    """A service request was made."""
    await _fan_out(context, REQUEST_MADE, request_id)


@task(names.NOTIFY_CLOSED)
async def notify_closed(context: TaskContext, *, conversation_id: str) -> None:
    """A conversation ended."""
    await _fan_out(context, CLOSED, conversation_id)


@task(names.DELIVER)
async def deliver(context: TaskContext, *, target: str, event: str, subject_id: str, reason: str = "", at: str) -> None:
    """One notification to one address. Does nothing when the subject was erased or the address removed."""
    rt = context.runtime
    occasion = await _occasion(context, event, subject_id, reason, datetime.fromisoformat(at))
    found = target_by_key(rt.tenant, occasion, target) if occasion else None
    if occasion is None or found is None:
        log.info("notification_has_nobody_to_tell", occasion=event)
    elif isinstance(found, MailTo):
        await _send_mail(context, occasion, found)
    else:
        await _post(context, occasion, found)


async def _fan_out(context: TaskContext, event: str, subject_id: str, reason: str = "") -> None:
    rt = context.runtime
    at = context.created_at or rt.clock.now()
    occasion = await _occasion(context, event, subject_id, reason, at)
    told = targets(rt.tenant, occasion) if occasion else []
    common = {"event": event, "subject_id": subject_id, "reason": reason, "at": at.isoformat()}
    async with rt.store.write() as unit:
        if context.entry_id is not None and not await unit.outbox.task_done(
            rt.tenant_id, context.entry_id, rt.clock.now()
        ):
            return
        for target in told:
            await unit.outbox.add_task(rt.tenant_id, names.DELIVER, {"target": target.key, **common})


async def _occasion(context: TaskContext, event: str, subject_id: str, reason: str, at: datetime) -> Occasion | None:
    if event == REQUEST_MADE:
        return await of_request(context.runtime, subject_id, at=at)
    return await of_conversation(context.runtime, event, subject_id, reason=reason or None, at=at)


async def _send_mail(context: TaskContext, occasion: Occasion, to: MailTo) -> None:
    tenant = context.runtime.tenant
    server = tenant.spec.notifications.smtp
    assert server is not None
    password = SecretSource(context.runtime.settings).get(server.password_secret)
    if server.username and password is None:
        raise GiveUp("the mail server's password is in no secret")
    composed = mail.compose(tenant, occasion, to=to.address, delivery_id=_delivery_id(context, to.key))
    await smtp.send(composed, server, password)


async def _post(context: TaskContext, occasion: Occasion, to: PostTo) -> None:
    rt = context.runtime
    secret = SecretSource(rt.settings).get(to.webhook.secret)
    if secret is None:
        raise GiveUp("the webhook's signing key is in no secret")
    delivery_id = _delivery_id(context, to.key)
    await webhook.post(
        to.webhook.url,
        webhook.body_of(rt.tenant, occasion, delivery_id=delivery_id),
        event=occasion.event,
        delivery_id=delivery_id,
        secret=secret,
        now=rt.clock.now(),
        may_be_private=context.settings.webhooks_may_be_private,
    )


def _delivery_id(context: TaskContext, target: str) -> str:
    """The same for every attempt at the same delivery."""
    made_of = f"{context.runtime.tenant_id}:{context.entry_id}:{target}"
    return hashlib.sha256(made_of.encode()).hexdigest()[:32]
