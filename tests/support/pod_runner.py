"""Runs the containers of a rendered Job as processes: their own commands and variables, other folders."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Secrets = Mapping[str, Mapping[str, str]]


@dataclass
class Ended:
    """How a pod ended: as its containers' exit codes, their output, and what the last one left as its message."""

    code: int
    output: str
    message: str
    environments: dict[str, dict[str, str]] = field(default_factory=dict)
    """Container → the variables that it was given."""


@dataclass(frozen=True)
class Node:
    """Where pods run here."""

    folder: Path
    """Volumes are made in it."""
    secrets: Secrets
    tools: Path
    """Folder of PostgreSQL's programs."""

    def run(self, job: dict[str, Any], *, before: Mapping[str, str] | None = None) -> Ended:
        """The Job's pod: init containers one after the other, then its container. It ends at the first that fails.

        `before` has a shell command to be run before the container of that name, in the pod's work folder.
        """
        spec = job["spec"].get("jobTemplate", job)["spec"]["template"]["spec"]
        work = self.folder / "pods" / os.urandom(4).hex()
        work.mkdir(parents=True)
        places = self._places(spec, work)
        ended = Ended(0, "", "")
        for container in [*spec["initContainers"], *spec["containers"]]:
            if before and container["name"] in before:
                subprocess.run(before[container["name"]], shell=True, check=True, cwd=work)
            ended.environments[container["name"]] = given = self._environment(container, places)
            outcome = self._run(container, given, work)
            ended.code, ended.output = outcome.returncode, ended.output + outcome.stdout
            if ended.code:
                break
        said = places["/dev/termination-log"]
        ended.message = said.read_text() if said.exists() else ""
        return ended

    def claim(self, name: str) -> Path:
        """The folder of a volume claim."""
        path = self.folder / "claims" / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def _places(self, spec: dict[str, Any], work: Path) -> dict[str, Path]:
        """Path inside the pod → path here."""
        places = {"/work": work, "/dev/termination-log": work / "said", "/tmp": self.folder}
        places["/etc/concierge/backup"] = self.folder / "config"
        places["/etc/concierge/knowledge"] = self.folder / "knowledge"
        for volume in spec["volumes"]:
            if "persistentVolumeClaim" in volume:
                places["/backups"] = self.claim(volume["persistentVolumeClaim"]["claimName"])
        return places

    def _environment(self, container: dict[str, Any], places: Mapping[str, Path]) -> dict[str, str]:
        given: dict[str, str] = {}
        for variable in container["env"]:
            value = self._value(variable)
            if value is not None:
                given[variable["name"]] = str(places.get(value, value))
        return given

    def _value(self, variable: dict[str, Any]) -> str | None:
        if "value" in variable:
            return str(variable["value"])
        ref = variable["valueFrom"]["secretKeyRef"]
        found = self.secrets.get(ref["name"], {}).get(ref["key"])
        assert found is not None or ref.get("optional"), f"the pod would wait for {ref['name']}/{ref['key']}"
        return found

    def _run(self, container: dict[str, Any], given: Mapping[str, str], work: Path) -> subprocess.CompletedProcess[str]:
        programs = [str(self.tools), str(Path(sys.executable).parent), "/usr/bin", "/bin"]
        return subprocess.run(
            container["command"],
            env={"PATH": os.pathsep.join(programs), "LANG": "C.UTF-8", **given},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=work,
            timeout=100,
        )
