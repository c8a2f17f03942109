"""`concierge-admin`: the dashboard as its own process, for one property."""

from __future__ import annotations

from concierge_admin.app import app_around, router
from concierge_core.runtime import Runtime
from concierge_core.serving import Served, run_app


def main() -> None:
    """Serve until told to stop."""
    run_app("admin", served, port=8083)


def served(runtime: Runtime) -> Served:
    """The app; live connections are closed before it ends."""
    routes = router(runtime)
    return Served(app_around(routes, runtime), [routes.farewell])


if __name__ == "__main__":
    main()
