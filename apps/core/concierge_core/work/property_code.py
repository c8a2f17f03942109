"""Which property this process serves, for a process that needs to know nothing else about it."""

from __future__ import annotations

from concierge_core.errors import TenantFileError
from concierge_core.settings import Settings
from concierge_core.tenant.loader import load_tenant_files


def property_code(settings: Settings) -> str:
    """The code of the one property in `tenant_file`. Raises `TenantFileError`."""
    if settings.tenant_file is None:
        raise TenantFileError("CONCIERGE_TENANT_FILE is not set: name the property's ConciergeTenant YAML")
    (loaded,) = load_tenant_files([settings.tenant_file])
    return loaded.tenant.spec.property.code
