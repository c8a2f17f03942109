"""For verbs that answer a person on a terminal: the library's log lines would stand between."""

from __future__ import annotations

import logging
from typing import Any, NoReturn

import structlog


def hush() -> None:
    """Drop what is logged in this process; what matters reaches the person as the verb's answer."""
    structlog.configure(processors=[_drop])
    logging.disable(logging.CRITICAL)


def _drop(_logger: Any, _method: str, _event: Any) -> NoReturn:
    raise structlog.DropEvent
