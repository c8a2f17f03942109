"""The manifests we ship: they load, they are complete, and their languages are whole."""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from concierge_core.tenant.documents import parse
from concierge_core.tenant.explain import FieldDoc, fields
from concierge_core.tenant.loader import LoadedTenant, load_tenant_files

MANIFESTS = Path(__file__).resolve().parents[3] / "manifests"
HOTELS = ("strandhaus-ruegen", "lavigie-marseille", "sidrabay-oman")
OURS = {"en", "de", "fr", "es", "it", "ar"}


@cache
def hotel(name: str) -> LoadedTenant:
    (loaded,) = load_tenant_files([MANIFESTS / f"{name}.yaml"])
    return loaded


def test_all_manifests_load_together() -> None:
    codes = [loaded.tenant.spec.property.code for loaded in load_tenant_files([MANIFESTS])]
    assert {*HOTELS, "pension-lindenhof", "hotel-alle-felder"} <= set(codes)


def test_the_hotels_speak_all_our_languages_between_them() -> None:
    assert {language for name in HOTELS for language in hotel(name).tenant.spec.property.languages} == OURS


@pytest.mark.parametrize("name", HOTELS)
def test_a_hotel_knows_sixty_facts_and_the_most_asked_in_all_its_languages(name: str) -> None:
    loaded = hotel(name)
    house, articles = loaded.tenant.spec.property, loaded.articles
    assert len({article.slug for article in articles}) == len(articles) >= 60
    assert all({house.default_language, "en"} <= set(article.texts) <= set(house.languages) for article in articles)
    assert sum(set(article.texts) == set(house.languages) for article in articles) >= 25
    assert {"wifi", "breakfast-hours", "check-in", "check-out", "parking", "pool", "pets"} <= {
        article.slug for article in articles if set(article.texts) == set(house.languages)
    }


@pytest.mark.parametrize("name", HOTELS)
def test_every_question_has_one_to_four_other_wordings_and_no_two_facts_share_one(name: str) -> None:
    for language in hotel(name).tenant.spec.property.languages:
        texts = [article.texts[language] for article in hotel(name).articles if language in article.texts]
        assert all(1 <= len(text.also_asked) <= 4 for text in texts)
        questions = [text.question.casefold() for text in texts]
        assert len(set(questions)) == len(questions)


@pytest.mark.parametrize("name", HOTELS)
def test_all_languages_of_a_fact_say_the_same_figures(name: str) -> None:
    for article in hotel(name).articles:
        figures = {language: _figures(text.answer) for language, text in article.texts.items()}
        reference = figures["en"]
        for language, found in figures.items():
            assert found == reference, f"{name}: {article.slug}: en {sorted(reference)} but {language} {sorted(found)}"


@pytest.mark.parametrize("name", HOTELS)
def test_the_facts_agree_with_the_property(name: str) -> None:
    loaded = hotel(name)
    house = loaded.tenant.spec.property
    said = {article.slug: _figures(article.texts["en"].answer) for article in loaded.articles}
    assert _figures(house.check_in) <= said["check-in"]
    assert _figures(house.check_out) <= said["check-out"]
    assert _figures(loaded.tenant.spec.ai.tools.late_check_out.latest) <= said["late-check-out"]
    assert str(house.rooms) in {figure for figures in said.values() for figure in figures}


@pytest.mark.parametrize("name", HOTELS)
def test_addresses_are_of_nobody_and_config_maps_small_enough_to_apply(name: str) -> None:
    text = (MANIFESTS / f"{name}.yaml").read_text("utf-8")
    domains = re.findall(r"(?:https?://|@)([\w.-]+\.\w+)", text)
    assert domains
    assert all(domain.endswith(".example") for domain in domains)
    # kubectl keeps a copy in an annotation of at most 262,144 bytes.
    assert all(len(document.encode()) < 200_000 for document in text.split("\n---\n"))


def test_other_yaml_readers_read_the_same() -> None:
    """kubectl and PyYAML read YAML 1.1; nothing we ship may mean something else there."""
    for path in MANIFESTS.glob("*.yaml"):
        text = path.read_text("utf-8")
        ours = [document.value for document in parse(text, str(path))]
        assert [_days_as_text(document) for document in yaml.safe_load_all(text)] == ours


def test_complete_shows_every_field() -> None:
    text = (MANIFESTS / "complete.yaml").read_text("utf-8")
    shown = set(_paths(next(yaml.safe_load_all(text)), ""))
    commented = set(re.findall(r"# (\w+): ", text))
    assert not [field.path for field in fields() if not _is_shown(field, shown, commented)]


def test_minimal_needs_each_of_its_lines() -> None:
    document = next(yaml.safe_load_all((MANIFESTS / "minimal.yaml").read_text("utf-8")))
    required = {field.path for field in fields() if field.required and "[]" not in field.path and "<" not in field.path}
    shown = set(_paths(document, ""))
    assert {path for path in required if path.count(".") < 2 or path.startswith("spec.property.")} <= shown


def _is_shown(field: FieldDoc, shown: set[str], commented: set[str]) -> bool:
    last = field.path.rsplit(".", 1)[-1]
    pattern = re.escape(field.path).replace("<name>", r"[^.\[]+")
    if field.shared:  # explained once, so shown once
        return any(path.rsplit(".", 1)[-1] == last for path in shown)
    return any(re.fullmatch(pattern, path) for path in shown) or last in commented


def _paths(value: Any, prefix: str) -> list[str]:
    if isinstance(value, dict):
        found = []
        for key, part in value.items():
            path = f"{prefix}.{key}" if prefix else key
            found += [path, *_paths(part, path)]
        return found
    return [path for part in value for path in _paths(part, f"{prefix}[]")] if isinstance(value, list) else []


def _days_as_text(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _days_as_text(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_days_as_text(part) for part in value]
    return value.isoformat() if isinstance(value, date) else value


def _figures(text: str) -> set[str]:
    """Numbers by value: 3:00 pm, 15:00, 15 h 00 and 15 Uhr are the same; 1,000 and 1.000 too."""
    text = text.replace("\u200e", "").replace("\u00a0", " ")
    found: set[str] = set()

    def clock(match: re.Match[str]) -> str:
        hour, minute = int(match[1]), int(match[2] or 0)
        half = (match[3] or "").lower()
        hour = hour % 12 + (12 if half in ("pm", "noon", "مساءً", "ظهرًا") else 0) if half else hour
        found.add(f"{hour % 24}:{minute:02}")
        return " "

    # A range says am or pm once, for both: "6:30–10:30 pm".
    text = re.sub(r"(\d:\d\d)( to |–| إلى )(\d+:\d\d) (am|pm|صباحًا|مساءً)", r"\1 \4 \3 \4", text)
    text = re.sub(r"(?<!\d)(\d{1,2})(?::| h )(\d\d)\b(?: (am|pm|noon|صباحًا|مساءً|ظهرًا|ليلًا))?", clock, text)
    text = re.sub(r"(?<!\d)(\d{1,2})() (pm)\b", clock, text)  # not am, which is a German word
    found |= {"0:00"} if re.search("midnight|minuit|medianoche|mezzanotte|منتصف الليل", text) else set()
    found |= {"12:00"} if re.search(r"\bnoon\b", text) else set()
    text = re.sub(r"(?<!\d)(\d)[., ](?=\d{3}\b)", r"\1", text)
    return found | {number.replace(",", ".") for number in re.findall(r"\d+(?:[.,]\d+)?", text)}
