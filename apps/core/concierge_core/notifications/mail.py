"""The mail about an occasion: plain text, in the property's language, without a word of what the guest wrote. Pure."""

from __future__ import annotations

import json
from email.message import EmailMessage
from email.utils import format_datetime
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

from concierge_core.notifications.occasion import Occasion
from concierge_core.tenant.model import ConciergeTenant


def compose(tenant: ConciergeTenant, occasion: Occasion, *, to: str, delivery_id: str) -> EmailMessage:
    """The whole mail. Its Message-ID is made from the delivery, so that a mail sent twice can be told as one."""
    house = tenant.spec.property
    smtp = tenant.spec.notifications.smtp
    assert smtp is not None, "mails are planned only where a mail server is set"
    words = _phrases(house.default_language)
    mail = EmailMessage()
    mail["From"] = smtp.from_address
    mail["To"] = to
    mail["Subject"] = words[f"subject_{occasion.event}"].format(property=house.name)
    mail["Date"] = format_datetime(occasion.occurred_at)
    mail["Message-ID"] = f"<{delivery_id}@{smtp.from_address.rpartition('@')[2]}>"
    # Keeps holiday replies of mailboxes from answering the concierge.
    mail["Auto-Submitted"] = "auto-generated"
    if occasion.urgent:
        mail["X-Priority"] = "1"
    mail.set_content("\n".join(_lines(tenant, occasion, words)))
    return mail


def _lines(tenant: ConciergeTenant, occasion: Occasion, words: dict[str, str]) -> list[str]:
    house = tenant.spec.property
    facts = {
        "guest": occasion.guest_name or words["unknown_guest"],
        "room": occasion.room_number,
        "channel": occasion.conversation.channel.value if occasion.conversation else None,
        "number": str(occasion.request.number) if occasion.request else None,
        "department": house.department_name(occasion.request.department, house.default_language)
        if occasion.request
        else None,
        "reason": _reason(occasion, words),
        "since": _local(occasion, house.zone),
    }
    # One line a fact: a name with line ends must not look like more facts.
    listed = [f"{words[name]}: {' '.join(value.split())}" for name, value in facts.items() if value]
    return [words[f"lead_{occasion.event}"], "", *listed, "", words["open"], occasion.link, "", "—", house.name]


def _reason(occasion: Occasion, words: dict[str, str]) -> str | None:
    """In words where we have them; a reason is a code of ours, never the guest's text."""
    if not occasion.reason:
        return None
    return words.get(f"reason_{occasion.reason}", occasion.reason.replace("_", " "))


def _local(occasion: Occasion, zone: ZoneInfo) -> str:
    return occasion.occurred_at.astimezone(zone).strftime("%Y-%m-%d %H:%M")


@cache
def _phrases(language: str) -> dict[str, str]:
    every = json.loads(resources.files(__package__).joinpath("phrases.json").read_text("utf-8"))
    english: dict[str, str] = every["en"]
    return {**english, **every.get(language, {})}
