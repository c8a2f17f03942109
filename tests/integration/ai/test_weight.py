"""Without a key the process stays small: nothing of the model libraries is imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_ASKED = """
import sys
from pathlib import Path
import concierge_ai.main
from concierge_ai.index import Index
from concierge_ai.understanding import read
from concierge_core.tenant.loader import load_tenant_files

loaded = load_tenant_files([Path(sys.argv[1])])[0]
house = loaded.tenant.spec.property
index = Index(loaded.articles, default_language=house.default_language, names=(house.name,))
for language in house.languages:
    reading = read(["When is breakfast? Wann gibt es Frühstück?"], [], languages=house.languages, current=language)
    index.search(reading.text, language)
heavy = [m for m in ("langchain", "langchain_core", "google.genai", "numpy", "aiohttp") if m in sys.modules]
assert not heavy, heavy
print(int(Path("/proc/self/statm").read_text().split()[1]) * 4096 // 2**20)
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc")
def test_without_a_key_the_ai_process_weighs_at_most_120_megabytes() -> None:
    manifest = Path(__file__).parents[3] / "manifests" / "strandhaus-ruegen.yaml"
    done = subprocess.run([sys.executable, "-c", _ASKED, str(manifest)], capture_output=True, text=True, check=True)
    assert int(done.stdout) <= 120
