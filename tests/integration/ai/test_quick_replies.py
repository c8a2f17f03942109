"""Every question that a property offers as a button is answered by its own article, in its language."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from concierge_core.ai_wire import Done
from concierge_core.tenant.loader import LoadedTenant, load_tenant_files

MANIFESTS = sorted((Path(__file__).parents[3] / "manifests").glob("*.yaml"))


def plain(words: str) -> str:
    """Without what a guest would not care about: case, final marks, kinds of spaces."""
    return " ".join(words.replace("\u00a0", " ").replace("\u202f", " ").casefold().strip(" ?.؟").split()).rstrip(" ?؟")


def article_of(loaded: LoadedTenant, language: str, question: str) -> str | None:
    """The title of the article that is asked for in these very words."""
    for article in loaded.articles:
        text = article.texts.get(language)
        if text and plain(question) in map(plain, [text.question, *text.also_asked]):
            return plain(text.question)
    return None


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda path: path.stem)
async def test_every_quick_reply_is_answered_by_its_article_or_is_a_wish(manifest: Path, open_house: Any) -> None:
    (loaded,) = load_tenant_files([manifest])
    house = await open_house(loaded.tenant)
    await house.know(*loaded.articles)

    for language, questions in loaded.tenant.spec.chat.quick_replies.items():
        for question in questions:
            reply = await house.ask(question, language=language)
            if reply.understood.intent == "service_request":
                continue
            assert isinstance(reply.ending, Done), f"{manifest.name}: {language}: {question}: handed off"
            wanted, found = (
                article_of(loaded, language, question),
                [plain(source.title) for source in reply.ending.sources],
            )
            assert wanted in found, f"{manifest.name}: {language}: {question}: {reply.text}"
