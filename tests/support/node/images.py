"""The node's images: made once from Debian's packages and from the Dockerfile, kept in the user's cache by content.

No image registry is asked: what an official image is based on is made with debootstrap, and the official PostgreSQL and
Valkey are stood in for by Debian's, behind the same names, paths and variables.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from node import builder, parts

_ROOT = Path(__file__).resolve().parents[3]
_LEFT_OUT = re.compile(r"(^|/)(__pycache__|[^/]+\.egg-info)/")
_RECIPES = _ROOT / "tests" / "cluster" / "node" / "images"


@dataclass(frozen=True)
class Image:
    """One that is built on the base. Its content follows from `sources`, paths below `context`."""

    repository: str
    tag: str
    context: Path
    sources: tuple[str, ...] = (".",)

    @property
    def reference(self) -> str:
        """As a pod names it."""
        return f"{self.repository}:{self.tag}"


APPS = Image(
    "docker.io/concierge-test/concierge",
    "test",
    _ROOT,
    (
        "Dockerfile",
        "requirements.lock",
        "pyproject.toml",
        "README.md",
        "LICENSE",
        "scripts/bootstrap",
        "operator",
        "apps",
    ),
)
# The operator writes the major version behind the image's name.
POSTGRES = Image("docker.io/concierge-test/postgres", "15", _RECIPES / "postgres")
REDIS = Image("docker.io/concierge-test/valkey", "debian", _RECIPES / "redis")
PAUSE = f"docker.io/{builder.BASE}"
"""What keeps a pod's namespaces open: the base, which does nothing."""


def cache() -> Path:
    """What the bench makes once and keeps, and where it is at work."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "concierge-tests"


def archives(*wanted: Image) -> list[Path]:
    """Archives of the base and of these images; those that the cache lacks are built now (minutes, the first time)."""
    kept = cache() / "images"
    kept.mkdir(parents=True, exist_ok=True)
    base = kept / f"base-{_key([Path(builder.__file__), builder.trusted()])}.tar"
    places = {image: _place(kept, base, image) for image in wanted}
    if not all(place.exists() for place in (base, *places.values())):
        _build(kept, base, places)
    return [base, *places.values()]


def _build(kept: Path, base: Path, places: dict[Image, Path]) -> None:
    with builder.builder(kept / "builder") as docker:
        ended = parts.stopwatch()
        if base.exists():
            docker.load(base)
        else:
            docker.make_base()
            docker.save(builder.BASE, base)
            _forget_others(base)
            ended("build the base image")
        for image, place in places.items():
            if not place.exists():
                docker.build(image.reference, image.context)
                docker.save(image.reference, place)
                ended(f"build the image {image.repository.rpartition('/')[2]}")
                _forget_others(place)


def _place(kept: Path, base: Path, image: Image) -> Path:
    key = _key([base, *_files(image.context, image.sources)])
    return kept / f"{image.repository.rpartition('/')[2]}-{key}.tar"


def _files(context: Path, sources: Iterable[str]) -> list[Path]:
    """What the builder is given of them (.dockerignore leaves the same out)."""
    below = (path for source in sources for path in _all_below(context / source))
    return sorted(path for path in below if not _LEFT_OUT.search(path.relative_to(context).as_posix()))


def _all_below(source: Path) -> Iterator[Path]:
    return (path for path in (source, *source.rglob("*")) if path.is_file())


def _key(files: list[Path]) -> str:
    """Of names and contents; of an archive, whose name is a key itself, the name alone."""
    sum_ = hashlib.sha256()
    for path in files:
        content = b"" if path.suffix == ".tar" else path.read_bytes()
        sum_.update(f"{path.name}\0{len(content)}\0".encode() + content)
    return sum_.hexdigest()[:16]


def _forget_others(place: Path) -> None:
    """Images of other contents: each is hundreds of megabytes."""
    name = place.name.rpartition("-")[0]
    for other in place.parent.glob(f"{name}-*.tar"):
        if other != place:
            other.unlink()
