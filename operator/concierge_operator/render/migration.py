"""The Job that brings the database to what the version needs. Old pods keep serving until it has succeeded."""

from __future__ import annotations

from concierge_operator import names
from concierge_operator.names import Component
from concierge_operator.render.config import config_name
from concierge_operator.render.context import Context, Manifest
from concierge_operator.render.pods import pod_template


def migration_name(ctx: Context) -> str:
    """The same for the same image and database, so that it never runs twice."""
    postgres = ctx.spec.postgres
    ref = postgres.url_secret
    place = [postgres.mode, postgres.version if ref is None else f"{ref.name}/{ref.key}"]
    return f"concierge-migrate-{names.fingerprint([ctx.image, place])}"


def migration(ctx: Context) -> list[Manifest]:
    """One Job; none while the house is closed."""
    if ctx.suspended:
        return []
    template = pod_template(ctx, Component.MIGRATION)
    # A Job's template can't change. What it was made with is noted on the Job: one that failed is made anew when that
    # is another by now.
    marks = template["metadata"].pop("annotations")
    template["spec"] |= {"restartPolicy": "Never", "terminationGracePeriodSeconds": 30}
    template["spec"].pop("topologySpreadConstraints")
    spec = {"backoffLimit": 2, "activeDeadlineSeconds": 1800, "template": template}
    made = ctx.manifest("batch/v1", "Job", migration_name(ctx), component=Component.MIGRATION, spec=spec)
    made["metadata"]["annotations"] = marks | {names.CONFIG_HASH: config_name(ctx)}
    return [made]
