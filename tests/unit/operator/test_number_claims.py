"""Two tenants that name the same number: it leads to one of them, and does not change hands by itself."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from concierge_operator.number_claims import Claim, claim_under, led_elsewhere
from concierge_operator.world import World

NUMBER, OTHER = "+493839312345", "+493839354321"
ACCOUNT = "AC" + "1" * 32
SECRET = {"name": "twilio", "key": "auth-token"}


def tenant(name: str, created: int = 1, *, had: bool = False, leaving: bool = False, **spec: Any) -> dict[str, Any]:
    house = {
        "code": name,
        "name": name.title(),
        "address": {"street": "Uferweg 1", "city": "Binz", "country": "DE"},
        "timezone": "Europe/Berlin",
    }
    voice = {"enabled": True, "twilio": {"accountSid": ACCOUNT, "authTokenSecret": SECRET, "number": NUMBER}}
    number = {"number": NUMBER, "accountSid": ACCOUNT, "secret": SECRET, "settled": had}
    return {
        "apiVersion": "concierge.hotel/v1alpha1",
        "kind": "ConciergeTenant",
        "metadata": {
            "name": name,
            "namespace": name,
            "creationTimestamp": f"2026-11-{created:02}T08:00:00Z",
            **({"deletionTimestamp": "2026-11-26T08:00:00Z"} if leaving else {}),
        },
        "spec": {"property": house, "host": f"{name}.example", "voice": voice, **spec},
        "status": {"numbers": [number]} if had else {},
    }


def holder(*documents: dict[str, Any]) -> set[str]:
    """Who has the number, as each of them sees it."""
    claims = [claim_under(document, None) for document in documents]
    seen = {led_elsewhere(one, claims).get(NUMBER, one.key) for one in claims if NUMBER in one.wanted}
    return {key.split("/")[1] for key in seen}


def test_the_oldest_tenant_has_a_number_that_two_name() -> None:
    assert holder(tenant("seehof", 2), tenant("strand", 1), tenant("wald", 3)) == {"strand"}


def test_a_number_stays_with_the_tenant_that_it_was_set_up_for() -> None:
    assert holder(tenant("older", 1), tenant("younger", 2, had=True)) == {"younger"}


def test_a_house_that_closes_keeps_its_number_until_it_was_given_back() -> None:
    for spec in ({"suspend": {"active": True}}, {"voice": {"enabled": False}}):
        assert holder(tenant("seehof", 1, had=True, **spec), tenant("strand", 2)) == {"seehof"}
        assert holder(tenant("seehof", 1, **spec), tenant("strand", 2)) == {"strand"}


def test_a_house_that_goes_leaves_its_number_to_the_next() -> None:
    assert holder(tenant("seehof", 1, had=True, leaving=True), tenant("strand", 2)) == {"strand"}


def test_a_spec_that_cannot_be_right_costs_nobody_the_number_that_leads_there() -> None:
    assert holder(tenant("seehof", 2, had=True, languages="none"), tenant("strand", 1)) == {"seehof"}
    assert holder(tenant("seehof", 1, languages="none"), tenant("strand", 2)) == {"strand"}


CLAIMS = st.builds(
    Claim,
    key=st.sampled_from([f"n{i}/t" for i in range(6)]),
    created=st.sampled_from(["1", "2", "3"]),
    wanted=st.frozensets(st.sampled_from([NUMBER, OTHER])),
    held=st.frozensets(st.sampled_from([NUMBER, OTHER])),
)


@given(st.lists(CLAIMS, min_size=1, max_size=6, unique_by=lambda claim: claim.key))
def test_all_agree_on_one_holder_of_each_number(claims: list[Claim]) -> None:
    for number in (NUMBER, OTHER):
        seen = {led_elsewhere(one, claims).get(number, one.key) for one in claims if number in one.wanted}
        assert len(seen) <= 1


def test_whoever_waits_for_a_number_is_looked_at_as_soon_as_it_is_given_back() -> None:
    asked: list[str] = []
    world = World(lambda key, _: asked.append(key))
    holding = tenant("seehof", had=True)
    for document in (holding, tenant("strand")):
        document["metadata"] |= {"uid": document["metadata"]["name"], "resourceVersion": "1", "generation": 1}
        world.tenant_event("", document)
    asked.clear()
    world.written({**holding, "metadata": {**holding["metadata"], "resourceVersion": "2"}, "status": {}})

    assert asked == ["strand/strand"]
