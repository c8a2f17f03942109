"""`concierge-migrate`: makes a property's database ready for this version, before its apps begin with it.

Tables, declared articles, the first account: what is done already stays as it is, so it may run again at any time, and
twice at once. Ends with 0 when all is ready, with 2 and one sentence when it can't be.
"""

from __future__ import annotations

import argparse
import asyncio
import time

import structlog

from concierge_admin.accounts import ensure_first_account
from concierge_cli.troubles import explained
from concierge_core.errors import TenantFileError, Unavailable
from concierge_core.open_runtime import open_runtime
from concierge_core.runtime import Runtime
from concierge_core.serving import Process, run_process
from concierge_core.settings import Settings
from concierge_core.storage import migrate
from concierge_core.tenant.mounted import mounted_articles
from concierge_core.use_cases.declaring import declare_articles

log = structlog.get_logger()
PATIENCE_SECONDS = 60.0
"""A database that was made a moment ago is waited for; the network opens a little later than the pod begins."""
_PAUSE_SECONDS = 1.0


def main() -> None:
    """Do it all, and end."""
    description = "Make the property's database ready for this version: tables, articles, first account."
    argparse.ArgumentParser(prog="concierge-migrate", description=description).parse_args()
    run_process("migrate", _prepare)


async def _prepare(process: Process) -> bool:
    # Redis is nothing to wait for: apps that run already see in the database what changed.
    settings = process.settings.model_copy(update={"redis_url": None})
    with explained(settings):
        await _migrate(settings)
        async with open_runtime(settings, answers=False, loaded=process.loaded) as runtime:
            await _declare(runtime, process)
            await _first_account(runtime)
    return True


async def _migrate(settings: Settings) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            await asyncio.to_thread(migrate, settings)
            log.info("database_migrated")
            return
        except Unavailable:
            if time.monotonic() > until:
                raise
            await asyncio.sleep(_PAUSE_SECONDS)


async def _declare(runtime: Runtime, process: Process) -> None:
    """Articles with a mistake keep no new version from being rolled out: those known so far go on answering."""
    folder, articles = process.settings.knowledge_dir, process.loaded.articles
    try:
        if folder is not None:
            articles = await asyncio.to_thread(mounted_articles, folder, runtime.declared)
        changed = await declare_articles(runtime, articles)
        log.info("knowledge_declared", articles=len(articles), changed=changed)
    except (TenantFileError, OSError) as error:
        log.error("knowledge_refused", reason=str(error))


async def _first_account(runtime: Runtime) -> None:
    password = runtime.settings.first_password
    if password is None:
        log.warning("first_account_not_looked_for", reason="CONCIERGE_FIRST_PASSWORD is not set")
        return
    made = await ensure_first_account(runtime, password=password.get_secret_value())
    log.info("first_account", made=made is not None)


if __name__ == "__main__":
    main()
