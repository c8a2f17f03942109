"""Reading a brand's `ConciergeClass` from a file."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from concierge_core.errors import TenantFileError
from concierge_core.tenant.brand import CLASS_KIND, ConciergeClass
from concierge_core.tenant.complaints import bounded, told
from concierge_core.tenant.documents import Document, parse, read_text


def load_class_file(path: Path) -> ConciergeClass:
    """The one class in this file. Raises `TenantFileError`: a sentence a mistake, with file, field and remedy."""
    documents = [d for d in parse(read_text(path), str(path)) if _is_class(d)]
    if len(documents) != 1:
        raise TenantFileError(f"{path}: must hold one {CLASS_KIND}, and holds {len(documents)}.")
    document = documents[0]
    try:
        return ConciergeClass.model_validate(document.value, by_alias=True, by_name=False)
    except ValidationError as error:
        raise TenantFileError(*bounded(told(error, ConciergeClass, document, path))) from None


def _is_class(document: Document) -> bool:
    return isinstance(document.value, dict) and document.value.get("kind") == CLASS_KIND
