"""What makes the room a node of the cluster: kubelet, kube-proxy, and the scheduler beside them."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any

from control_plane import ControlPlane
from kubernetes_binaries import binaries
from node import containerd
from node.network import NODE, PODS
from node.room import Room

NODE_NAME = "node"
_READY_WITHIN_SECONDS = 120


def start_kubelet(room: Room, plane: ControlPlane) -> subprocess.Popen[bytes]:
    """Started; the node is ready some seconds later."""
    nothing = room.folder / "resolv.conf"
    nothing.write_text("")
    config = _written(room.folder / "kubelet.json", _kubelet(room, nothing))
    return room.start(
        "kubelet", binaries("kubelet") / "kubelet", f"--config={config}", f"--kubeconfig={plane.kubeconfig}",
        f"--root-dir={room.folder / 'kubelet'}", f"--hostname-override={NODE_NAME}", f"--node-ip={NODE}",
    )  # fmt: skip


def start_proxy(room: Room, plane: ControlPlane) -> None:
    """Started; Services answer as soon as it has read them."""
    config = _written(room.folder / "kube-proxy.json", _proxy(plane.kubeconfig))
    room.start("kube-proxy", binaries("kube-proxy") / "kube-proxy", f"--config={config}")


def start_scheduler(room: Room, plane: ControlPlane) -> None:
    """Started; pods are given to the node from now on."""
    room.start(
        "kube-scheduler", binaries("kube-scheduler") / "kube-scheduler", f"--kubeconfig={plane.kubeconfig}",
        "--leader-elect=false", f"--cert-dir={room.folder / 'scheduler-certs'}",
    )  # fmt: skip


def wait_until_ready(room: Room, plane: ControlPlane, kubelet: subprocess.Popen[bytes]) -> None:
    """Until the cluster says that the node is ready. Where it never is, the kubelet's last words say why."""
    end = time.monotonic() + _READY_WITHIN_SECONDS
    ready = "jsonpath={.status.conditions[?(@.type=='Ready')].status}"
    while plane.kubectl("get", "node", NODE_NAME, "-o", ready, check=False) != "True":
        alive_and_in_time = kubelet.poll() is None and time.monotonic() < end
        assert alive_and_in_time, room.last_words("kubelet")
        time.sleep(0.5)


def _kubelet(room: Room, resolv_conf: Path) -> dict[str, Any]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "containerRuntimeEndpoint": f"unix://{containerd.SOCKET}",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{room.cgroup}",
        "failCgroupV1": False,
        "failSwapOn": False,
        "oomScoreAdj": 0,
        "address": NODE,
        "healthzBindAddress": NODE,
        "clusterDNS": [NODE],
        "clusterDomain": "cluster.local",
        "resolvConf": str(resolv_conf),
        "podLogsDir": str(room.folder / "pod-logs"),
        "localStorageCapacityIsolation": False,
        # The machine is not the node's alone: its disk may be as full as it likes.
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "0%", "imagefs.available": "0%"},
        "imageGCHighThresholdPercent": 100,
        # Nobody but the control plane reaches it: its network is the room's.
        "authentication": {"anonymous": {"enabled": True}, "webhook": {"enabled": False}},
        "authorization": {"mode": "AlwaysAllow"},
    }


def _proxy(kubeconfig: Path) -> dict[str, Any]:
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "clientConnection": {"kubeconfig": str(kubeconfig)},
        "mode": "iptables",
        "clusterCIDR": PODS,
        "hostnameOverride": NODE_NAME,
        "oomScoreAdj": 0,
        # These belong to the machine, not to the room.
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
    }


def _written(path: Path, config: dict[str, Any]) -> Path:
    path.write_text(json.dumps(config))
    return path
