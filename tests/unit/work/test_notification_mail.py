"""The mail that staff read."""

from __future__ import annotations

import json
import re
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
