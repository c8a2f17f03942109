"""Articles of mounted ConfigMaps, stored by one process of a property while guests are answered."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from concierge_core.domain.knowledge import Origin
from concierge_core.mounted_knowledge import LEASE_SECONDS, MountedKnowledge
from concierge_core.runtime import Runtime
from concierge_core.testing import FrozenClock


@pytest.fixture
def node(tmp_path: Path) -> Callable[..., Path]:
    """The knowledge folder of a node, with this text in its one ConfigMap."""

    def make(name: str, text: str) -> Path:
        folder = tmp_path / name / "house"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "next").write_text(text, "utf-8")
        (folder / "next").replace(folder / "articles.yaml")
        return folder.parent

    return make


def article(answer: str) -> str:
    return f'- slug: pool\n  text: {{en: {{question: "When is the pool open?", answer: "{answer}"}}}}\n'


async def answers(rt: Runtime) -> list[str]:
    async with rt.store.read() as unit:
        known = await unit.articles.all(rt.tenant_id)
    return [a.texts["en"].answer for a in known if a.origin is Origin.DECLARED]


async def test_what_is_mounted_is_stored_and_stored_again_when_it_changes(
    make_runtime: Callable[..., Runtime], node: Callable[..., Path]
) -> None:
    rt = make_runtime()
    keeper = MountedKnowledge(rt, node("a", article("Till nine.")))
    await keeper.look()
    first = await answers(rt)
    node("a", article("Till ten."))
    await keeper.look()

    assert (first, await answers(rt)) == (["Till nine."], ["Till ten."])


async def test_an_article_with_a_mistake_leaves_the_ones_before_in_place_until_it_is_mended(
    make_runtime: Callable[..., Runtime], node: Callable[..., Path]
) -> None:
    rt = make_runtime()
    keeper = MountedKnowledge(rt, node("a", article("Till nine.")))
    await keeper.look()
    node("a", "- slug: [")
    await keeper.look()
    meanwhile = await answers(rt)
    node("a", article("Till ten."))
    await keeper.look()

    assert (meanwhile, await answers(rt)) == (["Till nine."], ["Till ten."])


async def test_a_node_that_hears_of_a_change_later_does_not_undo_it(
    make_runtime: Callable[..., Runtime], node: Callable[..., Path]
) -> None:
    early, late = make_runtime(), make_runtime()
    one = MountedKnowledge(early, node("a", article("Till nine.")))
    other = MountedKnowledge(late, node("b", article("Till nine.")))
    await one.look()
    node("a", article("Till ten."))
    await one.look()
    await other.look()

    assert await answers(late) == ["Till ten."]


async def test_another_process_follows_when_the_first_is_gone(
    make_runtime: Callable[..., Runtime], node: Callable[..., Path]
) -> None:
    clock = FrozenClock()
    one = MountedKnowledge(make_runtime(clock=clock), node("a", article("Till nine.")))
    rt = make_runtime(clock=clock)
    other = MountedKnowledge(rt, node("b", article("Till ten.")))
    await one.look()
    await other.look()
    before = await answers(rt)
    clock.advance(LEASE_SECONDS + 1)
    await other.look()

    assert (before, await answers(rt)) == (["Till nine."], ["Till ten."])
