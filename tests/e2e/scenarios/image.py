"""EDP's image on a real kubelet, under the restrictions that runners have."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any

from edpe2e.kubectl import Object
from edpe2e.scenario import ROOT, Context, check, check_equal, scenario


def restricted_pod(context: Context, name: str, *args: str, command: str = "") -> Object:
    container: Object = {
        "name": "main",
        "image": context.images["edp"],
        "args": list(args),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    if command:
        container["command"] = [command]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [container],
        },
    }


@scenario(slice=True)
def both_programs_start_under_pod_security_restricted(context: Context) -> None:
    """Read-only root, no capability, not root: the runner is what the image starts, the operator is beside it."""
    kubectl = context.kubectl
    kubectl.run("label", "namespace", context.namespace, "pod-security.kubernetes.io/enforce=restricted")
    kubectl.apply(
        restricted_pod(context, "runner", "profile", "list"),
        restricted_pod(context, "operator", "--version", command="/usr/bin/edp-operator"),
    )
    kubectl.wait("jsonpath={.status.phase}=Succeeded", "pod/runner", "pod/operator")
    check("prod-k8s" in kubectl.logs("runner").split(), "the runner lists its profiles")
    check(kubectl.logs("operator").strip(), "the operator says its version")


@scenario()
def the_image_has_no_shell_and_no_compiler(context: Context) -> None:
    kubectl = context.kubectl
    for program in ("/bin/sh", "/usr/bin/sh", "/bin/bash", "/usr/bin/gcc", "/usr/bin/apt-get"):
        name = "no-" + program.strip("/").replace("/", "-")
        kubectl.apply(restricted_pod(context, name, command=program))
        kubectl.wait("jsonpath={.status.phase}=Failed", f"pod/{name}")
        status = kubectl.get("pod", name)["status"]["containerStatuses"][0]["state"]["terminated"]
        check("no such file or directory" in status["message"], f"{program}: {status}")


def contents(archive: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """The image's config, and of each file its kind, mode and hash. Left out are the bytes of programs and libraries, and of
    packages' records, which tell the libraries' builds."""
    files: dict[str, str] = {}
    with tarfile.open(archive) as outer:

        def member(name: str) -> bytes:
            stream = outer.extractfile(name)
            assert stream is not None, name
            return stream.read()

        manifest = json.loads(member("manifest.json"))[0]
        for layer in manifest["Layers"]:
            with tarfile.open(fileobj=io.BytesIO(member(layer))) as tar:
                for entry in tar:
                    stream = tar.extractfile(entry) if entry.isfile() else None
                    plain = stream and not entry.name.startswith(("usr/bin/", "usr/lib", "var/lib/dpkg/status.d/"))
                    digest = hashlib.sha256(stream.read()).hexdigest() if stream and plain else ""
                    kind = "l" + entry.linkname if entry.issym() else "d" if entry.isdir() else "f"
                    files[entry.name.strip("/")] = f"{kind} {entry.mode & 0o7777:o} {entry.uid}:{entry.gid} {digest}"
        config = json.loads(member(manifest["Config"]))["config"]
    return {key: config.get(key) for key in ("Env", "User", "Entrypoint", "Cmd", "Labels")}, files


@scenario(own_cluster=True)
def the_fast_image_is_the_dockerfiles_image(context: Context) -> str:
    """What `./edp test` runs on differs from what users get in nothing but the bytes of the programs."""
    real_config, real_files = contents(ROOT / "build/image/edp.tar")
    fast_config, fast_files = contents(ROOT / "build/image/edp-fast.tar")
    (real_config["Labels"] or {}).pop("io.buildah.version", None)
    check_equal(fast_config, real_config, "config")
    check_equal(sorted(fast_files), sorted(real_files), "names")
    different = {name for name in real_files if real_files[name] != fast_files[name]}
    check(not different, f"{len(different)} differ: {[(n, real_files[n], fast_files[n]) for n in sorted(different)[:5]]}")
    return f"{len(real_files)} files"
