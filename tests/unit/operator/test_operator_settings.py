"""The operator's own settings: what can't be right is refused when it begins."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from concierge_core.errors import InvalidInput
from concierge_operator.lease import Hold, Terms, lease
from concierge_operator.settings import OperatorSettings


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"lease_seconds": 5, "renew_deadline_seconds": 7}, "CONCIERGE_OPERATOR_RENEW_DEADLINE_SECONDS"),
        ({"lease_seconds": 7, "renew_deadline_seconds": 7}, "CONCIERGE_OPERATOR_RENEW_DEADLINE_SECONDS"),
        ({"lease_seconds": 6}, "CONCIERGE_OPERATOR_RENEW_DEADLINE_SECONDS"),
        ({"renew_deadline_seconds": 2}, "CONCIERGE_OPERATOR_RETRY_SECONDS"),
    ],
)
def test_terms_with_which_two_could_lead_are_refused(given: dict[str, float], named: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        OperatorSettings(**given)  # type: ignore[arg-type]

    assert named in str(refused.value)


def test_a_lease_is_never_told_to_be_shorter_than_it_is_kept() -> None:
    made = lease("lease", "system", None, Hold("one", Terms(lease_seconds=2.4)), datetime.now(UTC))

    assert made["spec"]["leaseDurationSeconds"] == 3
