"""The log file of one part: rotated by size, forgiving when the disk is full."""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

_BYTES = 5 * 1024 * 1024
_OLD_FILES = 2


def open_log(path: Path) -> logging.Logger:
    """A logger of its own, outside the process's logging tree."""
    logger = logging.Logger(str(path))
    handler = _Forgiving(path, maxBytes=_BYTES, backupCount=_OLD_FILES, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger.addHandler(handler)
    return logger


class _Forgiving(RotatingFileHandler):
    """A full disk must not end the house: what can't be logged is dropped."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # logging's name
        """Say nothing."""
