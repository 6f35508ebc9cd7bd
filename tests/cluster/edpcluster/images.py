"""Images without an image tool: a docker-archive of one layer, the same bytes for the same files.

`ctr images import` and `podman load` read it.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .settings import CACHE, HERE

PAUSE = "localhost/pause:1"
BUSYBOX = "localhost/busybox:1"
APPLETS = """sh sleep cat echo ls ps id env true false date wget nc httpd kill hostname ip mount touch seq grep head tail
printf test rm mkdir nslookup""".split()


@dataclass
class Image:
    name: str
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    user: str = ""
    labels: dict[str, str] = field(default_factory=dict)


def _member(name: str, **settings: Any) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name.strip("/"))
    for key, value in settings.items():
        setattr(member, key, value)
    return member


class Layer:
    """Files of one image layer, owned by root, dated 1970, folders made as needed."""

    def __init__(self) -> None:
        self._buffer = io.BytesIO()
        self._tar = tarfile.open(fileobj=self._buffer, mode="w", format=tarfile.PAX_FORMAT)
        self._folders: set[str] = set()

    def folder(self, path: str, mode: int = 0o755) -> None:
        path = path.strip("/")
        if path and path not in self._folders:
            self.folder(os.path.dirname(path))
            self._folders.add(path)
            self._tar.addfile(_member(path, type=tarfile.DIRTYPE, mode=mode))

    def data(self, path: str, content: bytes, mode: int = 0o644) -> None:
        self.folder(os.path.dirname(path))
        self._tar.addfile(_member(path, size=len(content), mode=mode), io.BytesIO(content))

    def link(self, path: str, target: str) -> None:
        self.folder(os.path.dirname(path))
        self._tar.addfile(_member(path, type=tarfile.SYMTYPE, linkname=target, mode=0o777))

    def tree(self, root: Path) -> None:
        """Everything below root, at its place below /."""
        for path in sorted(root.rglob("*")):
            inside = str(path.relative_to(root))
            if path.is_symlink():
                self.link(inside, os.readlink(path))
            elif path.is_dir():
                self.folder(inside, path.stat().st_mode & 0o7777)
            else:
                self.data(inside, path.read_bytes(), path.stat().st_mode & 0o7777)

    def close(self) -> bytes:
        self._tar.close()
        return self._buffer.getvalue()


def write(image: Image, layer: bytes, archive: Path) -> None:
    digest = hashlib.sha256(layer).hexdigest()
    config = {
        "architecture": "amd64",
        "os": "linux",
        "created": "1970-01-01T00:00:00Z",
        "config": {
            "Env": ["PATH=/usr/local/bin:/usr/bin:/bin"],
            "User": image.user,
            "Entrypoint": image.entrypoint or None,
            "Cmd": image.command or None,
            "Labels": image.labels or None,
        },
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
        "history": [{"created": "1970-01-01T00:00:00Z", "created_by": "edp"}],
    }
    encoded = json.dumps(config).encode()
    config_name = hashlib.sha256(encoded).hexdigest() + ".json"
    manifest = [{"Config": config_name, "RepoTags": [image.name], "Layers": [f"{digest}/layer.tar"]}]
    members: Iterable[tuple[str, bytes]] = (
        (config_name, encoded),
        (f"{digest}/layer.tar", layer),
        ("manifest.json", json.dumps(manifest).encode()),
    )
    archive.parent.mkdir(parents=True, exist_ok=True)
    partial = archive.with_suffix(f".{os.getpid()}")
    with tarfile.open(partial, "w") as tar:
        for name, content in members:
            tar.addfile(_member(name, size=len(content), mode=0o644), io.BytesIO(content))
    partial.rename(archive)


def basic() -> list[str]:
    """The images that every node has: a pod's sandbox, and a shell for tests. Returns the archives."""
    folder = CACHE / "images"
    pause, busybox = folder / "pause.tar", folder / "busybox.tar"
    if not pause.exists():
        folder.mkdir(parents=True, exist_ok=True)
        program = folder / "pause"
        subprocess.run(["gcc", "-Os", "-static", "-s", "-o", program, HERE / "pause.c"], check=True)
        layer = Layer()
        layer.data("/pause", program.read_bytes(), 0o755)
        program.unlink()
        write(Image(PAUSE, entrypoint=["/pause"], user="65532:65532"), layer.close(), pause)
    if not busybox.exists():
        layer = Layer()
        layer.folder("/tmp", 0o1777)
        layer.data("/bin/busybox", Path("/bin/busybox").read_bytes(), 0o755)
        for applet in APPLETS:
            layer.link(f"/bin/{applet}", "busybox")
        layer.data("/etc/passwd", b"root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n")
        layer.data("/etc/group", b"root:x:0:\nnogroup:x:65534:\n")
        write(Image(BUSYBOX, command=["/bin/sh"]), layer.close(), busybox)
    return [str(pause), str(busybox)]
