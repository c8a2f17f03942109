"""`concierge-ai`: the AI app as its own process, for one property."""

from __future__ import annotations

from concierge_ai.app import create_app
from concierge_core.serving import Served, run_app


def main() -> None:
    """Serve until told to stop."""
    run_app("ai", lambda runtime: Served(create_app(runtime)), port=8081, answers=False)


if __name__ == "__main__":
    main()
