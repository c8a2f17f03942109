"""The node is what the product's tests take it for: pods run confined, Services answer by name, volumes keep."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from concierge_operator.render.placing import bare_pod, hardened
from node import images
from node.one_node import OneNode

# The first test of a run waits for the node.
pytestmark = pytest.mark.timeout(300)
_NUMBERS = itertools.count(1)
SERVE = ["python", "-m", "http.server", "8080", "--directory", "/etc"]
TMP = {"name": "tmp", "mountPath": "/tmp"}


def pod(image: str, command: list[str] | None, *, account: int = 65532, **container: Any) -> dict[str, Any]:
    """Confined as the operator confines its pods."""
    bare = bare_pod() | {"terminationGracePeriodSeconds": 1}
    bare["serviceAccountName"] = "default"
    bare["securityContext"] |= {"runAsUser": account, "runAsGroup": account, "fsGroup": account}
    described = {"name": "main", "image": image, "securityContext": hardened(), **container}
    if command:
        described["command"] = command
    return bare | {"containers": [described], "volumes": [{"name": "tmp", "emptyDir": {}}]}


def deployment(space: str, name: str, replicas: int, template: dict[str, Any], labels: dict[str, str]) -> Any:
    spec = {
        "replicas": replicas,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": template},
    }
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": space}, "spec": spec}


def service(space: str, name: str, port: int, labels: dict[str, str]) -> Any:
    spec = {"selector": labels, "ports": [{"port": port}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": space}, "spec": spec}


def claim(space: str, name: str) -> Any:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    metadata = {"name": name, "namespace": space}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec}


def run(node: OneNode, space: str, name: str, template: dict[str, Any]) -> str:
    """Run a pod to its end; what it printed."""
    metadata = {"name": name, "namespace": space}
    spec = template | {"restartPolicy": "Never"}
    node.plane.apply({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
    node.plane.kubectl("wait", "-n", space, f"pod/{name}", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=60s")
    return node.plane.kubectl("logs", "-n", space, name)


@pytest.fixture
def space(node: OneNode) -> Iterator[str]:
    """A namespace of the test's own, removed with all that is in it; nobody waits for that."""
    name = f"bench-{next(_NUMBERS)}"
    node.plane.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    yield name
    node.plane.kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture
def served(node: OneNode, space: str) -> str:
    """Two pods of the apps' image behind a Service of the name "web"."""
    labels = {"app": "web"}
    ready = {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1}
    template = pod(images.APPS.reference, SERVE, readinessProbe=ready, volumeMounts=[TMP])
    node.plane.apply(deployment(space, "web", 2, template, labels), service(space, "web", 8080, labels))
    node.plane.kubectl("rollout", "status", "-n", space, "deployment/web", "--timeout=60s")
    return space


# A Service knows a ready pod before the node's own rules and names do: ask until both were heard, at most 40 s. From
# then on no request may fail.
ASK_UNTIL_BOTH_ANSWERED = """
import sys, time, urllib.request
ask = lambda: urllib.request.urlopen(sys.argv[1], timeout=2).read().decode().strip()
names, troubles, last = set(), set(), time.monotonic() + 40
while len(names) < 2 and time.monotonic() < last:
    try:
        names.add(ask())
    except OSError as error:
        troubles.add(str(error))
        time.sleep(0.1)
print(*names if len(names) == 2 else [names, troubles], *(ask() for _ in range(20)))
"""


def test_two_confined_pods_answer_behind_the_name_of_their_service(node: OneNode, served: str):
    asks = ["python", "-c", ASK_UNTIL_BOTH_ANSWERED, f"http://web.{served}:8080/hostname"]

    names = set(run(node, served, "asks", pod(images.APPS.reference, asks)).split())

    assert len(names) == 2, names
    assert all(name.startswith("web-") for name in names)


def test_nobody_may_write_where_no_volume_is(node: OneNode, served: str):
    said = node.plane.kubectl("exec", "-n", served, "deployment/web", "--", "touch", "/opt/x", check=False)

    assert "Read-only file system" in said
    assert node.plane.kubectl("exec", "-n", served, "deployment/web", "--", "id", "-u").strip() == "65532"


def test_a_volume_keeps_what_a_pod_wrote_for_the_next_pod(node: OneNode, space: str):
    node.plane.apply(claim(space, "kept"))
    mount = {"volumeMounts": [{"name": "kept", "mountPath": "/kept"}]}
    volume = {"name": "kept", "persistentVolumeClaim": {"claimName": "kept"}}

    for name, command in (("writes", "echo hello > /kept/said"), ("reads", "cat /kept/said")):
        template = pod(images.APPS.reference, ["sh", "-c", command], **mount)
        template["volumes"].append(volume)
        said = run(node, space, name, template)

    assert said == "hello\n"


def test_postgres_starts_as_the_operator_starts_it_and_knows_its_database(node: OneNode, space: str):
    labels = {"app": "postgres"}
    account = {"POSTGRES_USER": "concierge", "POSTGRES_DB": "concierge", "POSTGRES_PASSWORD": "s3cret"}
    variables = account | {"PGDATA": "/var/lib/postgresql/15/docker"}
    ready = {"exec": {"command": ["pg_isready", "-h", "127.0.0.1", "-U", "concierge"]}, "periodSeconds": 1}
    mounts = [
        TMP,
        {"name": "data", "mountPath": "/var/lib/postgresql"},
        {"name": "run", "mountPath": "/run/postgresql"},
    ]
    template = pod(
        images.POSTGRES.reference, None, account=999, args=["-c", "max_connections=50"], readinessProbe=ready,
        volumeMounts=mounts, env=[{"name": name, "value": value} for name, value in variables.items()],
    )  # fmt: skip
    template["volumes"] += [{"name": "data", "emptyDir": {}}, {"name": "run", "emptyDir": {}}]
    node.plane.apply(deployment(space, "postgres", 1, template, labels), service(space, "postgres", 5432, labels))
    node.plane.kubectl("rollout", "status", "-n", space, "deployment/postgres", "--timeout=90s")
    url = "postgresql://concierge:{}@postgres/concierge"

    asked = ["psql", url.format("s3cret"), "-tAc", "show max_connections"]
    refused = ["psql", url.format("wrong"), "-c", "select 1"]
    # The node's rules learn of a ready pod a moment after the Service does.
    reached = ["timeout", "40", "sh", "-c", "until pg_isready -q -h postgres; do sleep 0.1; done"]
    node.plane.kubectl("exec", "-n", space, "deployment/postgres", "--", *reached)

    assert node.plane.kubectl("exec", "-n", space, "deployment/postgres", "--", *asked) == "50\n"
    assert "authentication failed" in node.plane.kubectl(
        "exec", "-n", space, "deployment/postgres", "--", *refused, check=False
    )


def test_valkey_answers_under_its_own_names(node: OneNode, space: str):
    begin = "valkey-server --save '' --dir /tmp --daemonize yes > /dev/null"
    start = f"{begin} && until valkey-cli ping 2> /dev/null; do :; done"

    said = run(node, space, "valkey", pod(images.REDIS.reference, ["sh", "-c", start], volumeMounts=[TMP]))

    assert said == "PONG\n"
