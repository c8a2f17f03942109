import gzip
import hashlib
import re
from pathlib import Path

import concierge_admin
from concierge_admin.assets import Assets

STATIC = Path(concierge_admin.__file__).parent / "static"


def test_a_file_has_a_name_that_changes_with_its_content() -> None:
    one, two = Assets({"theme.css": b"a{}"}), Assets({"theme.css": b"b{}"})

    assert re.fullmatch(r"/admin/assets/theme\.[0-9a-f]{16}\.css", one.url("theme.css"))
    assert one.url("theme.css") != two.url("theme.css")


def test_a_file_is_found_under_its_hashed_name_only() -> None:
    assets = Assets()
    found = assets.get(assets.url("admin.css").removeprefix("/admin/assets/"))

    assert found is not None
    assert gzip.decompress(found.gzipped) == found.body
    assert assets.get("admin.css") is None
    assert assets.get("../assets.py") is None


def test_vendored_files_are_the_ones_that_the_readme_names() -> None:
    named = dict(re.findall(r"\| `([\w.]+)` .*`([0-9a-f]{64})` \|", (STATIC / "vendor/README.md").read_text("utf-8")))
    there = {
        p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in (STATIC / "vendor").iterdir() if p.suffix != ".md"
    }

    assert named == there


def test_the_first_load_of_a_page_is_light() -> None:
    assets = Assets({"theme.css": b""})
    names = ["vendor/bootstrap.min.css", "vendor/htmx.min.js", "admin.css", "admin.js", "live.js", "theme.js"]
    sizes = [len(assets.get(assets.url(n).rpartition("/")[2]).gzipped) for n in names]  # type: ignore[union-attr]

    assert sum(sizes) < 80 * 1024
