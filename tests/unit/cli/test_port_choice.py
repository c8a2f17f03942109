from __future__ import annotations

import socket

import pytest

from concierge_cli import port_choice
from concierge_core.errors import InvalidInput


def test_a_port_nobody_types_is_one_that_no_outgoing_connection_is_given():
    with socket.socket() as outgoing:
        outgoing.bind(("127.0.0.1", 0))
        given = outgoing.getsockname()[1]
        chosen = {port_choice.any_free() for _ in range(50)}

    assert given > max(chosen)
    assert len(chosen) > 40


def test_a_port_that_somebody_listens_on_is_passed_over(monkeypatch: pytest.MonkeyPatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port_choice.any_free()))
        taken.listen()
        monkeypatch.setattr(port_choice, "_QUIET", range(port := taken.getsockname()[1], port + 1))

        with pytest.raises(InvalidInput, match="seems to be free"):
            port_choice.any_free()
