"""Which Secrets a hotel uses, what lacks, and when a content counts as changed."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from concierge_operator import names
from concierge_operator.generated import FINGERPRINT_KEY
from concierge_operator.observe import State
from concierge_operator.render.context import Context
from concierge_operator.secret_marks import content_mark, lacking, used_keys, used_names
from rendered import context, small_tenant

contents = st.dictionaries(st.text("abcdef", min_size=1), st.text("abcdef", max_size=8), max_size=5)


def house(**spec: Any) -> Context:
    return context(small_tenant(**spec))


GEMINI = {"ai": {"keySecret": {"name": "gemini", "key": "key"}}}


@settings(deadline=None)
@given(contents, contents)
def test_the_same_content_has_the_same_mark_and_another_has_another(one: dict[str, str], two: dict[str, str]) -> None:
    marks = [content_mark(b"key", {"data": data}) for data in (one, two)]

    assert (marks[0] == marks[1]) is (one == two)


def test_a_mark_says_nothing_to_who_has_not_the_key() -> None:
    assert content_mark(b"one", {"data": {"a": "b"}}) != content_mark(b"two", {"data": {"a": "b"}})


def test_labels_and_the_key_for_marks_itself_change_no_mark() -> None:
    plain = {"data": {"a": "b"}}
    other = {"data": {"a": "b", FINGERPRINT_KEY: "c"}, "metadata": {"labels": {"team": "night"}}}

    assert content_mark(b"key", plain) == content_mark(b"key", other)


def test_a_closed_house_uses_nothing_of_its_owners() -> None:
    closed = house(**GEMINI, suspend={"active": True})

    assert used_names(closed) == [names.GENERATED_SECRET]
    assert used_keys(closed) == []


def test_a_secret_that_is_not_there_is_named_with_what_to_do() -> None:
    ctx = house(**GEMINI)

    found = lacking(used_keys(ctx), {"gemini": None}, ctx)

    assert found is not None
    assert (found.state, found.reason) == (State.FAILED, "SecretMissing")
    assert "house/gemini does not exist. Create it" in found.message


def test_a_key_that_is_not_in_its_secret_is_named() -> None:
    ctx = house(**GEMINI)

    found = lacking(used_keys(ctx), {"gemini": frozenset({"other"})}, ctx)

    assert found is not None
    assert "has no key key" in found.message


def test_nothing_lacks_where_everything_is_there() -> None:
    ctx = house(**GEMINI)
    keys = {ref.name: frozenset({one.key for one in used_keys(ctx)}) for ref in used_keys(ctx)}

    assert lacking(used_keys(ctx), keys, ctx) is None


def test_what_the_databases_operator_makes_is_waited_for_and_is_nobodys_mistake() -> None:
    ctx = house(postgres={"mode": "cloudnativepg"})

    found = lacking(used_keys(ctx), {}, ctx)

    assert found is not None
    assert (found.state, found.reason) == (State.PROGRESSING, "SecretNotThereYet")
