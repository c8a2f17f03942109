"""Runs rendered pods as a kubelet would, but as processes of this machine.

Commands and variables are those of the manifest. Only places differ: a mount's path is a folder of the pod's own, a
Service's name is this machine, a port is a free one, and the database's and Redis' addresses are given.
"""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from running_house import clean_environment, free_port

Manifest = dict[str, Any]
Texts = Mapping[str, str]


@dataclass
class Pod:
    """A container that runs (or ran), its mounts below `folder`."""

    name: str
    template: Manifest
    folder: Path
    environment: dict[str, str]
    command: list[str]
    port: int | None
    process: subprocess.Popen[bytes] = field(init=False)

    @property
    def container(self) -> Manifest:
        """As rendered."""
        found: Manifest = self.template["spec"]["containers"][0]
        return found

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """What it has written so far."""
        return (self.folder / "log").read_text("utf-8")

    def start(self) -> None:
        """Begin. Its working folder is empty and stays so: nothing but /tmp may be written."""
        (self.folder / "work").mkdir(exist_ok=True)
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command, env=self.environment, cwd=self.folder / "work", stdout=log, stderr=log
            )

    def probe(self, name: str) -> bool:
        """The outcome of a rendered probe, asked once."""
        probe = self.container[name]
        if "exec" in probe:
            words = [_script(probe["exec"]["command"][0]), *probe["exec"]["command"][1:]]
            return subprocess.run(words, env=self.environment, capture_output=True, check=False).returncode == 0
        try:
            answer = httpx.get(self.url + probe["httpGet"]["path"], timeout=probe["timeoutSeconds"], trust_env=False)
        except httpx.TransportError:
            return False
        return 200 <= answer.status_code < 400

    def until(self, name: str) -> None:
        """Wait until the probe succeeds, for as long as the kubelet would wait for a pod to begin."""
        start = self.container["startupProbe"]
        patience = start["periodSeconds"] * start["failureThreshold"]
        until(lambda: self.probe(name) or self._ended(), seconds=patience, what=f"{name} of {self.name}")
        assert self.process.poll() is None, self.log

    def end(self) -> int:
        """As a pod is ended: asked, and never killed, since the rendered grace must do. The exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(self.template["spec"]["terminationGracePeriodSeconds"])

    def written(self) -> list[str]:
        """Files outside its temporary folder that were not there before."""
        return [str(file) for file in (self.folder / "work").iterdir()]

    def _ended(self) -> bool:
        return self.process.poll() is not None


class Kubelet:
    """A node. `objects` are the rendered manifests and the tenant's own ConfigMaps; `secrets`: name → key → value."""

    def __init__(
        self, folder: Path, objects: list[Manifest], secrets: Mapping[str, Texts], addresses: Mapping[str, str]
    ) -> None:
        self._folder = folder
        self._secrets = secrets
        self._addresses = addresses
        self._maps = {o["metadata"]["name"]: dict(o["data"]) for o in objects if o["kind"] == "ConfigMap"}
        self._templates = {
            o["metadata"]["name"].removesuffix(f"-{_hash(o)}"): o["spec"]["template"]
            for o in objects
            if o["kind"] in ("Deployment", "Job")
        }
        self._ports = {name: free_port() for name in self._templates}
        self.pods: list[Pod] = []

    def start(self, name: str) -> Pod:
        """Start the pod of this Deployment or Job."""
        template = self._templates[name]
        folder = self._folder / f"{name}-{uuid.uuid4().hex[:5]}"
        container = template["spec"]["containers"][0]
        places = self._mount(template, folder)
        port = self._ports[name] if container.get("ports") else None
        command = [_script(container["command"][0]), *container["command"][1:]]
        if port is not None:
            command = ["127.0.0.1" if w == "0.0.0.0" else w for w in command]
            rendered = str(container["ports"][0]["containerPort"])
            command = [str(port) if w == rendered else w for w in command]
        environment = clean_environment(self._environment(container, places))
        temporary = str(places["/tmp"])
        pod = Pod(name, template, folder, {**environment, "HOME": temporary, "TMPDIR": temporary}, command, port)
        self.pods.append(pod)
        pod.start()
        return pod

    def content(self, name: str) -> dict[str, str]:
        """What the ConfigMap holds."""
        return dict(self._maps[name])

    def change(self, name: str, data: Texts) -> None:
        """A ConfigMap has another content: it is brought to every pod that mounts it."""
        self._maps[name] = dict(data)
        for pod in self.pods:
            for volume in pod.template["spec"]["volumes"]:
                if volume.get("configMap", {}).get("name") == name:
                    _swap(pod.folder / "volumes" / volume["name"], self._maps[name])

    def end(self) -> None:
        """End what still runs."""
        for pod in self.pods:
            if pod.process.poll() is None:
                pod.process.send_signal(signal.SIGCONT)
                pod.process.terminate()
        for pod in self.pods:
            try:
                pod.process.wait(20)
            except subprocess.TimeoutExpired:
                pod.process.kill()
                pod.process.wait()

    def _mount(self, template: Manifest, folder: Path) -> dict[str, Path]:
        """Path in the container → folder."""
        for volume in template["spec"]["volumes"]:
            place = folder / "volumes" / volume["name"]
            place.mkdir(parents=True)
            if "configMap" in volume:
                known = self._maps.get(volume["configMap"]["name"])
                assert known is not None or volume["configMap"].get("optional"), volume
                _swap(place, known or {})
            elif "projected" in volume:
                _swap(place, self._projected(volume["projected"]["sources"]))
        root = folder / "root"
        # Folders above mounts are named by variables too.
        places = {"/etc/concierge": root / "etc/concierge"}
        for mount in template["spec"]["containers"][0]["volumeMounts"]:
            place = root / mount["mountPath"].lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(folder / "volumes" / mount["name"], target_is_directory=True)
            places[mount["mountPath"]] = place
        return places

    def _projected(self, sources: list[Manifest]) -> dict[str, str]:
        return {
            item["path"]: self._secrets[source["secret"]["name"]][item["key"]]
            for source in sources
            for item in source["secret"]["items"]
        }

    def _environment(self, container: Manifest, places: Mapping[str, Path]) -> dict[str, str]:
        values: dict[str, str] = {}
        for variable in container["env"]:
            if "valueFrom" in variable:
                ref = variable["valueFrom"]["secretKeyRef"]
                values[variable["name"]] = self._secrets[ref["name"]][ref["key"]]
            else:
                values[variable["name"]] = re.sub(r"\$\((\w+)\)", lambda m: values[m[1]], variable["value"])
        return {name: self._addresses.get(name) or self._here(value, places) for name, value in values.items()}

    def _here(self, value: str, places: Mapping[str, Path]) -> str:
        for service, port in self._ports.items():
            value = re.sub(rf"//{service}:\d+", f"//127.0.0.1:{port}", value)
        paths = "|".join(sorted((re.escape(path) for path in places), key=len, reverse=True))
        return re.sub(rf"(?:{paths})(?=/|$)", lambda found: str(places[found[0]]), value)


def until(condition: Callable[[], Any], *, seconds: float = 30, what: str = "it") -> Any:
    """Wait for something to be true, and return it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError(f"{what} did not happen within {seconds} s")


def _swap(place: Path, content: Texts) -> None:
    """As the kubelet does it: a new folder, one renamed symbolic link, and the old folder is gone."""
    fresh, data, old = place / f"..{uuid.uuid4().hex}", place / "..data", None
    for path, text in content.items():
        (fresh / path).parent.mkdir(parents=True, exist_ok=True)
        (fresh / path).write_text(text, "utf-8")
    fresh.mkdir(exist_ok=True)
    if data.is_symlink():
        old = place / data.readlink()
    coming = place / "..data_tmp"
    coming.symlink_to(fresh.name)
    coming.replace(data)
    wanted = {path.split("/")[0] for path in content}
    for name in wanted:
        if not (place / name).is_symlink():
            (place / name).symlink_to(f"..data/{name}")
    for file in place.iterdir():
        if not file.name.startswith("..") and file.name not in wanted:
            file.unlink()
    if old is not None:
        shutil.rmtree(old)


def _script(name: str) -> str:
    """The installed command: it must be there, as it is in the image."""
    return str(Path(sys.executable).parent / name)


def _hash(manifest: Manifest) -> str:
    return str(manifest["metadata"]["name"]).rpartition("-")[2] if manifest["kind"] == "Job" else "none"
