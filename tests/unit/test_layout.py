"""`operator/` is a plain folder: a package there would replace the standard library's `operator`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_operator_is_a_plain_folder():
    assert not (ROOT / "operator" / "__init__.py").exists()


def test_the_standard_librarys_operator_is_what_python_finds_from_the_root():
    found = subprocess.run(
        [sys.executable, "-c", "import operator; print(operator.itemgetter(0)(['stdlib']))"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert found.stdout.strip() == "stdlib"


def test_no_test_folder_is_a_package():
    assert not list((ROOT / "tests").rglob("__init__.py"))


def test_app_folders_are_plain_and_packages_lie_one_level_below():
    apps = [p for p in (ROOT / "apps").iterdir() if p.is_dir()]

    assert apps
    assert not [a for a in apps if (a / "__init__.py").exists()]
    assert all(list(a.glob("concierge_*/py.typed")) for a in apps)
