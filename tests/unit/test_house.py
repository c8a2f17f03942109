"""The house rules that a machine can check (CONTRIBUTING.md says them in words)."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONG_MODULES: dict[str, str] = {
    "apps/core/concierge_core/ports.py": "one page of protocols, no code",
    "apps/core/concierge_core/storage/schema.py": "the tables, side by side; no code",
}
LONG_FUNCTIONS: dict[str, str] = {}
FORBIDDEN_NAMES = {"utils", "helpers", "common", "manager", "base", "misc"}


def tracked(*patterns: str) -> list[Path]:
    """Files of the repository: what git tracks, or what lies there where git can't say."""
    git = shutil.which("git")
    if git is not None:
        listed = subprocess.run([git, "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=False)
        if listed.returncode == 0:
            return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]
    return [p for p in _lying_there(ROOT) if not patterns or any(p.match(pattern) for pattern in patterns)]


def _lying_there(folder: Path) -> Iterator[Path]:
    made_here = {"__pycache__", "node_modules", "build", "dist"}
    for path in sorted(folder.iterdir()):
        if path.is_file():
            yield path
        elif path.name not in made_here and (not path.name.startswith(".") or path.name == ".ci"):
            yield from _lying_there(path)


# Migrations are written once, by a tool, and never touched again.
SOURCES = [p for p in tracked("*.py") if not {"vendor", "migrations"} & set(p.parts)]


def test_there_is_something_to_check():
    assert len(SOURCES) > 50


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_modules_and_functions_are_short_enough_to_be_said_in_one_sentence(path: Path):
    name = str(path.relative_to(ROOT))
    text = path.read_text(encoding="utf-8")
    functions = (n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))
    long = [f"{f.name} ({f.end_lineno - f.lineno + 1} lines)" for f in functions if f.end_lineno - f.lineno >= 50]

    assert text.count("\n") <= 400 or name in LONG_MODULES
    assert not [f for f in long if f"{name}:{f.split()[0]}" not in LONG_FUNCTIONS]


def test_no_module_is_called_after_nothing():
    assert not [p for p in SOURCES if p.stem in FORBIDDEN_NAMES]


def test_every_module_says_what_it_is():
    product = [p for p in SOURCES if p.parts[len(ROOT.parts)] != "tests" and p.read_text(encoding="utf-8").strip()]
    silent = [p for p in product if not _docstring(p)]

    assert not silent


def test_the_readme_is_short():
    assert (ROOT / "README.md").read_text(encoding="utf-8").count("\n") <= 120


def test_every_file_that_the_architecture_names_is_there():
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:apps|docs|tests)/[\w./-]+)`", text)

    assert named
    assert not [n for n in named if not (ROOT / n).exists()]


def test_links_in_the_documents_lead_somewhere():
    link = re.compile(r"\]\((?!https?:|mailto:|#)([^)#]+)")
    targets = [(d, target) for d in tracked("*.md") for target in link.findall(d.read_text(encoding="utf-8"))]
    broken = [f"{d.relative_to(ROOT)} → {target}" for d, target in targets if not (d.parent / target).exists()]

    assert not broken


def test_nothing_names_a_machine_or_leaves_work_for_later():
    # Spelled apart, so that this file doesn't find itself.
    words = [r"(?<!\w)/(?:wo" + r"rk|ro" + r"ot|ho" + r"me)/\w", r"\bTO" + r"DO\b", r"\bFIX" + r"ME\b", r"\bXX" + "X:"]
    traces = re.compile("|".join(words))
    kept = {".py", ".md", ".yaml", ".toml", ".js", ".html", ".css", ".json", ""}
    read = [p for p in tracked() if p.suffix in kept and "vendor" not in p.parts]
    found = [(p, traces.findall(p.read_text(encoding="utf-8"))) for p in read]

    assert not {str(p.relative_to(ROOT)): hits for p, hits in found if hits}


def _docstring(path: Path) -> str | None:
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
