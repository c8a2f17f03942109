"""Whole renderings of every property in `manifests/`, kept beside this test and read when they change.

`UPDATE_GOLDEN=1 pytest tests/unit/operator/test_golden.py` writes them again; look at the difference before you commit.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from rendered import MANIFESTS, rendered

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda p: p.stem)
def test_the_rendering_is_the_one_that_was_read(path: Path) -> None:
    text = yaml.safe_dump_all(rendered(path), sort_keys=True, allow_unicode=True, width=120)
    kept = GOLDEN / path.name
    if os.environ.get("UPDATE_GOLDEN"):
        kept.write_text(text, encoding="utf-8")

    assert text == kept.read_text(encoding="utf-8"), "if you meant it: UPDATE_GOLDEN=1, then read the difference"
