"""tests/workloads/go as an image: one static program, the misbehaving services of the scenarios."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from edpcluster import images

from .scenario import ROOT

WORKLOADS = "localhost/edp-workloads:1"


def build_workloads(archive: Path) -> Path:
    environment = os.environ | {"CGO_ENABLED": "0", "GOFLAGS": "-buildvcs=false"}
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "workloads"
        subprocess.run(["go", "build", "-o", program, "."], cwd=ROOT / "tests/workloads/go", env=environment, check=True)
        layer = images.Layer()
        layer.data("/workloads", program.read_bytes(), 0o755)
    images.write(images.Image(WORKLOADS, entrypoint=["/workloads"], user="65532:65532"), layer.close(), archive)
    return archive
