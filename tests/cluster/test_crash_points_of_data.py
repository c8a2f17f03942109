"""The operator stops dead after any of its calls while data is restored, or saved and erased: none is lost, and nothing
is restored over what guests have written since."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from concierge_operator.kinds import PODS, SECRETS, TENANTS, child
from concierge_operator.names import APPS, BACKGROUND, GENERATED_SECRET, Component
from concierge_operator.observe import condition
from concierge_operator.restores import RESTORE, RESTORED
from control_plane import ControlPlane
from history import Entry, History, history
from played_kubelet import ARCHIVED_KEYS
from running_operator import running_operator
from street import EVERYTHING, Street, numbered, wait_until
from sweep import PATIENT, calls_of, sweep

pytestmark = pytest.mark.timeout(600)  # of which the fixtures take nearly all
ARCHIVE = "20260503T033000Z"
KEPT = {
    "version": "1.0.0",
    "deletionPolicy": "Snapshot",
    "backup": {"enabled": True, "destination": "pvc:backups", "schedule": "30 3 * * *"},
}
LAST = "concierge-backup-final"
USES_DATA = {part.value for part in (*APPS, *BACKGROUND, Component.WEB, Component.MIGRATION)}


@dataclass(frozen=True)
class Restored:
    """What came of the sweep. `before` and `after`: the encryption keys by namespace. `astray`: what is in a hotel's
    namespace and not in the uncut one's, and the reverse."""

    street: Street
    whole: Street
    calls: int
    before: dict[str, str]
    after: dict[str, str]
    astray: dict[str, set[tuple[str, str]]]


@dataclass(frozen=True)
class Erased:
    """What came of the sweep, and what is left."""

    street: Street
    calls: int
    left: dict[str, list[tuple[str, str]]]


@pytest.fixture(scope="module")
def told(lone_plane: ControlPlane) -> Iterator[History]:
    """What became of everything that has to do with data."""
    kinds = ("Job", "StatefulSet", "PersistentVolumeClaim")
    with history(lone_plane, PODS, SECRETS, TENANTS, *map(child, kinds)) as made:
        yield made


@pytest.fixture(scope="module")
def restored(lone_plane: ControlPlane, told: History) -> Restored:
    """Hotels whose restore was cut off after 1, 2, 3 … calls, and brought to an end by another operator."""
    whole = _built(Street(lone_plane, ("whole",)))
    calls = calls_of(whole, lambda: _ask_for_restore(whole), lambda: _reopened(whole))
    street = _built(Street(lone_plane, numbered("data", range(1, calls + 1))))
    before = _keys(street)
    sweep(street, lambda: _ask_for_restore(street), lambda: _reopened(street), calls)
    return Restored(street, whole, calls, before, _keys(street), street.astray(whole))


@pytest.fixture(scope="module")
def erased(restored: Restored) -> Erased:
    """The same hotels, whose deletion was cut off as well; each makes a last backup before."""
    street, whole = restored.street, restored.whole
    calls = calls_of(whole, whole.demolish, whole.gone)
    sweep(street, street.demolish, street.gone, calls)
    kinds = f"{EVERYTHING},secrets,persistentvolumeclaims"
    wait_until(lambda: not any(street.objects(kinds).values()), 180, lambda: street.objects(kinds))
    return Erased(street, calls, street.objects(kinds))


def _built(street: Street) -> Street:
    with running_operator(street.plane.kubeconfig, **PATIENT):
        street.build(**KEPT)
        wait_until(street.all_ready, 120, street.tenants)
    return street


def _ask_for_restore(street: Street) -> None:
    street.plane.kubectl("annotate", "ct", "-A", "-l", f"street={street.namespaces[0]}", f"{RESTORE}={ARCHIVE}")


def _reopened(street: Street) -> set[str]:
    tenants = street.tenants()
    done = {name for name, one in tenants.items() if one["metadata"]["annotations"].get(RESTORED) == ARCHIVE}
    return done & street.ready()


def _keys(street: Street) -> dict[str, str]:
    found = json.loads(street.plane.kubectl("get", "secrets", "-A", "-o", "json"))["items"]
    return {
        one["metadata"]["namespace"]: base64.b64decode(one["data"]["encryption-keys"]).decode()
        for one in found
        if one["metadata"]["name"] == GENERATED_SECRET and one["metadata"]["namespace"] in street.namespaces
    }


def _is_restore(entry: Entry) -> bool:
    return "restore" in entry.name


def _over(entry: Entry) -> bool:
    return entry.gone or entry.live.get("status", {}).get("phase") in ("Succeeded", "Failed")


# --- a restore --------------------------------------------------------------------------------------------------------


def test_a_restore_cut_off_after_any_call_is_brought_to_its_end(restored: Restored) -> None:
    print(f"restore: {restored.calls} calls")

    assert restored.calls > 20
    assert restored.astray == {}


def test_no_key_is_lost_or_added_twice_when_a_restore_is_cut_off(restored: Restored) -> None:
    assert restored.after == {name: f"{own},{ARCHIVED_KEYS}" for name, own in restored.before.items()}


def test_nothing_is_restored_while_anything_uses_the_data(restored: Restored, told: History) -> None:
    for namespace in restored.street.namespaces:
        users, restores = set[str](), 0
        for entry in told.of(namespace, "Pod"):
            if entry.component in USES_DATA:
                (users.discard if _over(entry) else users.add)(entry.uid)
            elif _is_restore(entry) and not _over(entry):
                restores += 1
                assert not users, namespace
        assert restores


def test_a_restore_runs_once_and_so_does_the_migration_after_it(restored: Restored, told: History) -> None:
    def jobs(namespace: str, *, restores: bool) -> int:
        return len({one.uid for one in told.of(namespace, "Job") if _is_restore(one) is restores})

    assert [name for name in restored.street.namespaces if jobs(name, restores=True) != 1] == []
    assert {jobs(name, restores=False) for name in restored.street.namespaces} == {2}


# --- a deletion that saves first --------------------------------------------------------------------------------------


def test_a_last_backup_cut_off_after_any_call_is_made_once_and_nothing_is_left(erased: Erased, told: History) -> None:
    print(f"deletion with a last backup: {erased.calls} calls")

    assert erased.calls > 5
    assert not any(erased.left.values())
    for namespace in erased.street.namespaces:
        assert len({one.uid for one in told.of(namespace, "Job") if one.name == LAST}) == 1
        assert len({one.uid for one in told.of(namespace, "Pod") if one.name.startswith(LAST)}) == 1


def test_nothing_is_erased_before_the_last_backup_has_succeeded(erased: Erased, told: History) -> None:
    for namespace in erased.street.namespaces:
        data = told.of(namespace, "Secret", "PersistentVolumeClaim", "StatefulSet", "ConciergeTenant")
        gone = [one for one in data if (one.gone if one.kind == "ConciergeTenant" else one.goes)]
        saved = next(
            one.moment for one in told.of(namespace, "Job") if one.name == LAST and condition(one.live, "Complete")
        )

        assert {one.kind for one in gone} == {"Secret", "PersistentVolumeClaim", "StatefulSet", "ConciergeTenant"}
        assert min(one.moment for one in gone) > saved, namespace
