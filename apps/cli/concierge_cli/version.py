"""`concierge version`."""

from __future__ import annotations

import argparse
import platform
from importlib import metadata


def run(_arguments: argparse.Namespace) -> int:
    """Print the version and the Python it runs on."""
    print(f"concierge {metadata.version('concierge')} (Python {platform.python_version()}, {platform.system()})")
    return 0
