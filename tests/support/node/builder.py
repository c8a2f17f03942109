"""Builds images where no registry can be asked: a dockerd in a room of its own, on a base made with debootstrap."""

from __future__ import annotations

import os
import shutil
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from node.room import Room, room

BASE = "concierge-test/base:bookworm"
"""Debian with Python, as the official Python image is; its own command does nothing, for ever."""
_SOCKET = "unix:///run/docker.sock"
_DOCKER = ("docker", "--host", _SOCKET)
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PACKAGES = "python3,python3-venv,ca-certificates"
_TRUSTED = "etc/ssl/certs/ca-certificates.crt"
# An index of one's own, if the machine has been told one.
_PASSED_ON = ("PIP_INDEX_URL", "UV_DEFAULT_INDEX")


@dataclass(frozen=True)
class Builder:
    """A running one. What it has built is gone with it, unless saved."""

    _room: Room

    def make_base(self) -> None:
        """From Debian's packages and the authorities that this machine trusts."""
        tree = self._room.folder / "base"
        self._room.run("debootstrap", "--variant=minbase", f"--include={_PACKAGES}", "bookworm", tree)
        shutil.copy(trusted(), tree / _TRUSTED)
        shutil.rmtree(tree / "var/cache/apt/archives")
        packed = self._room.folder / "base.tar"
        self._room.run("tar", "--create", f"--file={packed}", f"--directory={tree}", ".")
        says = ("--change", f"ENV PATH={_PATH}", "--change", 'CMD ["sleep", "infinity"]')
        self._room.run(*_DOCKER, "import", *says, packed, BASE)

    def load(self, archive: Path) -> None:
        """Know the images of an archive that was saved before."""
        self._room.run(*_DOCKER, "load", "--quiet", f"--input={archive}")

    def build(self, reference: str, context: Path) -> None:
        """Run the folder's Dockerfile on the base."""
        given = {"BASE": BASE, "SSL_CERT_FILE": f"/{_TRUSTED}", "PIP_CERT": f"/{_TRUSTED}"} | _passed_on(os.environ)
        arguments = [f"--build-arg={name}={value}" for name, value in given.items()]
        build = ("build", "--quiet", "--network=host", f"--tag={reference}")
        # The older way to build asks no registry for what it already has.
        self._room.run("env", "DOCKER_BUILDKIT=0", *_DOCKER, *build, *arguments, context)

    def save(self, reference: str, archive: Path) -> None:
        """Keep one image; the archive is there only when it is whole."""
        growing = archive.with_suffix(".new")
        self._room.run(*_DOCKER, "save", f"--output={growing}", reference)
        growing.rename(archive)


@contextmanager
def builder(folder: Path) -> Iterator[Builder]:
    """Running for as long as the block lasts. It uses the machine's network as it is, and changes nothing of it."""
    with room(folder, own_network=False) as opened:
        opened.start(
            "dockerd", "dockerd", f"--host={_SOCKET}", f"--data-root={folder / 'docker'}", "--exec-root=/run/docker",
            "--pidfile=/run/docker.pid", "--bridge=none", "--iptables=false", "--ip6tables=false",
            "--ip-forward=false", f"--cgroup-parent=/{opened.cgroup}",
        )  # fmt: skip
        opened.until("dockerd does not answer", *_DOCKER, "version")
        yield Builder(opened)


def trusted() -> Path:
    """The authorities that this machine trusts."""
    return Path(os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile or f"/{_TRUSTED}")


def _passed_on(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: environment[name] for name in _PASSED_ON if environment.get(name)}
