"""Who is told of what. Pure.

A target is named by a short digest of its address, so that tasks carry no addresses, and a delivery to a target that
the property has since removed finds nobody and ends.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from concierge_core.notifications.occasion import CLOSED, EMERGENCY, HANDOFF, HANDOFF_EXPIRED, Occasion
from concierge_core.tenant.model import ConciergeTenant, Webhook


@dataclass(frozen=True, slots=True)
class MailTo:
    """A mailbox."""

    address: str

    @property
    def key(self) -> str:
        """Its short name in tasks."""
        return _key("mail", self.address.lower())


@dataclass(frozen=True, slots=True)
class PostTo:
    """A webhook."""

    webhook: Webhook

    @property
    def key(self) -> str:
        """Its short name in tasks."""
        return _key("webhook", self.webhook.url)


Target = MailTo | PostTo


def targets(tenant: ConciergeTenant, occasion: Occasion) -> list[Target]:
    """Everyone who is to be told of this occasion, each once."""
    named: list[Target] = [*_mailboxes(tenant, occasion), *_webhooks(tenant, occasion.event)]
    return list({target.key: target for target in named}.values())


def target_by_key(tenant: ConciergeTenant, occasion: Occasion, key: str) -> Target | None:
    """The target of this short name, if it is still to be told."""
    return next((target for target in targets(tenant, occasion) if target.key == key), None)


def _mailboxes(tenant: ConciergeTenant, occasion: Occasion) -> list[MailTo]:
    """Hand-offs go to the hand-off addresses; a request to its department if that has a mailbox, else to those too."""
    notifications = tenant.spec.notifications
    if notifications.smtp is None or occasion.event in (CLOSED, HANDOFF_EXPIRED):
        return []
    department = tenant.spec.property.department(occasion.request.department) if occasion.request else None
    if department is not None and department.email:
        return [MailTo(department.email)]
    return [MailTo(address) for address in notifications.handoff_emails]


def _webhooks(tenant: ConciergeTenant, event: str) -> list[PostTo]:
    """Those that listen for the event. An emergency is a hand-off too: who listens only for hand-offs hears of it."""
    heard_as = {event, HANDOFF} if event == EMERGENCY else {event}
    return [PostTo(webhook) for webhook in tenant.spec.notifications.webhooks if heard_as & set(webhook.events)]


def _key(kind: str, address: str) -> str:
    return hashlib.sha256(f"{kind}:{address}".encode()).hexdigest()[:16]
