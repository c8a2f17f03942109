"""Articles in a cluster: ConfigMaps that the kubelet mounts, each as a folder of its name with a file per key.

It swaps a folder's content as one (`..data`, a symbolic link), a minute or so after the ConfigMap changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from concierge_core.domain.knowledge import Article
from concierge_core.errors import TenantFileError
from concierge_core.tenant.articles import Declared, articles_in, domain_article
from concierge_core.tenant.complaints import bounded, noted, refuse
from concierge_core.tenant.loader import clashes
from concierge_core.tenant.model import ConciergeTenant

Marks = tuple[tuple[str, int, int, int], ...]


def marks(folder: Path) -> Marks:
    """Differs when what is mounted differs; nothing is read. Raises `OSError` for a folder that is not there."""
    seen = []
    for file in _files(folder):
        at = file.stat()
        seen.append((str(file), at.st_ino, at.st_mtime_ns, at.st_size))
    return tuple(seen)


def mounted_articles(folder: Path, tenant: ConciergeTenant) -> list[Article]:
    """The articles of every ConfigMap below `folder`; one that isn't there yet is an empty folder, and has none.

    Raises `TenantFileError` with all mistakes, and `OSError` when the content is swapped at this very moment.
    """
    declared: list[Declared] = []
    mistakes: list[str] = []
    for file in _files(folder):
        with noted(mistakes):
            where = f'ConfigMap "{file.parent.name}", data.{file.name}'
            declared += articles_in(_text(file, where), where, file)
    mistakes += clashes(tenant, declared)
    try:
        refuse(mistakes)
    except TenantFileError as error:
        raise TenantFileError(*bounded(error.sentences)) from None
    return [domain_article(tenant.spec.property.code, entry) for entry in declared]


def _text(file: Path, where: str) -> str:
    try:
        return file.read_text("utf-8")
    except UnicodeDecodeError:
        raise TenantFileError(f"{where}: is not UTF-8 text; save it in UTF-8.") from None


def _files(folder: Path) -> Iterator[Path]:
    """By name. What begins with two dots is the kubelet's own."""
    for config_map in sorted(folder.iterdir()):
        if config_map.is_dir() and not config_map.name.startswith(".."):
            yield from (file for file in sorted(config_map.iterdir()) if not file.name.startswith(".."))
