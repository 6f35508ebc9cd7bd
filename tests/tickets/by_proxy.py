"""A real forward proxy (tinyproxy) on the way to Jira: http and https, with the right password and the wrong one."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from harness import free_port
from stories import Stage
from world import WORK, Proxy, World, check, wait_for

USER, PASSWORD = "edp-on-its-way", "pr0xy-password"


class Tinyproxy:
    def __init__(self, folder: Path) -> None:
        self.url = f"http://127.0.0.1:{free_port()}"
        self.log = folder / "log"
        (folder / "conf").write_text(
            f"Port {self.url.rsplit(':', 1)[1]}\nListen 127.0.0.1\nTimeout 60\nMaxClients 20\nAllow 127.0.0.1\nLogFile \"{self.log}\"\n"
            f"LogLevel Connect\nBasicAuth {USER} {PASSWORD}\n"
        )
        self.process = subprocess.Popen(["tinyproxy", "-d", "-c", str(folder / "conf")], stdout=subprocess.DEVNULL)

    def saw(self, text: str) -> bool:
        return self.log.exists() and text in self.log.read_text()


@contextlib.contextmanager
def tinyproxy() -> Iterator[Tinyproxy]:
    check(shutil.which("tinyproxy"), "tinyproxy is missing: apt-get install -y tinyproxy")
    with tempfile.TemporaryDirectory() as folder:
        running = Tinyproxy(Path(folder))
        try:
            wait_for("the proxy", 10, lambda: running.saw("Initializing") or running.saw("listening"))
            yield running
        finally:
            running.process.terminate()
            running.process.wait()


def by_proxy(world: World, proxy: Proxy, full: bool) -> str:
    """Issues are made through the proxy; what it refuses is said on the ticket."""
    folder = WORK / "jira"
    folder.mkdir(parents=True, exist_ok=True)
    user, password = folder / "proxy-user", folder / "proxy-password"
    user.write_text(USER)
    with tinyproxy() as on_the_way:
        config = {"proxy": on_the_way.url, "proxyUserFile": str(user), "proxyPasswordFile": str(password)}
        for name, tls in (("plain", False), ("secure", True)):
            password.write_text("wrong")
            with Stage(world, proxy, tls=tls, **config) as stage:
                deployment = f"proxied-{name}"
                world.deployment(deployment)
                world.diagnose(f"{deployment}-1", deployment)
                ticket = world.wait_ticket(deployment, "what the proxy refuses", 20, lambda status: "lastError" in status)
                message = ticket["status"]["lastError"]
                # tinyproxy refuses a request with 401, a tunnel with 407 or 401: what it says is told.
                check(("401" in message or "407" in message) and PASSWORD not in message, f"{name}: {message}")
                check(not stage.jira.issues(), f"{name}: an issue came around the proxy")
                password.write_text(PASSWORD)
                stage.opened(deployment, 60)
                stage.one_issue(deployment)
                check(PASSWORD not in stage.operator.log_file.read_text(), "a secret is told")
        for asked in ("CONNECT 127.0.0.1:", "http://127.0.0.1:"):
            check(on_the_way.saw(asked), f"the proxy was not asked for {asked}")
    return f"http in the absolute form, https through a tunnel; wrong password: {message}"
