"""Who is told of what."""

from __future__ import annotations

from typing import Any

from concierge_core.notifications.plan import MailTo, PostTo, target_by_key, targets
from concierge_core.tenant.model import ConciergeTenant


def addresses(house: Any, tenant: ConciergeTenant, event: str, **changes: object) -> list[str]:
    told = targets(tenant, house.occasion(event, **changes))
    return [t.address if isinstance(t, MailTo) else t.webhook.url for t in told]


def test_a_handoff_is_told_to_the_desk_and_to_who_listens(house: Any, tenant: ConciergeTenant) -> None:
    assert addresses(house, tenant, "handoff") == [
        "desk@seehof.example",
        "duty@seehof.example",
        "https://pager.example/a",
    ]


def test_an_emergency_reaches_those_who_listen_for_handoffs_too(house: Any, tenant: ConciergeTenant) -> None:
    assert addresses(house, tenant, "emergency")[2:] == ["https://pager.example/a", "https://pager.example/b"]


def test_a_request_goes_to_its_departments_mailbox_if_it_has_one(house: Any, tenant: ConciergeTenant) -> None:
    for department, mailboxes in (
        ("housekeeping", ["linen@seehof.example"]),
        ("front-desk", ["desk@seehof.example", "duty@seehof.example"]),
    ):
        told = addresses(house, tenant, "request_made", request=house.request(department))
        assert told == [*mailboxes, "https://pager.example/b"]


def test_nobody_is_told_where_nobody_wants_to_be(house: Any) -> None:
    assert addresses(house, house.tenant_with({}), "handoff") == []


def test_a_target_that_was_removed_is_not_found_any_more(house: Any, tenant: ConciergeTenant) -> None:
    (first, *_), key = targets(tenant, house.occasion()), targets(tenant, house.occasion())[-1].key

    assert target_by_key(tenant, house.occasion(), first.key) == first
    assert isinstance(target_by_key(tenant, house.occasion(), key), PostTo)
    assert target_by_key(house.tenant_with({}), house.occasion(), key) is None
