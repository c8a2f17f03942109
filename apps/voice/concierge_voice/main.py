"""`concierge-voice`: calls as their own process, for one property."""

from __future__ import annotations

from concierge_core.serving import Served, run_app
from concierge_voice.app import create_app


def main() -> None:
    """Serve until told to stop."""
    run_app("voice", lambda runtime: Served(create_app(runtime)), port=8082)


if __name__ == "__main__":
    main()
