"""What the apps read: the tenant's YAML as they need it, its articles, and where secrets lie.

A ConfigMap that the pods must restart for has its content's fingerprint in its name. Articles are read again while the
pods run, so their ConfigMap keeps its name.
"""

from __future__ import annotations

import json
from typing import Any

from concierge_core.tenant.model import API_VERSION, KIND
from concierge_operator import names
from concierge_operator.render.context import Context, Manifest

# What the apps themselves read. The rest only says how and where they run: a change there restarts nobody else.
_FOR_APPS = (
    "property",
    "host",
    "chat",
    "widget",
    "voice",
    "messaging",
    "ai",
    "knowledge",
    "notifications",
    "admin",
    "pms",
    "retention",
    "worker",
    "observability",
    "suspend",
)


def config_name(ctx: Context) -> str:
    """Name of the ConfigMap with the tenant's YAML."""
    return f"concierge-tenant-{names.fingerprint(_document(ctx))}"


def tenant_config(ctx: Context) -> Manifest:
    """The tenant's YAML (JSON is YAML) without its articles, which are mounted (`pods`); immutable, since its name says
    what is in it."""
    text = json.dumps(_document(ctx), ensure_ascii=False, indent=1, sort_keys=True)
    return ctx.manifest("v1", "ConfigMap", config_name(ctx), immutable=True, data={"tenant.yaml": text})


def articles_config(ctx: Context) -> Manifest:
    """The articles that stand in the tenant's YAML."""
    articles = [_plain(article) for article in ctx.spec.knowledge.articles]
    text = json.dumps(articles, ensure_ascii=False, indent=1, sort_keys=True)
    return ctx.manifest("v1", "ConfigMap", names.ARTICLES, data={"articles.yaml": text})


def _document(ctx: Context) -> dict[str, Any]:
    spec = {name: part for name, part in _plain(ctx.spec).items() if name in _FOR_APPS}
    if "knowledge" in spec:
        mounted = ("articles", "configMaps")
        spec["knowledge"] = {name: part for name, part in spec["knowledge"].items() if name not in mounted}
    return {"apiVersion": API_VERSION, "kind": KIND, "metadata": {"name": ctx.tenant}, "spec": spec}


def _plain(model: Any) -> Any:
    return model.model_dump(by_alias=True, exclude_unset=True, mode="json")
