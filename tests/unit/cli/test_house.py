from __future__ import annotations

import io
from pathlib import Path

import pytest

from concierge_cli.declared import Declared
from concierge_cli.house import House
from concierge_cli.place import Place
from concierge_core.settings import Settings

MANIFESTS = Path(__file__).parents[3] / "manifests"


def house_at(folder: Path, port: int = 8090) -> House:
    source = str(MANIFESTS / "minimal.yaml")
    return House(
        Declared("pension-lindenhof", "Pension Lindenhof", source, None, False), Place(folder), port, io.StringIO()
    )


def settings_from(house: House, monkeypatch: pytest.MonkeyPatch, secrets: Path | None = None) -> Settings:
    for name, value in house.environment("redis://:pw@127.0.0.1:7000/0", secrets).items():
        monkeypatch.setenv(name, value)
    return Settings()


def test_the_parts_read_what_the_house_tells_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    house = house_at(tmp_path)

    settings = settings_from(house, monkeypatch, Path("secrets.yaml"))

    assert settings.tenant_file == (MANIFESTS / "minimal.yaml").resolve()
    assert settings.data_dir == tmp_path
    assert settings.ai_url == f"unix:{house.ai_socket}"
    assert settings.public_url == "http://localhost:8090"
    assert settings.redis_url
    assert settings.redis_url.get_secret_value() == "redis://:pw@127.0.0.1:7000/0"
    assert settings.secrets_file == Path("secrets.yaml").resolve()


def test_two_houses_share_no_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    one, other = (settings_from(house_at(tmp_path), monkeypatch).internal_token for _ in range(2))

    assert one
    assert other
    assert one != other


def test_a_public_url_from_outside_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CONCIERGE_PUBLIC_URL", "https://chat.hotel.example")

    settings = settings_from(house_at(tmp_path), monkeypatch)

    assert settings.https


def test_leaving_takes_the_socket_away(tmp_path: Path):
    house = house_at(tmp_path)
    house.ai_socket.touch()

    house.leave()

    assert not house.ai_socket.exists()
