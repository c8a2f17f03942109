"""From what was seen to what is told: database, migration, apps, the way in."""

from __future__ import annotations

from typing import Any

import pytest

from concierge_operator import findings
from concierge_operator.observe import READY, State, Verdict
from concierge_operator.render.context import Context
from concierge_operator.render.migration import migration_name
from concierge_operator.sightings import Place, Sighting
from concierge_operator.status_model import Migration
from rendered import UID, context, small_tenant

ROLLING = Verdict(State.PROGRESSING, "RollingOut", "half of it")
CRASHED = Verdict(State.FAILED, "Crashing", "all of it")
GATEWAYS = frozenset({"HTTPRoute.gateway.networking.k8s.io"})


def house(offered: frozenset[str] = GATEWAYS, **spec: Any) -> Context:
    return context(small_tenant(**spec), offered=offered)


def seen(tenant_uid: str = UID, **verdicts: Verdict) -> dict[Place, Sighting]:
    return {
        (kind, name.replace("_", "-")): Sighting("a", 1, "fields", tenant_uid, deleting=False, verdict=verdict)
        for place, verdict in verdicts.items()
        for kind, _, name in [place.partition("__")]
    }


def test_what_failed_is_told_before_what_is_only_slow() -> None:
    assert findings.worst([READY, ROLLING, CRASHED]) is CRASHED
    assert findings.worst([READY, ROLLING]) is ROLLING
    assert findings.worst([READY]) is READY
    assert findings.worst([]) is READY


def test_a_database_is_ready_when_all_its_parts_are() -> None:
    ctx = house()
    parts = {"StatefulSet__concierge_postgres": READY, "StatefulSet__concierge_redis": ROLLING}

    assert findings.data_ready(ctx, seen(**parts)) is ROLLING
    assert findings.data_ready(ctx, seen(**dict.fromkeys(parts, READY))) is READY
    assert findings.data_ready(ctx, {}).reason == "NotThereYet"


def test_a_migration_that_was_recorded_needs_no_job_any_more() -> None:
    ctx = house()
    done = Migration(version=ctx.version, job=migration_name(ctx), succeeded=True)

    assert findings.migration_state(ctx, done, {}) is READY


def test_a_migration_on_its_way_says_what_it_is_for() -> None:
    ctx = house()
    at_work = Verdict(State.PROGRESSING, "JobRunning", "the Job is at work")
    job = {("Job", migration_name(ctx)): Sighting("a", 1, "fields", UID, deleting=False, verdict=at_work)}

    told = findings.migration_state(ctx, None, job)

    assert told is not None
    assert told.message == f"The database is made ready for version {ctx.version} (Job {migration_name(ctx)})."


def test_a_migration_of_another_version_does_not_count() -> None:
    ctx = house()
    done = Migration(version="0.9.0", job="concierge-migrate-before", succeeded=True)

    assert findings.migration_state(ctx, done, {}) is None


def test_a_migration_that_runs_or_failed_says_so() -> None:
    ctx = house()
    job = {("Job", migration_name(ctx)): Sighting("a", 1, "f", UID, deleting=False, verdict=CRASHED)}

    assert findings.migration_state(ctx, None, job) is CRASHED


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({}, None),
        ({"host": "hotel.example"}, None),
        ({"host": "hotel.example", "gateway": {"name": "public"}}, "NotThereYet"),
        ({"host": "hotel.example", "gateway": {"ingressClass": "nginx"}}, "NotThereYet"),
    ],
)
def test_the_way_in_is_told_where_it_is_of_our_making(spec: dict[str, Any], reason: str | None) -> None:
    found = findings.route_ready(house(**spec), {})

    assert (found.reason if found is not None else None) == reason


def test_a_cluster_without_gateway_api_says_what_can_be_done() -> None:
    ctx = house(frozenset(), host="hotel.example", gateway={"name": "public"})

    found = findings.route_ready(ctx, {})

    assert found is not None
    assert (found.state, found.reason) == (State.FAILED, "GatewayApiMissing")


def test_a_closed_house_is_only_its_page() -> None:
    ctx = house(suspend={"active": True})

    assert set(findings.details(ctx, {})) == {"AppsReady"}
    assert findings.endpoints(ctx).staff is None


def test_what_an_earlier_tenant_of_the_same_name_has_left_says_nothing_of_this_one() -> None:
    ctx = house()
    parts = dict.fromkeys(("StatefulSet__concierge_postgres", "StatefulSet__concierge_redis"), READY)
    job = {("Job", migration_name(ctx)): Sighting("a", 1, "f", "of-before", deleting=False, verdict=READY)}

    assert findings.migration_state(ctx, None, job) is None
    assert findings.data_ready(ctx, seen("of-before", **parts)).reason == "NotThereYet"


def test_without_a_host_each_address_is_that_of_the_service_that_answers_there() -> None:
    found = findings.endpoints(house())

    assert found.guest == "http://concierge-chat.house:8080/"
    assert found.staff == "http://concierge-admin.house:8080/admin/"


def test_where_apps_share_pods_guests_and_staff_share_an_address() -> None:
    found = findings.endpoints(house(profile="compact"))

    assert found.guest == "http://concierge-web.house:8080/"
    assert found.staff == "http://concierge-web.house:8080/admin/"


def test_a_host_is_the_address_of_everything() -> None:
    assert findings.endpoints(house(host="seehof.example")).staff == "https://seehof.example/admin/"
