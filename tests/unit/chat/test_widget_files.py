"""The widget's files: small enough for hotel Wi-Fi, complete in every language, free of what a strict page forbids."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from concierge_chat.assets import STATIC, assets, by_path, filled, joined, without_comments

LANGUAGES = ("en", "de", "fr", "es", "it", "ar")
MOST_BYTES = 12 * 1024
MODULES = sorted(path.name for path in STATIC.glob("*.js") if path.name != "widget.js")


def texts(language: str) -> dict[str, str]:
    """The sentences of a language, read without running any JavaScript: one `key: "sentence",` a line."""
    first, *lines, last = (STATIC / f"texts-{language}.js").read_text(encoding="utf-8").splitlines()
    assert (first, last) == ("export default {", "};")
    pairs = [re.fullmatch(r'  (\w+): "([^"\\]+)",', line) for line in lines]
    return {pair[1]: pair[2] for pair in pairs if pair}


def placeholders(language: str) -> dict[str, list[str]]:
    return {key: sorted(re.findall(r"\{(\w+)\}", sentence)) for key, sentence in texts(language).items()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_guest_downloads_is_at_most_12_kb_gzipped(language: str) -> None:
    chat = assets()["concierge-chat.js"]
    loader = filled("widget.js", {"widget_src": chat.path}).encode()
    parts = [len(gzip.compress(loader, 9)), len(chat.gzipped), len(assets()[f"texts-{language}.js"].gzipped)]

    print(f"{language}: loader {parts[0]} + chat with styles {parts[1]} + texts {parts[2]} = {sum(parts)} bytes")
    assert sum(parts) <= MOST_BYTES


def test_the_hosted_page_adds_little() -> None:
    extra = len(assets()["page.js"].gzipped) - len(assets()["concierge-chat.js"].gzipped)

    assert extra + len(assets()["page.css"].gzipped) <= 2 * 1024


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_text_with_the_same_placeholders(language: str) -> None:
    lines = (STATIC / f"texts-{language}.js").read_text(encoding="utf-8").splitlines()

    assert placeholders(language) == placeholders("en")
    assert len(texts(language)) == len(lines) - 2


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_hardly_a_text_is_the_same_as_in_english(language: str) -> None:
    same = {key for key, sentence in texts(language).items() if sentence == texts("en")[key]}

    assert same <= {"title", "text", "log", "email", "name"}


def test_every_text_that_the_code_asks_for_exists_and_every_text_is_asked_for() -> None:
    code = "".join((STATIC / name).read_text(encoding="utf-8") for name in MODULES if not name.startswith("texts-"))
    named = {key for key in texts("en") if re.search(rf"\b{key}\b", code)}

    assert set(re.findall(r"\btexts\.(\w+)", code)) <= set(texts("en"))
    assert set(texts("en")) <= named


def test_modules_that_are_sent_together_declare_no_name_twice() -> None:
    sources = [(STATIC / name).read_text(encoding="utf-8") for name in MODULES if not name.startswith("texts-")]
    declaration = re.compile(r"^(?:export )?(?:async )?(?:const|let|function|class) (\w+)", re.MULTILINE)
    declared = [name for source in sources for name in declaration.findall(source)]

    assert len(declared) > 30
    assert sorted(declared) == sorted(set(declared))


@pytest.mark.parametrize("name", ["concierge-chat.js", "page.js"])
def test_a_module_is_sent_with_all_it_imports_and_each_of_them_once(name: str) -> None:
    source = joined(name)

    assert "\nimport " not in source
    assert not re.search(r"^export ", source, re.MULTILINE)
    assert source.count("class ConciergeChat ") == 1
    assert source.count("const EMPTY ") == 1
    assert source.index("const EMPTY ") < source.index("class ConciergeChat ")


def test_imports_that_remain_have_hashed_names_that_exist() -> None:
    found = re.findall(r'"\./([^"]+\.js)"', assets()["concierge-chat.js"].body.decode())

    assert len(found) == len(LANGUAGES)
    assert {f"/assets/{name}" for name in found} <= set(by_path())


def test_only_comments_and_indentation_are_left_out() -> None:
    source = '/** A doc\n * block. */\n  const url = "https://x"; // why\n\n  // alone\n  send({\n    url,\n  });\n'

    assert without_comments(source) == 'const url = "https://x";send({url,});'


FORBIDDEN = ("innerHTML", "outerHTML", "insertAdjacentHTML", "eval(", "new Function", "document.write", "javascript:")


@pytest.mark.parametrize("name", [*MODULES, "widget.js"])
def test_nothing_is_ever_read_as_markup_or_code(name: str) -> None:
    source = without_comments((STATIC / name).read_text(encoding="utf-8"))

    assert [word for word in FORBIDDEN if word in source] == []
    assert 'setAttribute("style"' not in source


@pytest.mark.parametrize("name", ["page.html", "example.html"])
def test_pages_need_no_inline_script_and_no_style_attribute(name: str) -> None:
    html = (STATIC / name).read_text(encoding="utf-8")

    assert re.findall(r"<script(?![^>]*(?:src=|type=\"application/json\"))", html) == []
    assert " style=" not in html
    assert re.findall(r"\son\w+=", html) == []


def test_the_page_has_only_the_agreed_placeholders() -> None:
    html = (STATIC / "page.html").read_text(encoding="utf-8")
    agreed = {"title", "lang", "dir", "theme_css", "config_json", "description", "no_script", "contact"}

    assert set(re.findall(r"\{\{(\w+)\}\}", html)) == agreed


def test_a_changed_file_gets_a_new_name_and_so_does_what_imports_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from concierge_chat import assets as module

    def names() -> dict[str, str]:
        module.assets.cache_clear()
        return {name: asset.path for name, asset in module.assets().items()}

    for file in STATIC.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    monkeypatch.setattr(module, "STATIC", tmp_path)
    before = names()
    changed = tmp_path / "texts-de.js"
    changed.write_text(changed.read_text(encoding="utf-8").replace("Senden", "Abschicken"), encoding="utf-8")
    after = names()
    module.assets.cache_clear()

    different = {name for name in before if before[name] != after[name]}
    assert different == {"texts-de.js", "concierge-chat.js", "page.js"}
