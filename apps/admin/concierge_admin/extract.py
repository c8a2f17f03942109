"""Collect the dashboard's texts for translators: `python -m concierge_admin.extract` rewrites `catalogue/en.json`.

A translation is a copy of that file under its language's name (`catalogue/de.json`) with the right-hand sides changed;
counted texts have a list of two forms. No code changes.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

from jinja2.ext import babel_extract

_HERE = Path(__file__).parent
CATALOGUE = _HERE / "catalogue" / "en.json"
_ONE = {"N_", "say", "gettext", "_"}
_COUNTED = {"ngettext"}
Texts = dict[str, str | list[str]]


def texts() -> Texts:
    """Every text, as the catalogue holds it."""
    found: Texts = {}
    for path in sorted((_HERE / "templates").rglob("*.html")):
        found |= dict(_of_template(path))
    for path in sorted(_HERE.glob("*.py")):
        found |= dict(_of_module(path))
    return dict(sorted(found.items()))


def written(found: Texts) -> str:
    """The file's content."""
    return json.dumps(found, ensure_ascii=False, indent=1) + "\n"


def _of_template(path: Path) -> Iterator[tuple[str, str | list[str]]]:
    with path.open("rb") as file:
        for _, function, message, _ in babel_extract(file, (*_ONE, *_COUNTED), [], {"silent": "false"}):
            strings = [m for m in (message if isinstance(message, tuple) else (message,)) if isinstance(m, str)]
            if strings:
                yield strings[0], strings[:2] if function in _COUNTED else strings[0]


def _of_module(path: Path) -> Iterator[tuple[str, str | list[str]]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        strings = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
        if name in _COUNTED and len(strings) >= 2:
            yield strings[0], strings[:2]
        elif name in _ONE and strings:
            yield strings[0], strings[0]


if __name__ == "__main__":
    CATALOGUE.write_text(written(texts()), encoding="utf-8")
