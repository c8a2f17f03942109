"""What is told of a look that did not come to its end: what happened, what it means, what to do."""

from __future__ import annotations

import pytest

from concierge_operator import trouble
from concierge_operator.observe import State
from concierge_operator.refusals import Refusal, Retry

LACKS = (
    'secrets "gemini" is forbidden: User "system:serviceaccount:concierge-system:concierge" cannot get resource '
    '"secrets" in API group "" in the namespace "house"'
)


def refused(status: int, message: str) -> Refusal:
    return Refusal(status, "", message, {})


@pytest.mark.parametrize(
    ("status", "message", "reason", "words"),
    [
        (403, LACKS, "NotAllowed", "may not get secrets, which is needed for Service concierge-chat"),
        (403, "denied by policy no-jobs", "NotAllowed", "does not let the operator make Service concierge-chat"),
        (403, "exceeded quota: tight", "QuotaExceeded", "Raise that quota"),
        (403, "because it is being terminated", trouble.NAMESPACE_GOES, "Namespace house is being deleted"),
        (422, "spec.clusterIP is immutable", "ObjectRefused", "refuses Service concierge-chat: spec.clusterIP"),
    ],
)
def test_a_refusal_says_who_can_do_what_about_it(status: int, message: str, reason: str, words: str) -> None:
    told = trouble.of_refusal(refused(status, message), "Service concierge-chat", "house")

    assert (told.state, told.reason) == (State.FAILED, reason)
    assert words in told.message


@pytest.mark.parametrize(
    ("error", "state", "reason"),
    [
        (Retry("Job x of before is on its way out"), State.PROGRESSING, "Waiting"),
        (refused(500, "failed calling webhook"), State.PROGRESSING, "TryingAgain"),
        (refused(403, LACKS), State.FAILED, "NotAllowed"),
        (KeyError("data"), State.FAILED, "InternalError"),
    ],
    ids=lambda one: str(one),
)
def test_whoever_must_act_is_told_so_and_what_passes_is_only_told(error: Exception, state: State, reason: str) -> None:
    told = trouble.of_error(error, "strand", "house")

    assert (told.state, told.reason) == (state, reason)


def test_of_a_mistake_of_the_operators_own_only_the_kind_is_told() -> None:
    """Its words may hold what it was about."""
    told = trouble.of_error(ValueError("a password"), "strand", "house")

    assert "password" not in told.message
    assert "ValueError" in told.message
