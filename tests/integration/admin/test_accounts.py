"""Accounts made from outside the dashboard, with the command line's verb."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from concierge_admin.accounts import add_account
from concierge_core.domain.people import Role
from concierge_core.errors import Conflict, InvalidInput
from concierge_core.runtime import Runtime

MANIFEST = Path(__file__).parents[3] / "manifests" / "minimal.yaml"


async def test_another_account_signs_in_with_the_password_that_was_shown_once(
    rt: Runtime, open_browser: Callable[..., Any]
) -> None:
    password = await add_account(rt, email=" Anna@Hotel.example", name="Anna Petersen", role=Role.AGENT)

    browser = open_browser()
    assert (await browser.sign_in("anna@hotel.example", password)).headers["location"] == "/admin/"
    assert "Anna Petersen" in (await browser.get("/admin/account")).text
    assert (await browser.get("/admin/audit")).status_code == 403


async def test_an_address_has_one_account_and_must_be_one(rt: Runtime) -> None:
    await add_account(rt, email="anna@hotel.example", name="Anna", role=Role.AGENT)

    with pytest.raises(Conflict):
        await add_account(rt, email="ANNA@hotel.example", name="Anna", role=Role.ADMIN)
    for email, name in (("anna", "Anna"), ("a b@hotel.example", "Anna"), ("ben@hotel.example", " ")):
        with pytest.raises(InvalidInput):
            await add_account(rt, email=email, name=name, role=Role.AGENT)


def test_the_command_line_adds_and_lists_accounts(sqlite_url: str, tmp_path: Path) -> None:
    ben = ("add", "ben@hotel.example", "--name", "Ben Okafor", "--role", "manager")

    def staff(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "concierge_cli.main", "staff", *words]
        place = ["-f", str(MANIFEST), "--data", str(tmp_path)]
        environment = {**os.environ, "DATABASE_URL": sqlite_url}
        return subprocess.run([*command, *place], env=environment, capture_output=True, text=True, check=False)

    added, listed, again = staff(*ben), staff("list"), staff(*ben)

    assert (added.returncode, listed.returncode, again.returncode) == (0, 0, 1)
    assert "Password, shown this once: " in added.stdout
    assert listed.stdout == "ben@hotel.example  manager  Ben Okafor\n"
    assert "has an account already" in again.stderr
