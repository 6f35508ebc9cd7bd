"""kubectl as functions. Objects are dicts, errors are exceptions that carry what kubectl said."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import Any

import yaml

Object = dict[str, Any]


class KubectlError(Exception):
    """The command and its standard error."""


@dataclass(frozen=True)
class Kubectl:
    program: str
    kubeconfig: str
    namespace: str = "default"

    def within(self, namespace: str) -> Kubectl:
        return Kubectl(self.program, self.kubeconfig, namespace)

    def words(self, *args: str) -> list[str]:
        place = [f"--namespace={self.namespace}"] if self.namespace else []  # none: the objects tell
        return [self.program, f"--kubeconfig={self.kubeconfig}", *place, *args]

    def run(self, *args: str, stdin: str = "", timeout: float = 300) -> str:
        done = subprocess.run(self.words(*args), input=stdin, capture_output=True, text=True, timeout=timeout, check=False)
        if done.returncode:
            raise KubectlError(f"kubectl {' '.join(args)}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def refused(self, *args: str, stdin: str = "") -> str:
        """The error of a command that has to fail."""
        try:
            answer = self.run(*args, stdin=stdin)
        except KubectlError as error:
            return str(error)
        raise AssertionError(f"kubectl {' '.join(args)} should have been refused, but: {answer.strip()}")

    def apply(self, *objects: Object | str) -> str:
        """Dicts, or YAML text."""
        return self.run("apply", "--filename=-", stdin=as_yaml(*objects))

    def get(self, *args: str) -> Object:
        answer: Object = json.loads(self.run("get", *args, "--output=json"))
        return answer

    def items(self, *args: str) -> list[Object]:
        found: list[Object] = self.get(*args)["items"]
        return found

    def exists(self, *args: str) -> bool:
        return bool(self.run("get", *args, "--ignore-not-found", "--output=name").strip())

    def wait(self, condition: str, *what: str, seconds: int = 60) -> str:
        """condition: what --for takes, such as condition=Ready or delete."""
        return self.run("wait", f"--for={condition}", f"--timeout={seconds}s", *what, timeout=seconds + 30)

    def logs(self, *args: str) -> str:
        return self.run("logs", *args)

    def execute(self, pod: str, *command: str, container: str = "") -> str:
        chosen = [f"--container={container}"] if container else []
        return self.run("exec", pod, *chosen, "--", *command)


def as_yaml(*objects: Object | str) -> str:
    return "\n---\n".join(item if isinstance(item, str) else yaml.safe_dump(item) for item in objects)
