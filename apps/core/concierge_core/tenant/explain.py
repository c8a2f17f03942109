"""Every field of the tenant's YAML, told to people: `docs/tenant.md` is `python -m concierge_core.tenant.explain`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from concierge_core.tenant.reach import reach_of
from concierge_core.tenant.schema import inlined_schema

_INTRODUCTION = """\
# The tenant's YAML

One `ConciergeTenant` says everything that one property is and wants. `concierge up -f FILE` runs it on one machine, the
operator runs it in a cluster. `manifests/minimal.yaml` is the smallest that works, `manifests/complete.yaml` shows
every field, and three hotels in `manifests/` show real use.

**Files.** UTF-8, at most 5 MB, several documents per file if you like, no aliases and no tags. A folder stands for
its `.yaml` and `.yml` files. Values are those of YAML 1.2: `no` is the language Norwegian, `15:00` is a time. Write
times, postal codes, phone numbers and quantities in quotes all the same: other tools read them otherwise. Mistakes
are told together, ten at a time, each in one sentence with file, line, field and remedy; what a rule between sections
forbids is told once the fields themselves are right.

**Languages** are ISO 639-1 codes. Where a text may differ by language, write one text or `{en: …, de: …}`.

**Secrets** never stand in the YAML. A field that ends in `Secret` names a Secret and a key in it. In a cluster that is
a Kubernetes Secret. On one machine it is looked up in the file given by `--secrets` (`name: {key: value}`), then in the
environment as `CONCIERGE_SECRET_<NAME>_<KEY>`, upper case, with `_` for everything but letters and digits.

**Knowledge** stands in `spec.knowledge.articles` or in ConfigMaps named in `spec.knowledge.configMaps`. Each data value
of such a ConfigMap is a YAML list of the same articles. On one machine the ConfigMap is looked up in the same file and
then in the other files of its folder. An article needs a question and an answer in at least one language; one that
lacks a guest's language is found in another and answered in the guest's.

**Opening hours** are spans `"HH:MM-HH:MM"` in local time: `{daily: ["07:00-22:00"], sunday: []}`. A day's own entry
wins over `weekdays` and `weekend`, which win over `daily`; a day without an entry is closed; a span may run past
midnight.

**Overrides.** Staff may put their own values in the place of five settings, among them the greeting and the front
desk's hours (`docs/staff.md`, Settings). The file stays the source of everything else: what changes in it is applied at
the next start, and a change under an override is flagged in the dashboard until somebody has looked at it.

**What counts where.** Fields marked "Cluster only" are the operator's; on one machine they are checked and otherwise
left alone. Fields marked "Not used by this version" are checked everywhere and used nowhere yet; `concierge doctor -f`
names those that your file gives, and `concierge up` those that you would wait for in vain. `knowledge.urls` is one of
them: no web page is fetched; write what it says as articles.

**The environment wins** over the file: `DATABASE_URL`, `REDIS_URL`, `SENTRY_DSN`, `GEMINI_API_KEY`,
`CONCIERGE_LOG_LEVEL` and OpenTelemetry's `OTEL_*`. With `postgres.mode` or `redis.mode` `external`, `concierge up` uses
yours; when their secret is not found it says so in one line and uses SQLite and the bundled Valkey.
"""


_SHARED = {
    "Hours": ("opening hours", "Opening hours"),
    "SecretRef": ("secret", "Secrets"),
    "TwilioAccount": ("Twilio account", "Twilio accounts"),
    "Scale": ("scale", "Scales"),
    "ComponentResources": ("resources", "Resources of a component"),
}
"""Sections that occur in many places: class, what its type is called, and its heading. Each is explained once."""


@dataclass(frozen=True, slots=True)
class FieldDoc:
    """One field: dotted path (`[]` for an entry of a list, `<name>` for a name of your own), type, default, meaning."""

    path: str
    type: str
    default: str
    meaning: str
    required: bool
    shared: str | None = None
    """The shared section that this field is, or lies in."""


def fields() -> list[FieldDoc]:
    """Every field, sections included, in the order of the model."""
    return list(_walk(inlined_schema(), "", None))


def reference() -> str:
    """The whole page, in Markdown."""
    groups: dict[str, list[FieldDoc]] = {}
    shared: dict[str, list[FieldDoc]] = {}
    anchors: dict[str, str] = {}
    for field in fields():
        if field.shared and field.type == _SHARED[field.shared][0]:
            anchors.setdefault(field.shared, field.path)
        elif field.shared and field.path.startswith(f"{anchors[field.shared]}."):
            shared.setdefault(field.shared, []).append(
                replace(field, path=field.path[len(anchors[field.shared]) + 1 :])
            )
        if not field.shared or field.type == _SHARED[field.shared][0]:
            groups.setdefault(_group(field), []).append(field)
    tables = [_table(heading, rows) for heading, rows in groups.items()]
    tables += [_table(_SHARED[name][1], rows) for name, rows in shared.items()]
    return "\n\n".join([_INTRODUCTION.rstrip(), *tables]) + "\n"


def _group(field: FieldDoc) -> str:
    steps = field.path.replace("[]", "").split(".")
    if steps[0] != "spec":
        return "The document"
    return f"`spec.{steps[1]}`" if len(steps) > 2 else "`spec`"


def _table(heading: str, rows: list[FieldDoc]) -> str:
    return "\n".join([f"## {heading}\n", "| Field | Type | Default | Meaning |", "|---|---|---|---|", *map(_row, rows)])


def _row(field: FieldDoc) -> str:
    default = "**required**" if field.required else f"`{field.default}`" if field.default else "–"
    cells = (f"`{field.path}`", field.type, default, field.meaning)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _walk(node: dict[str, Any], prefix: str, shared: str | None) -> Iterator[FieldDoc]:
    for name, part in node.get("properties", {}).items():
        path = f"{prefix}.{name}" if prefix else name
        within = shared or (part.get("x-model") if part.get("x-model") in _SHARED else None)
        yield FieldDoc(
            path=path,
            type=_type(part),
            default=json.dumps(part["default"], ensure_ascii=False) if "default" in part else "",
            meaning=" ".join(filter(None, [part.get("description", ""), "" if shared else reach_of(path)])),
            required=name in node.get("required", ()),
            shared=within,
        )
        yield from _below(part, path, within)


def _below(part: dict[str, Any], path: str, shared: str | None) -> Iterator[FieldDoc]:
    if "items" in part:
        yield from _below(part["items"], f"{path}[]", shared)
    elif "additionalProperties" in part:
        yield from _below(part["additionalProperties"], f"{path}.<name>", shared)
    else:
        yield from _walk(part, path, shared)


def _type(part: dict[str, Any]) -> str:
    if part.get("x-model") in _SHARED:
        return _SHARED[part["x-model"]][0]
    if part.get("x-kubernetes-preserve-unknown-fields"):
        return "text, or text per language"
    if "items" in part:
        return f"list of {_type(part['items'])}{_between(part, 'minItems', 'maxItems', ' entries')}"
    if "additionalProperties" in part:
        return f"map to {_type(part['additionalProperties'])}"
    if "enum" in part:
        return ", ".join(f"`{option}`" for option in part["enum"])
    return _PLAIN.get(part.get("type", ""), "section") + (
        _between(part, "minimum", "maximum") or _between(part, "minLength", "maxLength", " characters")
    )


_PLAIN = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}


def _between(part: dict[str, Any], low: str, high: str, unit: str = "") -> str:
    if low in part and high in part:
        return f", {part[low]:g} to {part[high]:g}{unit}"
    if high in part:
        return f", at most {part[high]:g}{unit}"
    return f", at least {part[low]:g}{unit}" if low in part else ""


if __name__ == "__main__":
    sys.stdout.write(reference())
