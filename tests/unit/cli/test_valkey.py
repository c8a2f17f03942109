from __future__ import annotations

import stat
from pathlib import Path

from concierge_cli.valkey import BundledValkey


def test_it_listens_on_this_machine_only_behind_a_password_that_no_process_list_shows(tmp_path: Path):
    valkey = BundledValkey(tmp_path / "valkey", 7001)

    command = valkey.command()
    written = Path(command[-1]).read_text()

    assert "bind 127.0.0.1\n" in written
    password = next(line.split()[1] for line in written.splitlines() if line.startswith("requirepass"))
    assert len(password) >= 24
    assert password in valkey.url
    assert not any(password in word for word in command)
    assert stat.S_IMODE(Path(command[-1]).stat().st_mode) == 0o600


def test_what_waits_in_it_is_kept_and_never_dropped_for_room(tmp_path: Path):
    written = Path(BundledValkey(tmp_path, 7001).command()[-1]).read_text()

    assert "appendonly yes\n" in written
    assert "maxmemory-policy noeviction\n" in written


def test_a_restart_keeps_address_and_password(tmp_path: Path):
    valkey = BundledValkey(tmp_path, 7001)
    first = Path(valkey.command()[-1]).read_text()

    assert Path(valkey.command()[-1]).read_text() == first
