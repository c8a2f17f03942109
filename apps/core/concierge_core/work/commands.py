"""`concierge-worker` and `concierge-beat`; with `--alive` they say whether the one of this folder lives.

What each needs is imported only when it really begins: a probe is asked often, and has no reason to load Celery.
"""

from __future__ import annotations

import argparse

from concierge_core.work import alive


def worker() -> None:
    """Do work that may wait, until told to stop."""
    if _asks("worker", "Does a property's work that may wait."):
        raise SystemExit(alive.ask("worker"))
    from concierge_core.work import worker as process

    raise SystemExit(process.main())


def beat() -> None:
    """Send regular work, until told to stop."""
    if _asks("beat", "Sends a property's regular work."):
        raise SystemExit(alive.ask("beat"))
    from concierge_core.work import beat as process

    raise SystemExit(process.main())


def _asks(service: str, description: str) -> bool:
    parser = argparse.ArgumentParser(prog=f"concierge-{service}", description=description)
    parser.add_argument("--alive", action="store_true", help="exit with 0 if it lives, else with 1")
    return bool(parser.parse_args().alive)
