"""The mail about an occasion: plain text, in the property's language, without a word of what the guest wrote. Pure."""

from __future__ import annotations

import json
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

from concierge_core.notifications.occasion import HANDOFF, Occasion
from concierge_core.tenant.model import ConciergeTenant


def compose(tenant: ConciergeTenant, occasion: Occasion, *, to: str, delivery_id: str) -> EmailMessage:
    """The whole mail. Its Message-ID is made from the delivery, so that a mail sent twice can be told as one."""
    house = tenant.spec.property
    smtp = tenant.spec.notifications.smtp
    assert smtp is not None, "mails are planned only where a mail server is set"
    words = _phrases(house.default_language)
    mail = EmailMessage()
    name = _one_line(house.name)
    mail["From"] = Address(display_name=name, addr_spec=_deliverable(smtp.from_address))
    mail["To"] = Address(addr_spec=_deliverable(to))
    mail["Subject"] = words[f"subject_{occasion.event}"].format(property=name)
    mail["Date"] = format_datetime(occasion.occurred_at)
    mail["Message-ID"] = f"<{delivery_id}@{_deliverable(smtp.from_address).rpartition('@')[2]}>"
    # Keeps holiday replies of mailboxes from answering the concierge.
    mail["Auto-Submitted"] = "auto-generated"
    if occasion.urgent:
        mail["X-Priority"] = "1"
    mail.set_content("\n".join(_lines(tenant, occasion, words)))
    return mail


def _lines(tenant: ConciergeTenant, occasion: Occasion, words: dict[str, str]) -> list[str]:
    # One line a fact: a name with line ends must not look like more facts.
    facts = [f"{words[name]}: {_one_line(value)}" for name, value in _facts(tenant, occasion, words) if value]
    way = words["open" if "/conversations/" in occasion.link else "open_requests"]
    lead = words[f"lead_{occasion.event}"]
    return [
        lead,
        "",
        *facts,
        "",
        way,
        occasion.link,
        "",
        words["private"],
        "",
        "—",
        _one_line(tenant.spec.property.name),
    ]


def _facts(tenant: ConciergeTenant, occasion: Occasion, words: dict[str, str]) -> list[tuple[str, str | None]]:
    house, request, conversation = tenant.spec.property, occasion.request, occasion.conversation
    accept_by = conversation.accept_by if conversation and occasion.event == HANDOFF else None
    return [
        ("guest", occasion.guest_name or words["unknown_guest"]),
        ("room", occasion.room_number),
        # A model may have named the wish: only what we have words for is ours to say.
        ("wish", words.get(f"wish_{request.kind}", words["wish_other"]) if request else None),
        ("number", str(request.number) if request else None),
        ("department", house.department_name(request.department, house.default_language) if request else None),
        ("channel", words[f"channel_{conversation.channel.value}"] if conversation else None),
        ("reason", None if request else words.get(f"reason_{occasion.reason}")),
        ("since", _local(occasion.occurred_at, house.zone)),
        ("answer_by", _local(accept_by, house.zone) if accept_by else None),
    ]


def _one_line(value: str) -> str:
    """Without line ends and other control characters: a name must look like no further fact, and no further header."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in value).split())


def _deliverable(address: str) -> str:
    """With the domain as mail servers write it: hôtel.example is xn--htel-vqa.example."""
    mailbox, _, domain = address.rpartition("@")
    try:
        return f"{mailbox}@{domain.encode('idna').decode()}"
    except UnicodeError:
        return address  # no name that could be looked up: the server says so


def _local(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M")


@cache
def _phrases(language: str) -> dict[str, str]:
    every = json.loads(resources.files(__package__).joinpath("phrases.json").read_text("utf-8"))
    english: dict[str, str] = every["en"]
    return {**english, **every.get(language, {})}
