"""Fixtures for the whole product, running: `concierge up` as its user starts it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import running_house
from concierge_core import telemetry
from guest_client import Guest
from running_house import ROOT, House

# A busy machine makes one example slow; that says nothing of the property.
settings.register_profile("any-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any-machine")


@pytest.fixture
def free_port() -> Callable[[], int]:
    """A port that nobody listens on just now."""
    return running_house.free_port


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    """Finished spans of this test."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(telemetry, "tracer", provider.get_tracer("test"))
    return exporter


@pytest.fixture(scope="session")
def start_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., House]]:
    """Start `concierge up` on free ports; everything started is stopped at the end of the session."""
    houses: list[House] = []

    def start(*manifests: str | Path, data: Path | None = None, env: dict[str, str] | None = None) -> House:
        folder = tmp_path_factory.mktemp("house")
        files = [ROOT / "manifests" / m for m in manifests]
        house = running_house.start_house(folder, files, data or folder / "data", env or {})
        houses.append(house)
        return house

    yield start
    for house in houses:
        house.stop()


@pytest.fixture
def start_gemini() -> Iterator[Callable[..., str]]:
    """Start a played Gemini in a process of its own, at so many words a second; its URL."""
    started: list[subprocess.Popen[str]] = []

    def start(tokens_per_second: float) -> str:
        command = [sys.executable, "-m", "concierge_simulators.gemini", "--first-token", "0.2"]
        process = subprocess.Popen(
            [*command, "--tokens-per-second", str(tokens_per_second)], stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        assert process.stdout
        return process.stdout.readline().split()[-1]

    yield start
    for process in started:
        process.terminate()
        process.communicate()


@pytest.fixture
def guest_of() -> type[Guest]:
    """A guest's browser, as far as the server can tell: `guest_of(url)`."""
    return Guest
