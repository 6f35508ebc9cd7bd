"""Builds Kubernetes and kwok from the module proxy, once for each version and state of their sources here."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .settings import CACHE, HERE, KUBE_VERSIONS, ClusterError

KUBE = HERE / "kube"
PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy", "kubelet", "kubectl",
            "service-dns")  # fmt: skip
KWOK = "v0.8.0"
HELM = "v3.22.0"
# kwok plays what its stages say: nodes and pods that turn ready, complete and go away.
KWOK_STAGES = ("node/fast/node-initialize", "node/heartbeat-with-lease/node-heartbeat-with-lease", "pod/fast/pod-ready",
               "pod/fast/pod-complete", "pod/fast/pod-delete")  # fmt: skip


def version(asked: str) -> str:
    """1.36 and 1.36.3 both mean the pinned release of that minor."""
    for minor, full in KUBE_VERSIONS.items():
        if asked in (minor, full):
            return full
    raise ClusterError(f"Kubernetes {asked} is not pinned here; there are {', '.join(KUBE_VERSIONS.values())}")


def modfile(full: str) -> Path:
    newest = next(iter(KUBE_VERSIONS.values()))
    return KUBE / ("go.mod" if full == newest else full.rpartition(".")[0] + ".mod")


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Two tests at once must not build the same thing twice."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def go(*args: str, cwd: Path = KUBE, **environment: str) -> str:
    # These very flags are part of the key under which Go caches what it has compiled.
    settings = {"CGO_ENABLED": "0", "GOFLAGS": "-buildvcs=false -trimpath", **environment}
    done = subprocess.run(["go", *args], cwd=cwd, env=os.environ | settings, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise ClusterError(f"go {' '.join(args)} failed")
    return done.stdout


def _fingerprint(paths: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def kubernetes(full: str) -> Path:
    """Returns the folder of the programs, all names of one file. A cold build takes ten minutes on two cores."""
    folder, mod = CACHE / "bin" / full, modfile(full)
    sources = sorted(KUBE.glob("*.go")) + [mod, mod.with_suffix(".sum")]
    stamp, wanted = folder / "built-from", _fingerprint(sources)
    with locked(CACHE / "bin" / f"{full}.lock"):
        if stamp.exists() and stamp.read_text() == wanted:
            return folder
        print(f"Building Kubernetes {full} (once; ten minutes on two idle cores when nothing is cached)", flush=True)
        began = time.monotonic()
        minor = full.split(".")[1]
        flags = ["-s", "-w"]
        for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version"):
            for name, value in (("Version", f"v{full}"), ("Major", "1"), ("Minor", minor), ("TreeState", "clean")):
                flags += ["-X", f"{package}.git{name}={value}"]
        folder.mkdir(parents=True, exist_ok=True)
        # A new file, then a rename: a cluster may be running the old one.
        go("build", f"-modfile={mod}", "-ldflags", " ".join(flags), "-o", str(folder / "kube.new"), ".")
        (folder / "kube.new").rename(folder / "kube")
        for program in PROGRAMS:
            (folder / program).unlink(missing_ok=True)
            (folder / program).symlink_to("kube")
        stamp.write_text(wanted)
        print(f"  built in {time.monotonic() - began:.0f} s: {folder}", flush=True)
    return folder


def kwok() -> tuple[Path, Path]:
    """Returns the program and its file of stages."""
    folder = CACHE / "tools" / f"kwok-{KWOK}"
    program, stages = folder / "kwok", folder / "stages.yaml"
    with locked(CACHE / "tools" / "kwok.lock"):
        if not program.exists():
            print(f"Building kwok {KWOK}", flush=True)
            go("install", "-ldflags", "-s -w", f"sigs.k8s.io/kwok/cmd/kwok@{KWOK}", cwd=Path("/"), GOBIN=str(folder))
        if not stages.exists():
            module = json.loads(go("mod", "download", "-json", f"sigs.k8s.io/kwok@{KWOK}", cwd=Path("/")))
            texts = [Path(module["Dir"], "kustomize/stage", f"{stage}.yaml").read_text() for stage in KWOK_STAGES]
            stages.write_text("---\n".join(texts))
    return program, stages


def helm() -> Path:
    """Returns the program. A cold build takes minutes, so only `./edp e2e` asks for it."""
    folder = CACHE / "tools"
    program = folder / "helm"
    with locked(folder / "helm.lock"):
        built = program.exists() and f"helm.sh/helm/v3\t{HELM}" in go("version", "-m", str(program), cwd=Path("/"))
        if not built:
            print(f"Building helm {HELM} (once; some minutes)", flush=True)
            go("install", "-ldflags", "-s -w", f"helm.sh/helm/v3/cmd/helm@{HELM}", cwd=Path("/"), GOBIN=str(folder))
    return program
