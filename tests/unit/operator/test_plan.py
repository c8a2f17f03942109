"""What is done about each object: nothing where nothing changed, never a foreign one, leftovers at the right time."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from concierge_operator import names
from concierge_operator.inventory import Note, inventory_of, written
from concierge_operator.plan import Deed, kept, leftovers, place_of, steps
from concierge_operator.sightings import Sighting

OURS = "tenant-uid"
KINDS = ("ConfigMap", "Service", "Deployment", "Job", "NetworkPolicy")


def manifest(kind: str = "Service", name: str = "concierge-chat", **spec: Any) -> dict[str, Any]:
    return {"kind": kind, "metadata": {"name": name}, "spec": spec}


def seen(**other: Any) -> Sighting:
    plain = {"uid": "a", "version": 1, "owned": "fields", "tenant_uid": OURS, "deleting": False, "verdict": None}
    return Sighting(**{**plain, **other})


def noted(made: dict[str, Any], owned: str = "fields", hash_: str | None = None) -> Note:
    return Note(hash_ or names.fingerprint(made), owned)


def deed(live: Sighting | None, entry: Note | None) -> Deed:
    made = manifest()
    place = place_of(made)
    found = steps([made], {place: entry} if entry else {}, {place: live} if live else {}, OURS)
    return found[0].deed


def test_what_is_as_it_was_made_costs_no_request() -> None:
    assert deed(seen(), noted(manifest())) is Deed.NOTHING


def test_what_is_not_known_is_made() -> None:
    assert deed(None, None) is Deed.MAKE
    assert deed(None, noted(manifest())) is Deed.MAKE


def test_what_is_rendered_in_another_way_is_applied() -> None:
    assert deed(seen(), noted(manifest(), hash_="another")) is Deed.APPLY


def test_what_was_made_before_a_crash_and_never_noted_is_applied_again() -> None:
    assert deed(seen(), None) is Deed.APPLY


def test_what_somebody_changed_is_mended() -> None:
    assert deed(seen(owned="fewer"), noted(manifest())) is Deed.MEND


def test_what_is_on_its_way_out_is_waited_for() -> None:
    assert deed(seen(deleting=True), noted(manifest())) is Deed.WAIT


def test_what_an_earlier_tenant_of_the_name_left_is_waited_for() -> None:
    assert deed(seen(tenant_uid="earlier"), None) is Deed.WAIT


def test_what_is_somebody_elses_is_refused() -> None:
    assert deed(seen(tenant_uid="", owned=""), None) is Deed.REFUSE
    assert deed(seen(tenant_uid="forged", owned=""), None) is Deed.REFUSE


def test_leftovers_that_old_pods_may_need_wait_until_all_is_settled() -> None:
    there = {("ConfigMap", "old"): seen(), ("Service", "old"): seen(uid="b"), ("Job", "old"): seen(uid="c")}

    assert [place for place, _ in leftovers([], there, OURS, settled=False)] == [("Service", "old")]
    assert len(leftovers([], there, OURS, settled=True)) == 3


places = st.tuples(st.sampled_from(KINDS), st.sampled_from(["a", "b", "c", "d"]))
sightings = st.builds(
    seen,
    owned=st.sampled_from(["", "fields", "fewer"]),
    tenant_uid=st.sampled_from(["", OURS, "another"]),
    deleting=st.booleans(),
)


@settings(deadline=None)
@given(st.dictionaries(places, sightings), st.sets(places), st.booleans())
def test_nothing_is_ever_taken_away_that_is_wanted_or_not_ours(
    there: dict[tuple[str, str], Sighting], wanted: set[tuple[str, str]], settled: bool
) -> None:
    taken = leftovers([manifest(*place) for place in wanted], there, OURS, settled=settled)

    for place, live in taken:
        assert place not in wanted
        assert live.tenant_uid == OURS
        assert live.owned
        assert not live.deleting


@settings(deadline=None)
@given(st.dictionaries(places, sightings), st.sets(places, min_size=1))
def test_nothing_of_others_is_ever_written_to(
    there: dict[tuple[str, str], Sighting], wanted: set[tuple[str, str]]
) -> None:
    for step in steps([manifest(*place) for place in wanted], {}, there, OURS):
        live = there.get(step.place)
        if step.deed in (Deed.APPLY, Deed.MEND):
            assert live is not None
            assert live.tenant_uid == OURS
        assert step.deed is not Deed.NOTHING  # nothing was noted: it can't be known to be right


@settings(deadline=None)
@given(st.dictionaries(places, sightings), st.sets(places))
def test_after_everything_is_done_there_is_nothing_left_to_do(
    there: dict[tuple[str, str], Sighting], wanted: set[tuple[str, str]]
) -> None:
    manifests = [manifest(*place) for place in sorted(wanted)]
    inventory = {place_of(made): noted(made) for made in manifests}
    done = {
        place: live
        for place, live in there.items()
        if place not in dict(leftovers(manifests, there, OURS, settled=True))
    }
    done |= {place: seen() for place in wanted}

    assert all(step.deed is Deed.NOTHING for step in steps(manifests, inventory, done, OURS))
    assert leftovers(manifests, done, OURS, settled=True) == []


def test_what_is_noted_is_read_back_from_the_status() -> None:
    inventory = {
        ("Deployment", "concierge-chat"): Note("0123456789", "abcdef0123"),
        ("Job", "x"): Note("0123456789", ""),
    }
    assert written(inventory) == ["Deployment/concierge-chat 0123456789 abcdef0123", "Job/x 0123456789 -"]
    assert inventory_of(written(inventory)) == inventory


def test_of_what_is_no_longer_rendered_no_note_is_kept() -> None:
    made = [manifest("ConfigMap", f"config-{number}") for number in range(200)]
    inventory = {place_of(one): noted(one) for one in made}

    assert list(kept(inventory, made[-2:])) == [place_of(one) for one in made[-2:]]
