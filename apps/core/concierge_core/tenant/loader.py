"""Reading properties from files: `ConciergeTenant` documents and the ConfigMaps with their knowledge."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

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
from concierge_core.tenant.complaints import dotted, first_complaint, one_line, sentence, suggestion
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

    Raises `TenantFileError`: one sentence with file, field and remedy.
    """
    try:
        return _load_all(paths)
    except TenantFileError as error:
        # What the file says is quoted in errors, and it may say anything.
        raise TenantFileError(one_line(str(error))) from None


def _load_all(paths: list[Path]) -> list[LoadedTenant]:
    loaded: list[LoadedTenant] = []
    for file in _files(paths):
        loaded += _load_file(file, alone=file in paths)
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
    return [_load(document, file, maps) for document in tenants]


def _kind(document: Document, file: Path) -> str:
    value = document.value
    kind = value.get("kind") if isinstance(value, dict) else None
    line = document.line_of(())
    if not isinstance(value, dict) or not isinstance(kind, str):
        raise TenantFileError(f"{file}, line {line}: kind is missing; begin the document with kind: {KIND}.")
    if kind != KIND and kind.lower().replace("_", "") in (KIND.lower(), f"{KIND.lower()}s", "concierge", "tenant"):
        raise TenantFileError(f'{file}, line {document.line_of(("kind",))}: kind "{kind}" is unknown; write {KIND}.')
    if kind == KIND and value.get("apiVersion") != API_VERSION:
        where = f"{file}, line {document.line_of(('apiVersion',))}"
        raise TenantFileError(f"{where}: apiVersion must be {API_VERSION}; write that.")
    return kind


def _load(document: Document, file: Path, maps: dict[str, ConfigMap]) -> LoadedTenant:
    try:
        tenant = ConciergeTenant.model_validate(document.value, by_alias=True, by_name=False)
    except ValidationError as error:
        path, words = first_complaint(error, ConciergeTenant)
        line = document.line_of(path)
        raise TenantFileError(sentence(f"{file}, line {line}: {dotted(path)}", words)) from None
    declared = _inline(tenant, document, file) + _from_config_maps(tenant, document, file, maps)
    _refuse_clashes(tenant, declared)
    code = tenant.spec.property.code
    return LoadedTenant(tenant, [domain_article(code, entry) for entry in declared], file)


def _inline(tenant: ConciergeTenant, document: Document, file: Path) -> list[Declared]:
    def where(index: int) -> str:
        line = document.line_of(("spec", "knowledge", "articles", index))
        return f"{file}, line {line}: spec.knowledge.articles[{index}]"

    return [Declared(article, where(i), file) for i, article in enumerate(tenant.spec.knowledge.articles)]


def _from_config_maps(
    tenant: ConciergeTenant, document: Document, file: Path, maps: dict[str, ConfigMap]
) -> list[Declared]:
    declared: list[Declared] = []
    known = maps
    for index, reference in enumerate(tenant.spec.knowledge.config_maps):
        if reference.name not in known:
            known = config_maps_beside(reference.name, file) | known
        if reference.name not in known:
            line = document.line_of(("spec", "knowledge", "configMaps", index))
            raise TenantFileError(
                f'{file}, line {line}: spec.knowledge.configMaps[{index}]: there is no ConfigMap "{reference.name}" in '
                f"this file or in a .yaml file beside it; add it or take the line out."
            )
        declared += articles_of(known[reference.name])
    return declared


def _refuse_clashes(tenant: ConciergeTenant, declared: list[Declared]) -> None:
    seen: dict[str, str] = {}
    codes = [department.code for department in tenant.spec.property.departments]
    for entry in declared:
        slug, department = entry.article.slug, entry.article.department
        if slug in seen:
            raise TenantFileError(
                f'{entry.where}.slug: "{slug}" is already the slug of an article ({seen[slug]}); give one another slug.'
            )
        if department and department not in codes:
            words = f'the property has no department "{department}"; {suggestion(department, codes)}'
            raise TenantFileError(sentence(f"{entry.where}.department", words))
        seen[slug] = entry.where


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
