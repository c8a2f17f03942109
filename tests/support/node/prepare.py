"""Everything that a node needs, made before the tests begin, so that no test waits for a compiler.

python -m node.prepare
"""

from __future__ import annotations

from kubernetes_binaries import CONTROL_PLANE, tool
from node import images, parts

_PROGRAMS = (*CONTROL_PLANE, "kube-scheduler", "kubelet", "kube-proxy", "coredns", "helm")


def main() -> None:
    """Make what the cache lacks, and say how long each part took."""
    ended = parts.stopwatch()
    for name in _PROGRAMS:
        tool(name)
    ended("programs from their Go modules")
    images.archives(images.POSTGRES, images.REDIS, images.APPS)
    for name, seconds in parts.TAKEN:
        print(f"{seconds:7.1f} s  {name}")


if __name__ == "__main__":
    main()
