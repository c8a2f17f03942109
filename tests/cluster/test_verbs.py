"""The command line of people who run the operator, at a real API server."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from control_plane import ControlPlane
from hotel import Hotel

Concierge = Callable[..., subprocess.CompletedProcess[str]]

PLAYED_CLASS: dict[str, Any] = {
    "apiVersion": "storage.k8s.io/v1",
    "kind": "StorageClass",
    "metadata": {"name": "played"},
    "provisioner": "concierge.hotel/played",
}


def test_explain_says_that_a_tenant_is_ready_what_was_added_and_where_values_come_from(
    hotel: Hotel, concierge: Concierge
) -> None:
    hotel.apply(profile="compact").is_ready()
    hotel.kubectl("annotate", "deployment", "concierge-web", "team=night", "--field-manager=night-shift")

    told = concierge("explain", hotel.name, "-n", hotel.namespace)

    assert told.returncode == 0, told.stderr
    assert "Pension Lindenhof" in told.stdout
    assert "is Ready" in told.stdout
    assert "night-shift added to Deployment concierge-web: metadata.annotations.team" in told.stdout
    assert "values that are not built in are the tenant's own" in told.stdout


def test_explain_says_in_a_sentence_why_a_tenant_is_not_ready(hotel: Hotel, concierge: Concierge) -> None:
    hotel.apply(profile="compact", ai={"keySecret": {"name": "gemini", "key": "key"}}).stalls("SecretMissing")

    told = concierge("explain", hotel.name, "-n", hotel.namespace)

    assert told.returncode == 1
    assert f"Secret {hotel.namespace}/gemini does not exist. Create it" in told.stdout


def test_diff_says_that_nothing_would_change_and_what_an_upgrade_would(hotel: Hotel, concierge: Concierge) -> None:
    hotel.apply(profile="compact", version="1.0.0").is_ready()
    same = concierge("diff", hotel.name, "-n", hotel.namespace)
    assert same.returncode == 0, same.stdout + same.stderr
    assert "nothing would change" in same.stdout

    other = concierge("diff", hotel.name, "-n", hotel.namespace, "--to-version", "1.1.0")
    assert other.returncode == 1
    assert "the database is migrated for 1.1.0 first" in other.stdout
    assert "Pods that are replaced: concierge-web" in other.stdout
    assert hotel.status["version"] == "1.0.0"


def test_diff_tells_what_would_be_taken_away(hotel: Hotel, concierge: Concierge) -> None:
    hotel.apply().is_ready()
    once = {"minReplicas": 1, "maxReplicas": 1}
    hotel.edit(autoscaling={"chat": once}, ai={"keySecret": {"name": "gemini", "key": "key"}})
    hotel.stalls("SecretMissing")  # so nothing is taken away yet
    told = concierge("diff", hotel.name, "-n", hotel.namespace).stdout

    assert "HorizontalPodAutoscaler concierge-chat: would be taken away" in told
    assert "concierge-admin: would be taken away" not in told


def test_suspend_closes_a_house_and_wake_opens_it(hotel: Hotel, concierge: Concierge) -> None:
    hotel.apply(profile="compact").is_ready()

    assert concierge("suspend", hotel.name, "-n", hotel.namespace, "--reopens-on", "2027-04-01").returncode == 0
    hotel.wait(lambda: hotel.condition("Suspended").get("status") == "True")
    assert concierge("wake", hotel.name, "-n", hotel.namespace).returncode == 0
    hotel.wait(lambda: hotel.condition("Suspended").get("status") == "False")
    hotel.is_ready()


def test_a_name_that_is_not_there_is_told_kindly(namespace: str, concierge: Concierge) -> None:
    told = concierge("explain", "nowhere", "-n", namespace)
    assert told.returncode == 1
    assert "kubectl get ct -A" in told.stderr


def test_a_backup_is_made_at_once_and_a_restore_is_followed_to_its_end(hotel: Hotel, concierge: Concierge) -> None:
    _with_backups(hotel)

    made = concierge("backup", hotel.name, "-n", hotel.namespace)
    assert made.returncode == 0, made.stdout + made.stderr
    assert "The backup is made." in made.stdout

    told = concierge("restore", hotel.name, "-n", hotel.namespace, "--from", "latest", "--yes", "--no-backup")
    assert told.returncode == 0, told.stdout + told.stderr
    assert "The data is restored, and the house is open." in told.stdout


def test_a_restore_goes_on_from_one_that_was_in_the_way(hotel: Hotel, concierge: Concierge) -> None:
    _with_backups(hotel)
    hotel.kubectl("annotate", "ct", hotel.name, "concierge.hotel/restore=yesterday")
    hotel.stalls("NoSuchArchive")

    told = concierge("restore", hotel.name, "-n", hotel.namespace, "--from", "latest", "--yes", "--no-backup")

    assert told.returncode == 0, told.stdout + told.stderr
    assert "yesterday" not in told.stdout


def test_a_restore_that_nobody_can_be_asked_about_changes_nothing(hotel: Hotel, concierge: Concierge) -> None:
    _with_backups(hotel)

    told = concierge("restore", hotel.name, "-n", hotel.namespace, "--from", "latest", "--no-backup")

    assert (told.returncode, told.stderr) == (1, "")
    assert "Nothing was changed." in told.stdout


def test_a_backup_that_does_not_begin_says_why_meanwhile(hotel: Hotel, plane: ControlPlane) -> None:
    hotel.apply(profile="compact", backup={"enabled": True, "destination": "pvc:backups"}, version="1.0.0").is_ready()
    hotel.edit(version="1.0.1-unpullable")
    command = [sys.executable, "-u", "-m", "concierge_cli.main", "backup", hotel.name, "-n", hotel.namespace]

    with subprocess.Popen([*command, "--kubeconfig", str(plane.kubeconfig)], stdout=subprocess.PIPE, text=True) as made:
        assert made.stdout is not None
        said = [made.stdout.readline(), made.stdout.readline()]
        made.terminate()

    assert "the image can't be fetched" in said[1], said


def test_a_restore_that_nobody_agreed_to_changes_nothing(hotel: Hotel, concierge: Concierge) -> None:
    hotel.apply(profile="compact").is_ready()
    assert concierge("restore", hotel.name, "-n", hotel.namespace, "--from", "tuesday", "--yes").returncode == 1
    assert "annotations" not in hotel.list("ct")[0]["metadata"] or "restore" not in str(
        hotel.list("ct")[0]["metadata"]["annotations"]
    )


def test_cleanup_says_what_a_deleted_tenant_left_and_takes_it_away(hotel: Hotel, concierge: Concierge) -> None:
    hotel.apply(profile="compact").is_ready()
    assert concierge("cleanup", "-n", hotel.namespace, "--yes").returncode == 1

    hotel.kubectl("delete", "ct", "--all")
    hotel.wait(lambda: not hotel.list("pods") and not hotel.list("deployments"))
    told = concierge("cleanup", "-n", hotel.namespace)
    assert "Secret concierge-generated would be deleted." in told.stdout
    assert "PersistentVolumeClaim data-concierge-postgres-0 would be deleted." in told.stdout
    assert hotel.list("secrets")

    assert concierge("cleanup", "-n", hotel.namespace, "--yes").returncode == 0
    hotel.wait(lambda: not hotel.list("secrets") and not hotel.list("pvc"))


def test_a_restore_without_a_terminal_to_ask_at_changes_nothing_and_says_so(hotel: Hotel, concierge: Concierge) -> None:
    hotel.apply(profile="compact", backup={"destination": "pvc:backups"}).is_ready()

    told = concierge("restore", hotel.name, "-n", hotel.namespace, "--from", "latest")

    assert told.returncode == 1
    assert "Nothing was changed" in told.stdout
    assert "--yes" in told.stdout
    assert told.stderr == ""


def elsewhere(plane: ControlPlane, folder: Path, **changed: str) -> Path:
    """The kubeconfig with another server, or another user's token."""
    whole = yaml.safe_load(plane.kubeconfig.read_text(encoding="utf-8"))
    if "server" in changed:
        whole["clusters"][0]["cluster"]["server"] = changed["server"]
    if "token" in changed:
        whole["users"][0]["user"] = {"token": changed["token"]}
    made = folder / "kubeconfig"
    made.write_text(yaml.safe_dump(whole), encoding="utf-8")
    return made


def explain(kubeconfig: Path) -> subprocess.CompletedProcess[str]:
    """What `concierge explain` says there."""
    command = [sys.executable, "-m", "concierge_cli.main", "explain", "--kubeconfig", str(kubeconfig)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_a_cluster_that_does_not_answer_is_told_with_its_address_and_what_to_try(
    plane: ControlPlane, tmp_path: Path
) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"https://127.0.0.1:{nobody.getsockname()[1]}"
        told = explain(elsewhere(plane, tmp_path, server=address))

    assert told.returncode == 1
    assert f"{address} gives no answer" in told.stderr
    assert "kubectl cluster-info" in told.stderr


def test_a_cluster_that_does_not_know_who_asks_is_told_so(plane: ControlPlane, tmp_path: Path) -> None:
    told = explain(elsewhere(plane, tmp_path, token="of-yesterday"))

    assert told.returncode == 1
    assert "does not know who you are" in told.stderr
    assert "kubectl auth whoami" in told.stderr


def test_who_has_rights_in_one_namespace_only_may_ask_close_and_open_the_hotel_in_it(
    plane: ControlPlane, hotel: Hotel, tmp_path: Path
) -> None:
    hotel.apply(profile="compact").is_ready()
    hotel.kubectl("create", "serviceaccount", "night-manager")
    hotel.kubectl("create", "rolebinding", "night-manager", "--clusterrole=admin", _account(hotel))
    hotel.kubectl("create", "role", "hotels", "--resource=conciergetenants.concierge.hotel", "--verb=get,list,patch")
    hotel.kubectl("create", "rolebinding", "hotels", "--role=hotels", _account(hotel))
    token = hotel.kubectl("create", "token", "night-manager").strip()
    kubeconfig = elsewhere(plane, tmp_path, token=token)

    for verb in (["explain"], ["suspend"], ["wake"]):
        command = [sys.executable, "-m", "concierge_cli.main", *verb, hotel.name, "-n", hotel.namespace]
        told = subprocess.run(
            [*command, "--kubeconfig", str(kubeconfig)], capture_output=True, text=True, check=False, timeout=60
        )
        assert told.returncode == 0, told.stderr


def _account(hotel: Hotel) -> str:
    return f"--serviceaccount={hotel.namespace}:night-manager"


def _with_backups(hotel: Hotel) -> None:
    """Ready. A claim of a class waits for its volume; one of none would be told as stalled until its pod is played."""
    hotel.plane.apply(PLAYED_CLASS)
    backup, storage = {"enabled": True, "destination": "pvc:backups"}, {"className": PLAYED_CLASS["metadata"]["name"]}
    hotel.apply(profile="compact", backup=backup, storage=storage).is_ready()
