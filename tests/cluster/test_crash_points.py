"""The operator stops dead after any of its calls and another takes over: all ends well, and nothing ran twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from control_plane import ControlPlane
from killed_operators import KilledOperators
from migrations_seen import MigrationsSeen, migrations_seen
from street import EVERYTHING, Street, numbered, wait_until
from sweep import calls_of, sweep

pytestmark = pytest.mark.timeout(600)  # of which the fixtures take nearly all
_V1 = {"version": "1.0.0", "deletionPolicy": "Delete"}
_V2 = {"version": "1.1.0", "deletionPolicy": "Delete"}


@dataclass(frozen=True)
class Swept:
    """What came of a sweep. `astray`: what is in a hotel's namespace and not in the uncut one's, and the reverse."""

    street: Street
    calls: int
    astray: dict[str, set[tuple[str, str]]]
    versions: set[str]
    twice: list[tuple[str, str]]


@pytest.fixture(scope="module")
def migrations(lone_plane: ControlPlane) -> Iterator[MigrationsSeen]:
    """Every migration that ran."""
    with migrations_seen(lone_plane) as seen:
        yield seen


@pytest.fixture(scope="module")
def created(lone_plane: ControlPlane, migrations: MigrationsSeen) -> Swept:
    """Hotels whose creation was cut off after 1, 2, 3 … calls, and brought to an end by another operator."""
    one = Street(lone_plane, ("uncut",))
    calls = calls_of(one, lambda: one.build(**_V1), one.ready)
    street = Street(lone_plane, numbered("cut", range(1, calls + 1)))
    sweep(street, lambda: street.build(**_V1), street.ready, calls)
    return _compared(street, calls, migrations)


@pytest.fixture(scope="module")
def upgraded(lone_plane: ControlPlane, created: Swept, migrations: MigrationsSeen) -> Swept:
    """The same hotels, whose change to another version was cut off as well."""
    one = Street(lone_plane, ("uncut",))
    calls = calls_of(one, lambda: one.edit(**_V2), one.ready)
    sweep(created.street, lambda: created.street.edit(**_V2), created.street.ready, calls)
    return _compared(created.street, calls, migrations)


@pytest.fixture(scope="module")
def deleted(lone_plane: ControlPlane, upgraded: Swept, migrations: MigrationsSeen) -> Swept:
    """The same hotels, taken away."""
    one, street = Street(lone_plane, ("uncut",)), upgraded.street
    calls = calls_of(one, one.demolish, one.gone)
    sweep(street, street.demolish, street.gone, calls)
    kinds = f"{EVERYTHING},secrets,persistentvolumeclaims"
    wait_until(lambda: not any(street.objects(kinds).values()), 180, lambda: street.objects(kinds))
    left = {name: set(found) for name, found in street.objects(kinds).items()}
    return Swept(street, calls, left, set(), migrations.twice())


def _compared(street: Street, calls: int, migrations: MigrationsSeen) -> Swept:
    astray = street.astray(Street(street.plane, ("uncut",)))
    return Swept(street, calls, astray, street.versions(), migrations.twice())


def test_a_creation_cut_off_after_any_call_is_brought_to_its_end(created: Swept) -> None:
    print(f"creation: {created.calls} calls")

    assert created.calls > 25
    assert created.astray == {}
    assert created.versions == {"1.0.0"}
    assert created.twice == []


def test_a_change_of_version_cut_off_after_any_call_is_brought_to_its_end(upgraded: Swept) -> None:
    print(f"change of version: {upgraded.calls} calls")

    assert upgraded.calls > 5
    assert upgraded.astray == {}
    assert upgraded.versions == {"1.1.0"}
    assert upgraded.twice == []


def test_a_deletion_cut_off_after_any_call_leaves_nothing(deleted: Swept) -> None:
    print(f"deletion: {deleted.calls} calls")

    assert deleted.calls > 1
    assert not any(deleted.astray.values())
    assert deleted.twice == []


def test_processes_that_are_killed_ten_times_bring_it_all_to_its_end(
    lone_plane: ControlPlane, migrations: MigrationsSeen, tmp_path: Path
) -> None:
    street = Street(lone_plane, numbered("killed", range(3)))

    with ExitStack() as stack:
        operators = KilledOperators(lone_plane, tmp_path, stack)
        for deed, kills in (
            (lambda: street.build(**_V1), (3, 17, 29, 40)),
            (lambda: street.edit(**_V2), (2, 5, 9)),
            (lambda: street.edit(version="1.2.0", deletionPolicy="Delete"), (1, 7)),
        ):
            deed()
            for writes in kills:
                operators.kill_after(writes)
            wait_until(street.all_ready, 90, street.tenants)
        assert street.versions() == {"1.2.0"}
        street.demolish()
        operators.kill_after(2)
        wait_until(lambda: not street.tenants(), 60, street.tenants)

    kinds = f"{EVERYTHING},secrets,persistentvolumeclaims"
    wait_until(lambda: not any(street.objects(kinds).values()), 180, lambda: street.objects(kinds))
    assert migrations.twice() == []
    assert {migrations.of(name) for name in street.namespaces} == {3}
