"""The operator's rights are enough for everything that is rendered, and no more than its work needs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from concierge_core.tenant.model import ConciergeTenant
from concierge_operator.kinds import CHILDREN
from concierge_operator.render import render
from rendered import MANIFESTS, ROOT, context, property_of

RULES: dict[str, list[dict[str, list[str]]]] = yaml.safe_load(
    (ROOT / "charts" / "concierge" / "files" / "rules.yaml").read_text(encoding="utf-8")
)
OWNED = {"get", "list", "watch", "create", "patch", "delete"}
IRREGULAR = {"NetworkPolicy": "networkpolicies", "Ingress": "ingresses"}
# What the operator needs besides what is rendered, and why is said in files/rules.yaml.
BESIDE = {
    ("concierge.hotel", "conciergetenants"): {"get", "list", "watch", "patch"},
    ("concierge.hotel", "conciergeclasses"): {"get", "list", "watch"},
    ("concierge.hotel", "conciergetenants/status"): {"patch"},
    ("concierge.hotel", "conciergeclasses/status"): {"patch"},
    ("concierge.hotel", "conciergetenants/finalizers"): {"update"},
    ("", "secrets"): OWNED,
    ("batch", "cronjobs"): OWNED,
    ("barmancloud.cnpg.io", "objectstores"): OWNED,
    ("", "persistentvolumeclaims"): OWNED,
    ("", "pods"): {"get", "list"},
    ("", "events"): {"list", "create", "patch"},
}
# In no file of manifests/, but a tenant may ask for it: each is laid over every one of them.
WAYS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "compact": {"profile": "compact"},
    "suspended": {"suspend": {"active": True}},
    "cloudnativepg, backed up": {
        "postgres": {"mode": "cloudnativepg"},
        "backup": {"enabled": True, "destination": "s3://backups/house", "credentialsSecret": "bucket"},
    },
    "backed up to a volume": {"backup": {"enabled": True, "destination": "pvc:backups"}},
    "its own data stores": {
        "postgres": {"mode": "external", "urlSecret": {"name": "database", "key": "url"}},
        "redis": {"mode": "external", "urlSecret": {"name": "redis", "key": "url"}},
    },
    "behind an Ingress": {
        "host": "house.example",
        "gateway": {"ingressClass": "nginx"},
        "tls": {"issuer": {"name": "letsencrypt", "kind": "ClusterIssuer"}},
    },
    "behind a Gateway": {
        "host": "house.example",
        "gateway": {"name": "public", "namespace": "gateways"},
        "tls": {"issuer": {"name": "letsencrypt", "kind": "ClusterIssuer"}},
    },
}


def tenant(path: Path, way: str) -> ConciergeTenant:
    """The file's property, living that way."""
    plain = property_of(path).model_dump(by_alias=True, exclude_unset=True, mode="json")
    return ConciergeTenant.model_validate({**plain, "spec": {**plain["spec"], **WAYS[way]}})


def kinds(path: Path, way: str) -> set[tuple[str, str]]:
    """(API group, plural) of everything that is rendered."""
    found = set()
    for manifest in render(context(tenant(path, way), offered=frozenset(kind.offer for kind in CHILDREN))).all:
        group = manifest["apiVersion"].rpartition("/")[0]
        found.add((group, IRREGULAR.get(manifest["kind"], f"{manifest['kind'].lower()}s")))
    return found


def granted(place: str = "everywhere") -> Iterator[tuple[tuple[str, str], set[str]]]:
    """(API group, resource) and the verbs."""
    for rule in RULES[place]:
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                yield (group, resource), set(rule["verbs"])


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("path", MANIFESTS, ids=lambda p: p.stem)
def test_the_operator_may_make_keep_and_remove_everything_that_is_rendered(path: Path, way: str) -> None:
    rights = dict(granted())

    lacking = {kind: OWNED - rights.get(kind, set()) for kind in kinds(path, way)}

    assert not {kind: verbs for kind, verbs in lacking.items() if verbs}


def test_it_may_nothing_beyond_what_is_rendered_and_what_is_listed_here() -> None:
    rendered = {kind for path in MANIFESTS for way in WAYS for kind in kinds(path, way)}
    allowed = dict.fromkeys(rendered, OWNED) | BESIDE

    beyond = {right: verbs - allowed.get(right, set()) for right, verbs in granted()}

    assert not {right: verbs for right, verbs in beyond.items() if verbs}


def test_it_has_everything_that_is_listed_here() -> None:
    rights = dict(granted())

    assert not {right: verbs for right, verbs in BESIDE.items() if not verbs <= rights.get(right, set())}


@pytest.mark.parametrize("place", sorted(RULES))
def test_nothing_is_granted_wholesale_and_no_right_leads_to_more_rights(place: str) -> None:
    rights = list(granted(place))
    groups = {group for (group, _), _ in rights}
    words = {word for (_, resource), verbs in rights for word in {resource, *verbs}}

    assert not words & {
        "*",
        "escalate",
        "bind",
        "impersonate",
        "deletecollection",
        "pods/exec",
        "serviceaccounts/token",
    }
    assert not groups & {"*", "rbac.authorization.k8s.io"}
    assert len(rights) == len({right for right, _ in rights}), "a right stands there twice"


def test_who_leads_is_written_in_the_operators_own_namespace_only() -> None:
    own, everywhere = dict(granted("ownNamespace")), dict(granted())

    assert own == {("coordination.k8s.io", "leases"): {"get", "create", "update"}}
    assert ("coordination.k8s.io", "leases") not in everywhere
