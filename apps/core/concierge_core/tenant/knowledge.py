"""`spec.knowledge` and the articles in it or in ConfigMaps."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from concierge_core.tenant.values import Code, Day, LanguageCode, ObjectName, Section, WebAddress, problem

Question = Annotated[str, Field(min_length=2, max_length=300)]
Answer = Annotated[str, Field(min_length=2, max_length=4000)]


def _slug(value: str) -> str:
    if len(value) > 80:
        raise problem(f'"{value}" is longer than 80 characters; shorten it')
    return value


class ArticleTextSpec(Section):
    """An article in one language."""

    question: Question
    """The question as a guest would ask it, 2 to 300 characters."""
    also_asked: Annotated[list[Question], Field(max_length=20)] = Field(default_factory=list)
    """Other ways to ask it; they help it to be found."""
    answer: Answer
    """The answer, complete in itself, 2 to 4000 characters of plain text."""


class KnowledgeArticle(Section):
    """One fact of the property, or a few that belong together."""

    slug: Annotated[str, Field(min_length=2, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$"), AfterValidator(_slug)]
    """Stable name, unique in the property: lower-case words with dashes, such as "breakfast-hours"; at most 80."""
    topic: Code | None = None
    """Group it is listed under, such as "breakfast"."""
    department: Code | None = None
    """Department that answers for it and gets questions that go further."""
    verbatim: bool = False
    """The answer is given word for word (safety, prices, policies)."""
    valid_from: Day | None = None
    """First day on which it is true."""
    valid_to: Day | None = None
    """Last day on which it is true."""
    text: Annotated[dict[LanguageCode, ArticleTextSpec], Field(min_length=1)]
    """Question and answer per language."""

    @model_validator(mode="after")
    def _in_order(self) -> KnowledgeArticle:
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            raise problem("lies before validFrom; swap the two dates", field="validTo")
        return self


class ConfigMapRef(Section):
    """A ConfigMap with articles; on one machine it is looked up in the same file, then in the same folder."""

    name: ObjectName
    """Name of the ConfigMap. Each of its data values is a YAML list of articles."""


class KnowledgeUrl(Section):
    """A web page whose text becomes knowledge."""

    url: WebAddress
    """Address of the page."""
    language: LanguageCode | None = None
    """Language of the page; found out if absent."""
    refresh_hours: Annotated[int, Field(ge=1, le=720)] = 24
    """How often it is read again; 1 to 720 h."""


class Knowledge(Section):
    """What the concierge knows: inline articles, ConfigMaps, web pages."""

    articles: Annotated[list[KnowledgeArticle], Field(max_length=2000)] = Field(default_factory=list)
    """Articles written right here."""
    config_maps: Annotated[list[ConfigMapRef], Field(max_length=50)] = Field(default_factory=list)
    """ConfigMaps with more articles."""
    urls: Annotated[list[KnowledgeUrl], Field(max_length=50)] = Field(default_factory=list)
    """Web pages to read."""
