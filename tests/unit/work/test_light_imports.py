"""Web processes relay tasks without carrying Celery until there is one to send."""

from __future__ import annotations

import subprocess
import sys


def test_the_sender_brings_no_celery_until_it_is_needed() -> None:
    code = "import sys, concierge_core.work.sender; sys.exit(any(m in sys.modules for m in ('celery', 'kombu')))"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_beat_carries_neither_database_nor_models_of_data() -> None:
    heavy = "('sqlalchemy', 'pydantic', 'langchain', 'fastapi', 'httpx', 'concierge_core.storage')"
    code = f"import sys, concierge_core.work.beat_clock; sys.exit(any(m in sys.modules for m in {heavy}))"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
