"""Articles in mounted ConfigMaps: folders of their names, with a file per key."""

from __future__ import annotations

from pathlib import Path

import pytest

from concierge_core.errors import TenantFileError
from concierge_core.tenant.loader import load_tenant_files
from concierge_core.tenant.mounted import marks, mounted_articles

MANIFEST = Path(__file__).parents[3] / "manifests" / "minimal.yaml"
TENANT = load_tenant_files([MANIFEST])[0].tenant
ARTICLE = """
- slug: {slug}
  text: {{en: {{question: "{slug}?", answer: "{answer}"}}}}
"""


def mount(folder: Path, name: str, key: str = "articles.yaml", **articles: str) -> None:
    """As the kubelet does it: the key is a link into the folder of the moment."""
    (folder / name / "..today").mkdir(parents=True, exist_ok=True)
    text = "".join(ARTICLE.format(slug=slug, answer=answer) for slug, answer in articles.items()) or "[]"
    (folder / name / "..today" / key).write_text(text, "utf-8")
    (folder / name / key).unlink(missing_ok=True)
    (folder / name / key).symlink_to(f"..today/{key}")


def test_the_articles_of_all_config_maps_are_read_though_their_keys_have_the_same_name(tmp_path: Path) -> None:
    mount(tmp_path, "house", pool="Open till ten.")
    mount(tmp_path, "table", dinner="From six.")
    mount(tmp_path, "not-there-yet")

    read = mounted_articles(tmp_path, TENANT)

    assert [article.slug for article in read] == ["pool", "dinner"]


def test_an_article_is_the_same_as_the_one_that_stands_in_the_yaml_itself(tmp_path: Path) -> None:
    inline = load_tenant_files([MANIFEST])[0].articles[0]
    mount(tmp_path, "house", breakfast="From seven.")

    (read,) = mounted_articles(tmp_path, TENANT)

    assert len(read.id) == len(inline.id)
    assert read.origin is inline.origin


def test_all_mistakes_are_told_with_config_map_key_and_remedy(tmp_path: Path) -> None:
    mount(tmp_path, "house", pool="Open till ten.")
    mount(tmp_path, "spa", pool="Open till nine.")
    mount(tmp_path, "table", key="menu.yaml")
    (tmp_path / "table" / "..today" / "menu.yaml").write_text("dinner: at six")

    with pytest.raises(TenantFileError) as refused:
        mounted_articles(tmp_path, TENANT)

    broken, doubled = refused.value.sentences
    assert broken == 'ConfigMap "table", data.menu.yaml: must be a YAML list of articles; begin each with "- slug: …".'
    assert '"pool" is already the slug of an article (ConfigMap "house", data.articles.yaml' in doubled


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", 'must be a YAML list of articles; begin each with "- slug: …".'),
        (b"\xff\xfe", "is not UTF-8 text; save it in UTF-8."),
    ],
)
def test_a_key_that_holds_no_text_of_articles_is_told_by_its_name(tmp_path: Path, content: bytes, told: str) -> None:
    mount(tmp_path, "house", pool="Open till ten.")
    (tmp_path / "house" / "..today" / "articles.yaml").write_bytes(content)

    with pytest.raises(TenantFileError) as refused:
        mounted_articles(tmp_path, TENANT)

    assert refused.value.sentences == (f'ConfigMap "house", data.articles.yaml: {told}',)


def test_a_swapped_folder_is_noticed_without_reading_it(tmp_path: Path) -> None:
    mount(tmp_path, "house", pool="Open till ten.")
    before = marks(tmp_path)
    same = marks(tmp_path)
    (tmp_path / "house" / "..today" / "articles.yaml").unlink()
    mount(tmp_path, "house", pool="Open till two.")

    assert before == same
    assert before != marks(tmp_path)
