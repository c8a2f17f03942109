"""The tenant's database as a CloudNativePG cluster.

Archives with keys are made as for every database (`backup.py`). Where CloudNativePG's Barman Cloud plugin is
installed and the destination is a bucket, the write-ahead log goes there too: then its own tools can bring the
database back to any minute. That is no backup by itself: the encryption keys are not in it.
"""

from __future__ import annotations

from typing import Any, Final

from concierge_operator import names
from concierge_operator.names import Component
from concierge_operator.render.context import Context, Manifest
from concierge_operator.render.placing import placement, pull_secrets
from concierge_operator.render.sizes import resources

_NAME: Final = names.object_name(Component.POSTGRES)
_PLUGIN: Final = "barman-cloud.cloudnative-pg.io"


def cnpg(ctx: Context) -> list[Manifest]:
    """The cluster, and what its log and base backups need."""
    return [*_object_store(ctx), _cluster(ctx), *_scheduled_backup(ctx)]


def _archives_log(ctx: Context) -> bool:
    backup = ctx.spec.backup
    in_a_bucket = backup.enabled and (backup.destination or "").startswith("s3://")
    return in_a_bucket and ctx.offers("ObjectStore", "barmancloud.cnpg.io")


def _cluster(ctx: Context) -> Manifest:
    size: dict[str, Any] = {"size": ctx.spec.storage.size}
    if ctx.spec.storage.class_name:
        size["storageClass"] = ctx.spec.storage.class_name
    spec: dict[str, Any] = {
        "instances": ctx.spec.postgres.instances,
        # One alone can't make room for a drained node by moving to another: its guard would only hold the drain up.
        "enablePDB": ctx.spec.postgres.instances > 1,
        "imageName": f"{ctx.defaults.cnpg_image}:{ctx.spec.postgres.version}",
        "storage": size,
        "bootstrap": {"initdb": {"database": "concierge", "owner": "concierge"}},
        "postgresql": {"parameters": {"max_connections": str(ctx.spec.postgres.max_connections)}},
        "resources": resources(ctx, Component.POSTGRES),
        **pull_secrets(ctx),
        **_placement(ctx),
    }
    if _archives_log(ctx):
        # Into a folder of this tenant's life: a new cluster refuses one that has somebody else's log in it.
        where = {"barmanObjectName": _NAME, "serverName": f"{_NAME}-{ctx.uid[:8]}"}
        spec["plugins"] = [{"name": _PLUGIN, "isWALArchiver": True, "parameters": where}]
    made = ctx.manifest("postgresql.cnpg.io/v1", "Cluster", _NAME, component=Component.POSTGRES, spec=spec)
    if ctx.suspended:
        made["metadata"]["annotations"] = {"cnpg.io/hibernation": "on"}
    return made


def _placement(ctx: Context) -> dict[str, Any]:
    wanted = placement(ctx)
    affinity = {name: wanted.pop(name) for name in ("nodeSelector", "tolerations") if name in wanted}
    return {**({"affinity": affinity} if affinity else {}), **wanted}


def _object_store(ctx: Context) -> list[Manifest]:
    if not _archives_log(ctx):
        return []
    backup = ctx.spec.backup
    secret = backup.credentials_secret
    keys = {"accessKeyId": "AWS_ACCESS_KEY_ID", "secretAccessKey": "AWS_SECRET_ACCESS_KEY"}
    configuration: dict[str, Any] = {
        "destinationPath": f"{(backup.destination or '').rstrip('/')}/{ctx.code}",
        "s3Credentials": {name: {"name": secret, "key": key} for name, key in keys.items()},
        "wal": {"compression": "gzip"},
        "data": {"compression": "gzip"},
    }
    if backup.endpoint:
        configuration["endpointURL"] = backup.endpoint
    spec = {
        "configuration": configuration,
        "retentionPolicy": f"{backup.retention_days}d",
        "instanceSidecarConfiguration": {"resources": resources(ctx, Component.BACKUP)},
    }
    return [ctx.manifest("barmancloud.cnpg.io/v1", "ObjectStore", _NAME, component=Component.POSTGRES, spec=spec)]


def _scheduled_backup(ctx: Context) -> list[Manifest]:
    if not _archives_log(ctx):
        return []
    spec = {
        "schedule": _with_seconds(ctx.spec.backup.schedule),
        "suspend": ctx.suspended,
        "cluster": {"name": _NAME},
        "backupOwnerReference": "self",
        "method": "plugin",
        "pluginConfiguration": {"name": _PLUGIN},
    }
    return [ctx.manifest("postgresql.cnpg.io/v1", "ScheduledBackup", _NAME, component=Component.POSTGRES, spec=spec)]


def _with_seconds(line: str) -> str:
    """CloudNativePG's cron has seconds in front, but not of nicknames. It knows no time zone: it is read in UTC."""
    return line if line.startswith("@") else f"0 {line}"
