"""Which tasks there are. A task is an async function of its context and ids; `task` names it, `TASK_MODULES` finds it.

Senders and beat know tasks by name alone; only the worker imports the modules. An app that has work of its own adds the
name of its module here: a string, so the core imports no app.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Any

from concierge_core.runtime import Runtime
from concierge_core.work.work_settings import WorkSettings

TASK_MODULES: tuple[str, ...] = (
    "concierge_core.notifications.tasks",
    "concierge_core.work.rollup_tasks",
    "concierge_core.work.retention_tasks",
)


@dataclass(frozen=True, slots=True)
class TaskContext:
    """What a task is handed: the property, and which outbox entry (if any) it fulfils.

    `entry_id` is None for work that beat began. The same entry may come several times, also after it was done.
    """

    runtime: Runtime
    settings: WorkSettings
    entry_id: int | None = None
    created_at: datetime | None = None


TaskFunction = Callable[..., Awaitable[None]]
_TASKS: dict[str, TaskFunction] = {}


def task(name: str) -> Callable[[TaskFunction], TaskFunction]:
    """Register `async def work(context: TaskContext, *, some_id: str)` under a name that stays for ever."""

    def register(function: TaskFunction) -> TaskFunction:
        if _TASKS.setdefault(name, function) is not function:
            raise ValueError(f"two tasks are called {name}")
        return function

    return register


def load_tasks(modules: tuple[str, ...] = TASK_MODULES) -> dict[str, TaskFunction]:
    """Import the modules; all tasks by name."""
    for module in modules:
        import_module(module)
    return dict(_TASKS)


class GiveUp(Exception):
    """Trying again would not help: the task is over, and the log says why."""


class TryLater(Exception):
    """It did not work this time. The words are ours: neither a guest's nor a secret, fit for the log."""


def why(error: Exception) -> str:
    """What the log may say about a failed task: words only if they are ours."""
    return str(error) if isinstance(error, GiveUp | TryLater) else type(error).__name__


def is_plain(arguments: dict[str, Any]) -> bool:
    """Arguments are ids and short codes: broker and logs never hold guest data."""
    return all(isinstance(v, int) or (isinstance(v, str) and len(v) <= 200) for v in arguments.values())
