"""Reading properties from files: `ConciergeTenant` documents and the ConfigMaps with their knowledge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from concierge_core.domain.knowledge import Article
from concierge_core.errors import TenantFileError
from concierge_core.tenant.articles import (
    ConfigMap,
    Declared,
    articles_of,
    config_maps,
    config_maps_beside,
    domain_article,
)
from concierge_core.tenant.complaints import bounded, noted, refuse, sentence, suggestion, told
from concierge_core.tenant.documents import Document, parse, read_text, yaml_files
from concierge_core.tenant.model import API_VERSION, KIND, ConciergeTenant


@dataclass(frozen=True, slots=True)
class LoadedTenant:
    """A property as declared, with all its declared articles, and the file it stands in."""

    tenant: ConciergeTenant
    articles: list[Article]
    source: Path


def load_tenant_files(paths: list[Path]) -> list[LoadedTenant]:
    """Every property in these files and folders (their *.yaml and *.yml, not below), in order.

    Raises `TenantFileError` with all mistakes of all files: a sentence each with file, field and remedy.
    """
    try:
        return _load_all(paths)
    except TenantFileError as error:
        raise TenantFileError(*bounded(error.sentences)) from None


def _load_all(paths: list[Path]) -> list[LoadedTenant]:
    loaded: list[LoadedTenant] = []
    mistakes: list[str] = []
    for file in _files(paths):
        with noted(mistakes):
            loaded += _load_file(file, alone=file in paths)
    refuse(mistakes)
    if not loaded:
        raise TenantFileError(
            f"{', '.join(map(str, paths))}: holds no ConciergeTenant; add one (see manifests/minimal.yaml)."
        )
    _refuse_same_code(loaded)
    return loaded


def _files(paths: list[Path]) -> list[Path]:
    files: list[Path] = []
    for path in paths:
        found = yaml_files(path) if path.is_dir() else [path]
        if not found:
            raise TenantFileError(f"{path}: is a folder without .yaml files; put the property's YAML into it.")
        files += [file for file in found if file not in files]
    return files


def _load_file(file: Path, *, alone: bool) -> list[LoadedTenant]:
    documents = parse(read_text(file), str(file))
    tenants = [document for document in documents if _kind(document, file) == KIND]
    if alone and not tenants:
        kinds = ", ".join(str(document.value.get("kind")) for document in documents) or "nothing"
        raise TenantFileError(f"{file}: holds no {KIND} but {kinds}; name the file that has one.")
    maps = config_maps(documents, file)
    loaded: list[LoadedTenant] = []
    mistakes: list[str] = []
    for document in tenants:
        with noted(mistakes):
            loaded.append(_load(document, file, maps))
    refuse(mistakes)
    return loaded


def _kind(document: Document, file: Path) -> str:
    value = document.value
    kind = value.get("kind") if isinstance(value, dict) else None
    line = document.line_of(())
    if not isinstance(value, dict) or not isinstance(kind, str):
        raise TenantFileError(f"{file}, line {line}: kind is missing; begin the document with kind: {KIND}.")
    if kind != KIND and get_close_matches(
        kind.lower().replace("_", ""), (KIND.lower(), "concierge", "tenant"), cutoff=0.8
    ):
        raise TenantFileError(f'{file}, line {document.line_of(("kind",))}: kind "{kind}" is unknown; write {KIND}.')
    if kind == KIND and value.get("apiVersion") != API_VERSION:
        where = f"{file}, line {document.line_of(('apiVersion',))}"
        raise TenantFileError(f"{where}: apiVersion must be {API_VERSION}; write that.")
    return kind


def _load(document: Document, file: Path, maps: dict[str, ConfigMap]) -> LoadedTenant:
    mistakes: list[str] = []
    tenant: ConciergeTenant | None = None
    with noted(mistakes):
        tenant = _validated(document, file)
    # What else is wrong is told as well, even if the tenant itself can't be used.
    names = _names_of_config_maps(tenant) if tenant else _likely_names_of_config_maps(document)
    declared = _from_config_maps(names, document, file, maps, mistakes)
    if tenant is not None:
        declared = _inline(tenant, document, file) + declared
        mistakes += clashes(tenant, declared)
    refuse(mistakes)
    assert tenant is not None
    code = tenant.spec.property.code
    return LoadedTenant(tenant, [domain_article(code, entry) for entry in declared], file)


def _validated(document: Document, file: Path) -> ConciergeTenant:
    try:
        return ConciergeTenant.model_validate(document.value, by_alias=True, by_name=False)
    except ValidationError as error:
        raise TenantFileError(*told(error, ConciergeTenant, document, file)) from None


def _inline(tenant: ConciergeTenant, document: Document, file: Path) -> list[Declared]:
    def where(index: int) -> str:
        line = document.line_of(("spec", "knowledge", "articles", index))
        return f"{file}, line {line}: spec.knowledge.articles[{index}]"

    return [Declared(article, where(i), file) for i, article in enumerate(tenant.spec.knowledge.articles)]


def _from_config_maps(
    names: dict[int, str], document: Document, file: Path, maps: dict[str, ConfigMap], mistakes: list[str]
) -> list[Declared]:
    """The articles of all ConfigMaps of these names (by their place in the list); what is wrong goes to `mistakes`."""
    declared: list[Declared] = []
    known = maps
    for index, name in names.items():
        if name not in known:
            known = config_maps_beside(name, file) | known
        if name not in known:
            line = document.line_of(("spec", "knowledge", "configMaps", index))
            mistakes.append(
                f'{file}, line {line}: spec.knowledge.configMaps[{index}]: there is no ConfigMap "{name}" in '
                f"this file or in a .yaml file beside it; add it or take the line out."
            )
            continue
        with noted(mistakes):
            declared += articles_of(known[name])
    return declared


def _names_of_config_maps(tenant: ConciergeTenant) -> dict[int, str]:
    return {index: reference.name for index, reference in enumerate(tenant.spec.knowledge.config_maps)}


def _likely_names_of_config_maps(document: Document) -> dict[int, str]:
    """As far as a document that the model refuses lets one see them."""
    value: Any = document.value
    for step in ("spec", "knowledge", "configMaps"):
        value = value.get(step) if isinstance(value, dict) else None
    entries = value if isinstance(value, list) else []
    named = {index: entry.get("name") for index, entry in enumerate(entries) if isinstance(entry, dict)}
    return {index: name for index, name in named.items() if isinstance(name, str) and name}


def clashes(tenant: ConciergeTenant, declared: list[Declared]) -> Iterator[str]:
    """What can't be true of a property's articles together, a sentence each."""
    seen: dict[str, str] = {}
    codes = [department.code for department in tenant.spec.property.departments]
    for entry in declared:
        slug, department = entry.article.slug, entry.article.department
        if slug in seen:
            first = seen[slug]
            yield f'{entry.where}.slug: "{slug}" is already the slug of an article ({first}); give one another slug.'
        if department and department not in codes:
            words = f'the property has no department "{department}"; {suggestion(department, codes)}'
            yield sentence(f"{entry.where}.department", words)
        seen.setdefault(slug, entry.where)


def _refuse_same_code(loaded: list[LoadedTenant]) -> None:
    seen: dict[str, Path] = {}
    for tenant in loaded:
        code = tenant.tenant.spec.property.code
        if code in seen:
            raise TenantFileError(
                f'{tenant.source}: spec.property.code: "{code}" is already the code of the property in {seen[code]}; '
                f"each property needs its own."
            )
        seen[code] = tenant.source
