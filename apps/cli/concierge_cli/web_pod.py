"""`concierge-web`: chat, voice, dashboard and AI app of a small property in one process, as a cluster runs it.

Unlike the web process of `concierge up` it finds its database migrated, its knowledge mounted and its accounts made.
"""

from __future__ import annotations

import argparse
from functools import partial

from concierge_cli.web import serve_all
from concierge_core.open_runtime import open_runtime
from concierge_core.serving import Process, bound, run_process


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="concierge-web", description="All apps of one property in one process.")
    parser.add_argument("--host", default="0.0.0.0", help="address to listen on (default: all)")  # noqa: S104
    parser.add_argument("--port", type=int, default=8080, help="port to listen on (default: 8080)")
    arguments = parser.parse_args()
    run_process("web", partial(_serve, host=arguments.host, port=arguments.port))


async def _serve(process: Process, *, host: str, port: int) -> bool:
    listening = bound(host, port)
    async with open_runtime(process.settings, loaded=process.loaded) as runtime:
        return await serve_all(runtime, listening, process.stop)


if __name__ == "__main__":
    main()
