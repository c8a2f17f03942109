"""What `concierge doctor` finds out about one property: its YAML, its database, its Redis, its secrets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from concierge_cli.finding import Finding, Verdict, ping_redis, reaches
from concierge_cli.troubles import why
from concierge_core.errors import ConciergeError, TenantFileError
from concierge_core.settings import Settings
from concierge_core.tenant.loader import LoadedTenant, load_tenant_files
from concierge_core.tenant.own_settings import complete
from concierge_core.tenant.reach import LATER, unused
from concierge_core.tenant.secrets import SecretSource
from concierge_core.tenant.values import SecretRef


def findings(file: Path, data: Path, settings: Settings) -> Iterator[Finding]:
    """Of every property in the file; of the file itself when it can't be used."""
    try:
        for loaded in load_tenant_files([file]):
            own = settings.model_copy(update={"data_dir": data / loaded.tenant.spec.property.code})
            complete(own, loaded.tenant.spec)
            yield from _of_property(loaded, own, shared=settings)
    except TenantFileError as error:
        for told in error.sentences:
            yield Finding(Verdict.PROBLEM, told)


def _of_property(loaded: LoadedTenant, own: Settings, *, shared: Settings) -> Iterator[Finding]:
    yield _articles(loaded)
    yield _database(loaded, own)
    if own.redis_url is not None and shared.redis_url is None:
        url = own.redis_url.get_secret_value()
        yield reaches(f"{_code(loaded)}: spec.redis.urlSecret", lambda: ping_redis(url), "check the address in it")
    yield from _secrets(loaded, own)
    if names := unused(loaded.tenant):
        told = "; ".join(f"{name} ({LATER[name]})" if LATER[name] else name for name in names)
        yield Finding(
            Verdict.WARNING, f"{_code(loaded)}: not used by this version: {told}", "leave them in for later, or out"
        )


def _code(loaded: LoadedTenant) -> str:
    return loaded.tenant.spec.property.code


def _articles(loaded: LoadedTenant) -> Finding:
    name, count = loaded.tenant.spec.property.name, len(loaded.articles)
    if count:
        return Finding(Verdict.OK, f"{name}: {count} article{'s' * (count != 1)} to answer from")
    return Finding(Verdict.WARNING, f"{name}: no articles to answer from", "add some under spec.knowledge.articles")


def _database(loaded: LoadedTenant, own: Settings) -> Finding:
    from concierge_core.storage import schema_is_current

    code = _code(loaded)
    if own.database_url is None and not list(own.data_dir.glob("*.db")):
        return Finding(Verdict.OK, f"{code}: no database yet; the first start makes it")
    try:
        current = schema_is_current(own)
    except ConciergeError as error:
        return Finding(Verdict.PROBLEM, f"{code}: {why(error, own)}")
    if current:
        return Finding(Verdict.OK, f"{code}: the database is up to date")
    return Finding(Verdict.WARNING, f"{code}: the database has an older form", "the next start brings it up to date")


def _secrets(loaded: LoadedTenant, own: Settings) -> Iterator[Finding]:
    source = SecretSource(own)
    for ref in dict.fromkeys(_secret_refs(loaded.tenant.spec)):
        if source.get(ref) is None:
            yield Finding(Verdict.WARNING, f"the secret {ref.name}/{ref.key} is not there", source.remedy(ref))


def _secret_refs(section: object) -> Iterator[SecretRef]:
    """Every reference to a secret, however deep in the specification."""
    if isinstance(section, SecretRef):
        yield section
    elif isinstance(section, BaseModel):
        for name in type(section).model_fields:
            yield from _secret_refs(getattr(section, name))
    elif isinstance(section, list | tuple):
        for item in section:
            yield from _secret_refs(item)
