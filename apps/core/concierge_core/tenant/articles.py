"""Articles as files declare them: in ConfigMaps, and turned into the domain's."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from concierge_core.domain.ids import ArticleId
from concierge_core.domain.knowledge import Article, ArticleText, Origin
from concierge_core.errors import TenantFileError
from concierge_core.tenant.complaints import complaints, dotted, noted, refuse, sentence
from concierge_core.tenant.documents import Document, mentions, parse, read_text, yaml_files
from concierge_core.tenant.knowledge import KnowledgeArticle

_ARTICLES = TypeAdapter(list[KnowledgeArticle])


@dataclass(frozen=True, slots=True)
class ConfigMap:
    """A ConfigMap document and where it stands."""

    name: str
    document: Document
    source: Path


@dataclass(frozen=True, slots=True)
class Declared:
    """An article and where it stands, for errors."""

    article: KnowledgeArticle
    where: str
    source: Path


def config_maps(documents: Iterable[Document], file: Path) -> dict[str, ConfigMap]:
    """The ConfigMaps among these documents of `file`, by name."""
    maps: dict[str, ConfigMap] = {}
    for document in documents:
        if not isinstance(document.value, dict) or document.value.get("kind") != "ConfigMap":
            continue
        metadata = document.value.get("metadata")
        name = str(metadata.get("name", "")) if isinstance(metadata, dict) else ""
        line = document.line_of(("metadata", "name"))
        if not name:
            raise TenantFileError(f"{file}, line {line}: the ConfigMap has no metadata.name; give it one.")
        if name in maps:
            raise TenantFileError(f'{file}, line {line}: the ConfigMap "{name}" appears twice; rename or join them.')
        maps[name] = ConfigMap(name, document, file)
    return maps


def config_maps_beside(name: str, file: Path) -> dict[str, ConfigMap]:
    """The ConfigMaps of the first other .yaml file in the same folder that has one of this name; else none."""
    for sibling in yaml_files(file.parent):
        # Files that never say the name are not parsed: an unrelated broken one must not stop this property.
        if sibling.resolve() == file.resolve() or not mentions(sibling, name):
            continue
        maps = config_maps(parse(read_text(sibling), str(sibling)), sibling)
        if name in maps:
            return maps
    return {}


def articles_of(config_map: ConfigMap) -> list[Declared]:
    """The articles of all its data values, in order."""
    data = config_map.document.value.get("data")
    if not isinstance(data, dict) or not data:
        line = config_map.document.line_of(("data",))
        raise TenantFileError(
            f'{config_map.source}, line {line}: the ConfigMap "{config_map.name}" has no data; '
            f"add a key whose text is a YAML list of articles."
        )
    found: list[Declared] = []
    mistakes: list[str] = []
    for key, text in data.items():
        with noted(mistakes):
            found += _articles_under(config_map, str(key), text)
    refuse(mistakes)
    return found


def _articles_under(config_map: ConfigMap, key: str, text: Any) -> list[Declared]:
    where = f'{config_map.source}, ConfigMap "{config_map.name}", data.{key}'
    if not isinstance(text, str):
        raise TenantFileError(f"{where}: must be a text; write | after the key and indent the articles below it.")
    first_line = config_map.document.text_line_of(("data", key))
    return articles_in(text, where, config_map.source, first_line=first_line)


def articles_in(text: str, where: str, source: Path, *, first_line: int = 1) -> list[Declared]:
    """The articles of a YAML list. `where` names it in errors, `first_line` is the line on which it begins there."""
    documents = parse(text, where, first_line=first_line)
    if len(documents) != 1 or not isinstance(documents[0].value, list):
        raise TenantFileError(f'{where}: must be a YAML list of articles; begin each with "- slug: …".')
    inner = documents[0]

    def place(path: tuple[str | int, ...]) -> str:
        return f"{where}, line {inner.line_of(path) - 1 + first_line}: {dotted(path)}"

    try:
        articles = _ARTICLES.validate_python(inner.value, by_alias=True, by_name=False)
    except ValidationError as error:
        told = [sentence(place(path), words) for path, words in complaints(error, list[KnowledgeArticle])]
        raise TenantFileError(*told) from None
    return [Declared(article, place((i,)), source) for i, article in enumerate(articles)]


def domain_article(code: str, entry: Declared) -> Article:
    """The domain's article; its id is the same at every start, its date the file's."""
    article = entry.article
    return Article(
        id=ArticleId(hashlib.sha256(f"declared:{code}:{article.slug}".encode()).hexdigest()[:32]),
        slug=article.slug,
        origin=Origin.DECLARED,
        texts={
            language: ArticleText(text.question, text.answer, tuple(text.also_asked))
            for language, text in article.text.items()
        },
        content_hash=content_hash(article),
        updated_at=datetime.fromtimestamp(entry.source.stat().st_mtime, UTC),
        topic=article.topic,
        department=article.department,
        verbatim=article.verbatim,
        valid_from=article.valid_from,
        valid_to=article.valid_to,
    )


def content_hash(article: KnowledgeArticle) -> str:
    """Changes when anything that the YAML says about the article changes; 64 hex digits."""
    said = article.model_dump(mode="json", exclude_defaults=True)
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
