"""`concierge-chat`: the chat as its own process, for one property; `--closed` while the house is closed."""

from __future__ import annotations

from concierge_chat.app import create_app
from concierge_chat.guest_socket import socket_options
from concierge_core.runtime import Runtime
from concierge_core.serving import Served, run_app


def main() -> None:
    """Serve until told to stop."""
    run_app("chat", served, port=8080, may_be_closed=True)


def served(runtime: Runtime) -> Served:
    """The app; every guest is told before it ends."""
    app = create_app(runtime)
    return Served(app, [app.state.desk.presence.drain], socket_options())


if __name__ == "__main__":
    main()
