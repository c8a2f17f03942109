"""The mail that staff read."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from concierge_core.notifications import mail
from concierge_core.tenant.model import ConciergeTenant
from concierge_core.texts import LANGUAGES


def composed(
    house: Any, tenant: ConciergeTenant, event: str = "handoff", **changes: object
) -> tuple[dict[str, str], str]:
    message = mail.compose(tenant, house.occasion(event, **changes), to="desk@seehof.example", delivery_id="d1")
    return {name.lower(): value for name, value in message.items()}, message.get_content()


def test_staff_learn_who_where_why_and_how_to_get_there(house: Any, tenant: ConciergeTenant) -> None:
    headers, text = composed(house, tenant)

    assert headers["subject"] == "Hotel Seehof: a guest would like to speak to you"
    assert headers["to"] == "desk@seehof.example"
    for fact in ("Guest: Ada Lovelace\n", "Room: 12", "the guest asked for a person", "2026-11-24 03:30", house.LINK):
        assert fact in text


def test_a_mail_that_is_sent_twice_can_be_told_as_one(house: Any, tenant: ConciergeTenant) -> None:
    assert composed(house, tenant)[0]["message-id"] == composed(house, tenant)[0]["message-id"] == "<d1@seehof.example>"


def test_no_word_of_the_guest_leaves_the_house(house: Any, tenant: ConciergeTenant) -> None:
    headers, text = composed(house, tenant, "request_made", request=house.request("housekeeping"))

    assert "towels please" not in text
    assert "Request: 42" in text
    assert "Department: Housekeeping" in text
    assert "Lovelace" not in headers["subject"]


def test_line_ends_in_names_make_no_header_and_no_fact(house: Any) -> None:
    hostile = house.tenant_with(house.NOTIFICATIONS)
    named = hostile.spec.property.model_copy(update={"name": "Hotel\r\nBcc: all@evil.example"})
    hostile = hostile.model_copy(update={"spec": hostile.spec.model_copy(update={"property": named})})
    guest = replace(house.occasion().guest, name="Ada\r\nRoom: 99\u2028x", room_number="12\nBcc: a@evil.example")

    message = mail.compose(hostile, house.occasion(guest=guest), to="desk@seehof.example", delivery_id="d1")
    read = message_from_bytes(bytes(message), policy=policy.default)

    assert "bcc" not in {name.lower() for name in read}
    lines = read.get_content().splitlines()
    assert "Guest: Ada Room: 99 x" in lines
    assert "Room: 12 Bcc: a@evil.example" in lines
    assert [line for line in lines if line.startswith(("Room:", "Bcc:"))] == ["Room: 12 Bcc: a@evil.example"]


def test_names_and_domains_of_all_languages_arrive(house: Any) -> None:
    smtp = {"host": "mail.example", "fromAddress": "concierge@hôtel.example"}
    tenant = house.tenant_with({"smtp": smtp, "handoffEmails": ["desk@hôtel.example"]}, ["ar"])
    named = tenant.spec.property.model_copy(update={"name": "Hôtel „Źródło“ فندق"})
    tenant = tenant.model_copy(update={"spec": tenant.spec.model_copy(update={"property": named})})

    message = mail.compose(tenant, house.occasion(), to="desk@hôtel.example", delivery_id="d1")
    sent = bytes(message)
    read = message_from_bytes(sent, policy=policy.default)

    assert sent.isascii()
    assert read["subject"] == "Hôtel „Źródło“ فندق: ضيف يرغب في التحدث إليكم"
    assert read["from"].addresses[0].display_name == "Hôtel „Źródło“ فندق"
    assert read["from"].addresses[0].addr_spec == "concierge@xn--htel-vqa.example"
    assert read["to"] == "desk@xn--htel-vqa.example"
    assert "الغرفة: 12" in read.get_content()


def test_staff_learn_until_when_the_guest_waits_and_that_words_stay_here(house: Any, tenant: ConciergeTenant) -> None:
    conversation = replace(house.occasion().conversation, accept_by=house.NOW + timedelta(minutes=2))

    _, text = composed(house, tenant, conversation=conversation)

    assert "Please answer by: 2026-11-24 03:32" in text
    assert "Channel: web chat" in text
    assert "What the guest wrote is not sent by mail" in text


def test_a_wish_is_named_in_our_words_only(house: Any) -> None:
    german = house.tenant_with(house.NOTIFICATIONS, ["de"])
    request = house.request("housekeeping")

    _, known = composed(house, german, "request_made", request=request)
    _, unknown = composed(house, german, "request_made", request=replace(request, kind="my wife is ill"))

    assert "Wunsch: Handtücher" in known
    assert "Wunsch: etwas anderes" in unknown
    assert "wife" not in unknown


def test_an_emergency_looks_like_one(house: Any, tenant: ConciergeTenant) -> None:
    headers, _ = composed(house, tenant, "emergency")

    assert headers["subject"].startswith("URGENT")
    assert headers["x-priority"] == "1"


def test_a_german_house_is_written_to_in_german(house: Any) -> None:
    headers, text = composed(house, house.tenant_with(house.NOTIFICATIONS, ["de", "en"]))

    assert headers["subject"] == "Hotel Seehof: Ein Gast möchte mit Ihnen sprechen"
    assert "Zimmer: 12" in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_everything(language: str) -> None:
    every = json.loads(Path(mail.__file__).with_name("phrases.json").read_text("utf-8"))

    assert every[language].keys() == every["en"].keys()
    for key, sentence in every[language].items():
        assert re.findall(r"{\w+}", sentence) == re.findall(r"{\w+}", every["en"][key]), key
