from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from concierge_cli import place as place_module
from concierge_cli.place import Place
from concierge_core.errors import InvalidInput


def test_the_folder_is_made_and_nobody_elses_business(tmp_path: Path):
    place = Place.of(tmp_path / "deep" / "data", "lindenhof")

    assert place.logs.is_dir()
    assert stat.S_IMODE(place.folder.stat().st_mode) == 0o700


def test_a_held_place_is_refused_to_a_second_one_with_the_first_ones_number(tmp_path: Path):
    place = Place.of(tmp_path, "lindenhof")

    with place.hold(), pytest.raises(InvalidInput) as refused:
        place.hold()

    assert f"process {os.getpid()}" in str(refused.value)
    assert "--data" in str(refused.value)


def test_a_place_that_was_let_go_can_be_held_again(tmp_path: Path):
    place = Place.of(tmp_path, "lindenhof")
    place.hold().close()

    with place.hold() as lock:
        assert not lock.closed


def test_a_file_in_the_way_is_said_in_one_sentence(tmp_path: Path):
    (tmp_path / "data").write_text("in the way")

    with pytest.raises(InvalidInput, match=r"can't be written .*; mend its rights, or choose another folder"):
        Place.of(tmp_path / "data", "lindenhof")


def test_a_full_disk_is_said_in_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(_folder: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(place_module, "_probe", full)

    with pytest.raises(InvalidInput, match="the disk is full; free some space"):
        Place.of(tmp_path, "lindenhof")


def test_the_socket_lies_in_the_folder(tmp_path: Path):
    place = Place(tmp_path / "x")

    assert place.ai_socket().parent == place.folder or len(str(tmp_path)) > 90


def test_a_deep_folder_gets_its_socket_elsewhere_and_nothing_of_it_stays(tmp_path: Path):
    place = Place(tmp_path / ("d" * 120))

    socket = place.ai_socket()
    place.drop_socket(socket)

    assert len(os.fsencode(socket)) < 108
    assert not socket.parent.exists()
