"""Two tenants that name the same number: it leads to one of them, and does not change hands by itself."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from concierge_core.tenant.model import ConciergeTenant
from concierge_operator.number_claims import Claim, claim_of, led_elsewhere
from concierge_operator.number_verdict import taken
from concierge_operator.observe import State, Verdict
from concierge_operator.preparing import status_of
from concierge_operator.world import World
from rendered import context

NUMBER = "+493839312345"
ACCOUNT, OTHER_ACCOUNT = "AC" + "1" * 32, "AC" + "2" * 32
KEY, OTHER = (ACCOUNT, NUMBER), (OTHER_ACCOUNT, NUMBER)
SECRET = {"name": "twilio", "key": "auth-token"}
STUCK = Verdict(State.FAILED, "NamespaceTaken", "somebody else is here")


def tenant(
    name: str, created: int = 1, *, holds: bool = False, leaving: bool = False, account: str = ACCOUNT, **spec: Any
) -> dict[str, Any]:
    house = {
        "code": name,
        "name": name.title(),
        "address": {"street": "Uferweg 1", "city": "Binz", "country": "DE"},
        "timezone": "Europe/Berlin",
    }
    voice = {"enabled": True, "twilio": {"accountSid": account, "authTokenSecret": SECRET, "number": NUMBER}}
    remembered = {"number": NUMBER, "accountSid": account, "secret": SECRET}
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
        "status": {"numbers": [remembered]} if holds else {},
    }


def claim(document: dict[str, Any]) -> Claim:
    return claim_of(document, context(ConciergeTenant.model_validate(document)), status_of(document))


def stuck(document: dict[str, Any]) -> Claim:
    return claim_of(document, STUCK, status_of(document))


def holder(*claims: Claim) -> set[str]:
    """Who has the number, as each that wants it sees it."""
    seen = [(led_elsewhere(one, claims).get(KEY), one.key) for one in claims if KEY in one.wanted]
    return {(rival.key if rival else key).split("/")[1] for rival, key in seen}


def test_the_oldest_tenant_has_a_number_that_two_name() -> None:
    assert holder(claim(tenant("seehof", 2)), claim(tenant("strand", 1)), claim(tenant("wald", 3))) == {"strand"}


def test_a_number_stays_with_the_tenant_that_holds_it_from_the_first_note_on() -> None:
    assert holder(claim(tenant("older", 1)), claim(tenant("younger", 2, holds=True))) == {"younger"}


def test_what_is_being_given_back_is_waited_for() -> None:
    closed, silent = {"suspend": {"active": True}}, {"voice": {"enabled": False}}

    for gone in ({"leaving": True}, closed, silent):
        waiting = claim(tenant("strand", 2))
        assert holder(claim(tenant("seehof", 1, holds=True, **gone)), waiting) == {"seehof"}
        assert holder(claim(tenant("seehof", 1, **gone)), waiting) == {"strand"}


def test_a_tenant_that_can_never_have_the_number_does_not_keep_it_from_others() -> None:
    waiting = claim(tenant("strand", 2))

    assert holder(claim(tenant("seehof", 1, account=OTHER_ACCOUNT)), waiting) == {"strand"}
    assert holder(claim(tenant("seehof", 1, host=None)), waiting) == {"strand"}
    assert holder(stuck(tenant("seehof", 1)), waiting) == {"strand"}


def test_a_tenant_that_is_stuck_keeps_the_number_that_leads_to_it() -> None:
    assert holder(stuck(tenant("seehof", 2, holds=True)), claim(tenant("strand", 1))) == {"seehof"}


def test_of_two_that_nobody_holds_the_one_that_twilio_would_let_have_it_comes_first() -> None:
    refused = tenant("seehof", 1)
    told = {"type": "VoiceNumberConfigured", "status": "False", "reason": "SecretMissing", "message": ""}
    refused["status"] = {"conditions": [{**told, "lastTransitionTime": "2026-11-26T08:00:00Z"}]}

    assert holder(claim(refused), claim(tenant("strand", 2))) == {"strand"}


def test_what_is_said_of_the_other_is_true() -> None:
    mine = claim(tenant("strand", 2))

    def said(other: Claim) -> str:
        return taken(NUMBER, led_elsewhere(mine, [other])[KEY]).message

    assert "leads to the tenant seehof/seehof" in said(claim(tenant("seehof", holds=True)))
    assert "leads to the tenant seehof/seehof" in said(stuck(tenant("seehof", holds=True)))
    assert "is wanted too, and first, by the tenant seehof/seehof" in said(claim(tenant("seehof", 1)))
    assert "is still being given back by the tenant seehof/seehof" in said(
        claim(tenant("seehof", holds=True, leaving=True))
    )


CLAIMS = st.builds(
    Claim,
    key=st.sampled_from([f"n{i}/t" for i in range(6)]),
    created=st.sampled_from(["1", "2", "3"]),
    wanted=st.frozensets(st.sampled_from([KEY, OTHER])),
    held=st.frozensets(st.sampled_from([KEY, OTHER])),
    stuck=st.booleans(),
)


@given(st.lists(CLAIMS, min_size=1, max_size=6, unique_by=lambda claim: claim.key))
def test_all_agree_on_one_holder_of_each_number(claims: list[Claim]) -> None:
    for number in (KEY, OTHER):
        rivals = [(led_elsewhere(one, claims).get(number), one.key) for one in claims if number in one.wanted]
        assert len({rival.key if rival else key for rival, key in rivals}) <= 1


def test_whoever_waits_for_a_number_is_looked_at_as_soon_as_it_is_given_back() -> None:
    asked: list[str] = []
    world = World(lambda key, _: asked.append(key))
    holding = tenant("seehof", holds=True)
    for document in (holding, tenant("strand")):
        document["metadata"] |= {"uid": document["metadata"]["name"], "resourceVersion": "1", "generation": 1}
        world.tenant_event("", document)
    asked.clear()
    world.written({**holding, "metadata": {**holding["metadata"], "resourceVersion": "2"}, "status": {}})

    assert asked == ["strand/strand"]
