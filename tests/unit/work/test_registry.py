"""Tasks by name."""

from __future__ import annotations

import pytest

from concierge_core.work import names
from concierge_core.work.registry import is_plain, load_tasks, task


def test_every_name_has_a_task() -> None:
    listed = {value for key, value in vars(names).items() if key.isupper()}

    assert listed == load_tasks().keys()


def test_a_name_is_taken_once() -> None:
    async def other() -> None: ...

    load_tasks()
    with pytest.raises(ValueError, match="two tasks"):
        task(names.ROLLUP)(other)


def test_arguments_are_ids_and_short_codes() -> None:
    assert is_plain({"conversation_id": "0" * 32, "number": 4})
    assert not is_plain({"text": "x" * 500})
    assert not is_plain({"guest": {"name": "Ada"}})
