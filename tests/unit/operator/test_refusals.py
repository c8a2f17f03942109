"""What the API server says no with, and when to ask again."""

from __future__ import annotations

import pytest

from concierge_operator.refusals import refusal


@pytest.mark.parametrize(
    ("header", "details", "seconds"),
    [
        ("4", {}, 4),
        (None, {"retryAfterSeconds": 7}, 7),
        ("2", {"retryAfterSeconds": 7}, 2),
        (None, {}, 0),
        ("Wed, 25 Nov 2026 07:28:00 GMT", {}, 0),
        ("-5", {}, 0),
        ("86400", {}, 300),
        ("nan", {}, 0),
    ],
)
def test_how_long_the_server_wants_to_be_left_alone(
    header: str | None, details: dict[str, int], seconds: float
) -> None:
    assert refusal(429, {"details": details}, header).retry_after_seconds == seconds


@pytest.mark.parametrize(("status", "passes"), [(409, True), (429, True), (503, True), (403, False), (422, False)])
def test_what_may_be_granted_later_without_anybody_changing_it(status: int, passes: bool) -> None:
    assert refusal(status, {}).may_pass is passes


def test_a_quota_that_is_full_is_told_from_a_right_that_lacks() -> None:
    full = refusal(403, {"message": 'services "concierge-chat" is forbidden: exceeded quota: tight'})

    assert full.over_quota
    assert not refusal(403, {"message": "services is forbidden: User cannot create"}).over_quota


def test_credentials_that_are_being_replaced_may_be_taken_later() -> None:
    assert refusal(401, {"reason": "Unauthorized"}).may_pass


def test_a_right_that_lacks_is_told_from_what_a_policy_forbids() -> None:
    account = "system:serviceaccount:concierge-system:concierge"
    lacks = (
        'horizontalpodautoscalers.autoscaling "concierge-chat" is forbidden: User "'
        f'{account}" cannot patch resource "horizontalpodautoscalers" in API group "autoscaling" in the namespace "a"'
    )
    policy = 'pods "a" is forbidden: violates PodSecurity "restricted:latest": hostPort'

    found = refusal(403, {"message": lacks}).lacking_right
    assert found is not None
    assert (found.account, found.verb, found.resource) == (account, "patch", "horizontalpodautoscalers.autoscaling")
    assert refusal(403, {"message": policy}).lacking_right is None
