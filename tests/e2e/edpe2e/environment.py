"""The cluster that scenarios run on: the one that KUBECONFIG names, or one of our own that ends with the run."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from edpcluster import images as cluster_images
from edpcluster import settings as cluster_settings

from .kubectl import Kubectl
from .scenario import ROOT
from .workload_image import WORKLOADS, build_workloads

CLUSTER = ROOT / "tests/cluster/cluster.py"


@dataclass(frozen=True)
class Environment:
    kubectl: Kubectl
    images: dict[str, str]
    own: bool
    state: Path


def foreign() -> Environment:
    """A cluster that is there already. Its images come from where its nodes can pull."""
    images = {
        "edp": os.environ.get("EDP_IMAGE", ""),
        "workloads": os.environ.get("EDP_WORKLOADS_IMAGE", ""),
        "busybox": os.environ.get("EDP_BUSYBOX_IMAGE", "busybox:1"),
    }
    missing = [f"EDP_{name.upper()}_IMAGE" for name, image in images.items() if not image]
    program = shutil.which("kubectl")
    if missing or not program:
        raise SystemExit(f"e2e on the cluster of KUBECONFIG needs kubectl, and {', '.join(missing) or 'its images'}")
    return Environment(Kubectl(program, os.environ["KUBECONFIG"]), images, own=False, state=Path())


@contextmanager
def own(name: str, kube: str, edp_archive: Path, edp_image: str, *, keep: bool) -> Iterator[Environment]:
    archives = [edp_archive, build_workloads(ROOT / "build/image/workloads.tar")]
    loads = [f"--image={archive}" for archive in archives]
    subprocess.run([CLUSTER, "up", "--name", name, "--nodes", "2", "--kube", kube, *loads], check=True)
    try:
        settings = cluster_settings.load(name)
        assert settings is not None
        images = {"edp": edp_image, "workloads": WORKLOADS, "busybox": cluster_images.BUSYBOX}
        kubectl = Kubectl(str(settings.bin / "kubectl"), str(settings.kubeconfig))
        yield Environment(kubectl, images, own=True, state=settings.state)
    finally:
        if keep:
            print(f"kept: cluster '{name}'; end it with ./edp cluster down --name {name}", flush=True)
        else:
            subprocess.run([CLUSTER, "down", "--name", name], check=True)
