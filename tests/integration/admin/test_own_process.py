"""`concierge-admin` as a process of its own, as in a cluster."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx

from concierge_admin.accounts import ensure_first_account, first_account
from concierge_core.open_runtime import open_runtime
from concierge_core.settings import Settings
from running_house import free_port

MANIFEST = Path(__file__).parents[3] / "manifests" / "minimal.yaml"


def test_it_serves_and_ends_quickly_with_a_live_connection_open(tmp_path: Path, sqlite_url: str) -> None:
    port = free_port()
    environment = {
        **os.environ,
        "CONCIERGE_TENANT_FILE": str(MANIFEST),
        "CONCIERGE_DATA_DIR": str(tmp_path),
        "DATABASE_URL": sqlite_url,
        "CONCIERGE_PUBLIC_URL": f"http://127.0.0.1:{port}",
    }
    settings = Settings(tenant_file=MANIFEST, data_dir=tmp_path, database_url=sqlite_url)
    email, password = asyncio.run(_first_account(settings))
    command = [sys.executable, "-m", "concierge_admin.main", "--port", str(port)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"sec-fetch-site": "same-origin"}) as client:
            _wait_for(client, process)
            token = client.get("/admin/login").text.split('name="csrf_token" value="')[1].split('"')[0]
            fields = {"email": email, "password": password, "csrf_token": token}
            assert client.post("/admin/login", data=fields).status_code == 303
            assert client.get("/admin/").status_code == 200
            with client.stream("GET", "/admin/events") as live:
                assert next(live.iter_lines()) == "retry: 2000"
                process.send_signal(signal.SIGTERM)
                began = time.monotonic()
                assert process.wait(10) == 0
        assert time.monotonic() - began < 6
        assert "Traceback" not in (process.stderr.read() if process.stderr else "")
    finally:
        process.kill()
        process.wait()
        if process.stderr:
            process.stderr.close()


async def _first_account(settings: Settings) -> tuple[str, str]:
    async with open_runtime(settings, answers=False) as rt:
        password = await ensure_first_account(rt)
    assert password is not None
    return first_account(rt)[0], password


def _wait_for(client: httpx.Client, process: subprocess.Popen[str]) -> None:
    for _ in range(200):
        assert process.poll() is None, process.stderr.read() if process.stderr else ""
        try:
            if client.get("/healthz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("it did not start")
