"""Volumes on the node's own disk, made when they are claimed and removed when they may be.

    python -m node.local_volumes KUBECONFIG FOLDER

It is the cluster's default StorageClass.
"""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path
from typing import Any

from kubernetes import config
from kubernetes.client import CoreV1Api

from node.kubelet import NODE_NAME

CLASS = "local-folders"
STORAGE_CLASS: dict[str, Any] = {
    "apiVersion": "storage.k8s.io/v1",
    "kind": "StorageClass",
    "metadata": {"name": CLASS, "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
    "provisioner": "concierge.hotel/local-folders",
    "reclaimPolicy": "Delete",
    "volumeBindingMode": "Immediate",
}
_EVERY_SECONDS = 0.5


def volume_for(claim: Any, folder: Path) -> dict[str, Any]:
    """The volume that a claim gets, and nobody else."""
    place = claim.metadata
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": f"pvc-{place.uid}"},
        "spec": {
            "capacity": {"storage": claim.spec.resources.requests["storage"]},
            "accessModes": claim.spec.access_modes,
            # Kept by Kubernetes, which knows no way to delete it; `provision` does.
            "persistentVolumeReclaimPolicy": "Retain",
            "storageClassName": CLASS,
            "claimRef": {"namespace": place.namespace, "name": place.name, "uid": place.uid},
            # Unlike a hostPath, a local volume is given to the pod's group.
            "local": {"path": str(folder / place.uid)},
            "nodeAffinity": {
                "required": {
                    "nodeSelectorTerms": [
                        {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [NODE_NAME]}]}
                    ]
                }
            },
        },
    }


def provision(api: CoreV1Api, folder: Path) -> None:
    """Once over all claims and volumes."""
    for claim in api.list_persistent_volume_claim_for_all_namespaces().items:
        if claim.status.phase == "Pending" and claim.spec.storage_class_name == CLASS and not claim.spec.volume_name:
            path = folder / claim.metadata.uid
            if not path.exists():
                path.mkdir(parents=True)
                api.create_persistent_volume(volume_for(claim, folder))
    for volume in api.list_persistent_volume().items:
        if volume.status.phase == "Released" and volume.spec.storage_class_name == CLASS:
            shutil.rmtree(volume.spec.local.path, ignore_errors=True)
            api.delete_persistent_volume(volume.metadata.name)


def main(kubeconfig: str, folder: str) -> None:
    """Until the process is ended."""
    config.load_kube_config(kubeconfig)
    api = CoreV1Api()
    while True:
        provision(api, Path(folder))
        time.sleep(_EVERY_SECONDS)


if __name__ == "__main__":
    main(*sys.argv[1:])
