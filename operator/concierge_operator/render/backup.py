"""Backups and their restore: a CronJob, single Jobs of the same pod, and the restore's Job.

The database's tools come from PostgreSQL's image, all else from the apps'. The containers of a pod follow each other
and share a folder; none sees more secrets than its own step needs.
"""

from __future__ import annotations

import json
from typing import Any, Final

from concierge_core.tenant.model import API_VERSION, KIND
from concierge_operator import names
from concierge_operator.names import Component
from concierge_operator.render import secrets
from concierge_operator.render.backup_scripts import DUMP, RESTORE
from concierge_operator.render.context import Context, Manifest
from concierge_operator.render.placing import hardened, placed_pod
from concierge_operator.render.sizes import resources

BACKUP_NAME: Final = names.object_name(Component.BACKUP)
_PASSPHRASE: Final = "CONCIERGE_BACKUP_PASSPHRASE"  # noqa: S105  # the variable
PASSPHRASE: Final = "encryption-passphrase"  # noqa: S105  # the key it lies under
_WORK: Final = "/work"
_VOLUME: Final = "/backups"
_TENANT: Final = "/etc/concierge/backup"
_KNOWLEDGE: Final = "/etc/concierge/knowledge"
_SAYS: Final = "/dev/termination-log"
_LONGEST_SECONDS: Final = 2 * 60 * 60


def backup(ctx: Context) -> list[Manifest]:
    """The YAML that backups hold, and the CronJob; nothing where no destination is named."""
    if ctx.spec.backup.destination is None:
        return []
    return [_tenant_config(ctx), *([_cron_job(ctx)] if ctx.spec.backup.enabled else [])]


def snapshot_job(ctx: Context, suffix: str) -> Manifest:
    """One backup, now. The same suffix is the same Job, so that it isn't made twice. Needs a destination."""
    assert ctx.spec.backup.destination is not None
    return ctx.manifest("batch/v1", "Job", f"{BACKUP_NAME}-{suffix}", component=Component.BACKUP, spec=_backup_job(ctx))


def restore_name(archive: str) -> str:
    """Name of the Job that restores this archive."""
    return f"concierge-restore-{names.fingerprint(archive)}"


def restore_job(ctx: Context, archive: str) -> Manifest:
    """Puts the archive (a name, or "latest") in the place of all data, or leaves that as it is. Needs a destination,
    and that nothing else uses the database. What its container says in the end is for `restores.keys_after`."""
    assert ctx.spec.backup.destination is not None
    pod = _pod(ctx, [_fetch(ctx, archive), _restore(ctx)], [])
    # Two at once would wait for each other's locks; the first is gone before the second comes.
    spec = {**_job(ctx, pod), "podReplacementPolicy": "Failed"}
    return ctx.manifest("batch/v1", "Job", restore_name(archive), component=Component.BACKUP, spec=spec)


def _cron_job(ctx: Context) -> Manifest:
    spec = {
        "schedule": ctx.spec.backup.schedule,
        "timeZone": ctx.spec.property.timezone,
        "concurrencyPolicy": "Forbid",
        # One that was missed (a cluster that was down) is made up for within this time.
        "startingDeadlineSeconds": 3600,
        "successfulJobsHistoryLimit": 3,
        "failedJobsHistoryLimit": 3,
        "suspend": ctx.suspended,  # a closed house has no database, and nothing new
        "jobTemplate": {"metadata": {"labels": ctx.labels(Component.BACKUP)}, "spec": _backup_job(ctx)},
    }
    return ctx.manifest("batch/v1", "CronJob", BACKUP_NAME, component=Component.BACKUP, spec=spec)


def _backup_job(ctx: Context) -> dict[str, Any]:
    return _job(ctx, _pod(ctx, [_dump(ctx), _store(ctx)], _yaml_volumes(ctx)))


def _job(ctx: Context, pod: dict[str, Any]) -> dict[str, Any]:
    labels = ctx.labels(Component.BACKUP)
    template = {"metadata": {"labels": labels}, "spec": pod}
    return {"backoffLimit": 2, "activeDeadlineSeconds": _LONGEST_SECONDS, "template": template}


def _pod(ctx: Context, steps: list[dict[str, Any]], volumes: list[dict[str, Any]]) -> dict[str, Any]:
    """The steps, one after the other."""
    *before, last = steps
    return {
        **placed_pod(ctx),
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 30,
        "initContainers": before,
        "containers": [last],
        "volumes": [*_volumes(ctx), *volumes],
    }


def _dump(ctx: Context) -> dict[str, Any]:
    return _postgres_step(ctx, "dump", DUMP, {})


def _restore(ctx: Context) -> dict[str, Any]:
    return _postgres_step(ctx, "restore", RESTORE, {"CONCIERGE_BACKUP_SAYS": _SAYS})


def _store(ctx: Context) -> dict[str, Any]:
    keys = secrets.from_secret("CONCIERGE_ENCRYPTION_KEYS", names.GENERATED_SECRET, secrets.ENCRYPTION_KEYS)
    step = _apps_step(ctx, "store", ["store"], keys)
    step["volumeMounts"].append({"name": "tenant", "mountPath": _TENANT, "readOnly": True})
    for volume, name in _knowledge(ctx).items():
        step["volumeMounts"].append({"name": volume, "mountPath": f"{_KNOWLEDGE}/{name}", "readOnly": True})
    return step


def _fetch(ctx: Context, archive: str) -> dict[str, Any]:
    token = secrets.from_secret("CONCIERGE_INTERNAL_TOKEN", names.GENERATED_SECRET, secrets.INTERNAL_TOKEN)
    step = _apps_step(ctx, "fetch", ["fetch", archive], token)
    # Read without one, an archive that needs it says so itself.
    step["env"] = [_optional(one) if one["name"] == _PASSPHRASE else one for one in step["env"]]
    return step


def _postgres_step(ctx: Context, name: str, script: str, plain: dict[str, str]) -> dict[str, Any]:
    plain = {"CONCIERGE_BACKUP_WORK_DIR": _WORK, "HOME": "/tmp", **plain}  # noqa: S108
    return {
        "name": name,
        "image": f"{ctx.defaults.postgres_image}:{ctx.spec.postgres.version}",
        "command": ["sh", "-c", script],
        "env": [*_written(plain), *secrets.database_variables(ctx)],
        **_bounds(ctx),
    }


def _apps_step(ctx: Context, name: str, arguments: list[str], secret: dict[str, Any]) -> dict[str, Any]:
    asked = ctx.spec.backup
    destination = asked.destination or ""
    plain = {
        "CONCIERGE_BACKUP_DESTINATION": _VOLUME if _claim(ctx) else destination,
        "CONCIERGE_BACKUP_PROPERTY": ctx.code,
        "CONCIERGE_BACKUP_WORK_DIR": _WORK,
        "CONCIERGE_BACKUP_TENANT_DIR": _TENANT,
        "CONCIERGE_BACKUP_KNOWLEDGE_DIR": _KNOWLEDGE,
        "CONCIERGE_BACKUP_RETENTION_DAYS": str(asked.retention_days),
        **({"AWS_ENDPOINT_URL": asked.endpoint} if asked.endpoint else {}),
    }
    step = {
        "name": name,
        "image": ctx.image,
        "imagePullPolicy": ctx.spec.image.pull_policy,
        "command": ["concierge-backup", *arguments],
        "env": [*_written(plain), secret, *_credentials(ctx)],
        **_bounds(ctx),
    }
    if _claim(ctx):
        step["volumeMounts"].append({"name": "backups", "mountPath": _VOLUME})
    return step


def _written(plain: dict[str, str]) -> list[dict[str, Any]]:
    return [{"name": name, "value": value} for name, value in plain.items()]


def _bounds(ctx: Context) -> dict[str, Any]:
    return {
        "resources": resources(ctx, Component.BACKUP),
        "securityContext": hardened(),
        # The sentence that says what went wrong reaches the tenant's status.
        "terminationMessagePath": _SAYS,
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [{"name": "work", "mountPath": _WORK}, {"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108
    }


def _credentials(ctx: Context) -> list[dict[str, Any]]:
    """All but the passphrase and the region are needed for a bucket. For a volume there is only the passphrase: who
    names a Secret wants encrypted archives, so a wrong name must not make plain ones."""
    name = ctx.spec.backup.credentials_secret
    if name is None:
        return []
    passphrase = secrets.from_secret(_PASSPHRASE, name, PASSPHRASE)
    if _claim(ctx):
        return [passphrase]
    keys = [secrets.from_secret(key, name, key) for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")]
    where = ["AWS_REGION", *(["AWS_ENDPOINT_URL"] if ctx.spec.backup.endpoint is None else [])]
    return [_optional(passphrase), *keys, *(_optional(secrets.from_secret(key, name, key)) for key in where)]


def _optional(variable: dict[str, Any]) -> dict[str, Any]:
    reference = {**variable["valueFrom"]["secretKeyRef"], "optional": True}
    return {**variable, "valueFrom": {"secretKeyRef": reference}}


def _claim(ctx: Context) -> str | None:
    """The volume claim that archives go to, if they go to one."""
    kind, _, name = (ctx.spec.backup.destination or "").partition(":")
    return name if kind == "pvc" else None


def _volumes(ctx: Context) -> list[dict[str, Any]]:
    volumes: list[dict[str, Any]] = [
        # A dump is smaller than its database, whose volume is of this size.
        {"name": "work", "emptyDir": {"sizeLimit": ctx.spec.storage.size}},
        {"name": "tmp", "emptyDir": {"sizeLimit": "64Mi"}},
    ]
    claim = _claim(ctx)
    if claim is not None:
        volumes.append({"name": "backups", "persistentVolumeClaim": {"claimName": claim}})
    return volumes


def _yaml_volumes(ctx: Context) -> list[dict[str, Any]]:
    """The tenant with its articles, and the ConfigMaps that it names; a missing one keeps no backup from being made."""
    maps = [{"configMap": {"name": name}} for name in (BACKUP_NAME, names.ARTICLES)]
    whole = {"name": "tenant", "projected": {"sources": maps}}
    named = _knowledge(ctx).items()
    return [whole, *({"name": volume, "configMap": {"name": name, "optional": True}} for volume, name in named)]


def _knowledge(ctx: Context) -> dict[str, str]:
    """Volume → ConfigMap of articles."""
    return {f"knowledge-{n}": ref.name for n, ref in enumerate(ctx.spec.knowledge.config_maps)}


def _tenant_config(ctx: Context) -> Manifest:
    """The whole tenant as it holds, the class's part included, but for its articles: they have their own ConfigMap."""
    spec = ctx.spec.model_dump(by_alias=True, exclude_unset=True, mode="json")
    if "knowledge" in spec:
        spec["knowledge"] = {name: part for name, part in spec["knowledge"].items() if name != "articles"}
    metadata = {"name": ctx.tenant, "namespace": ctx.namespace}
    document = {"apiVersion": API_VERSION, "kind": KIND, "metadata": metadata, "spec": spec}
    text = json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True)
    return ctx.manifest("v1", "ConfigMap", BACKUP_NAME, component=Component.BACKUP, data={"tenant.yaml": text})
