"""What other programs think of our files: reports by the schemas of their formats, the examples for GitHub and GitLab by the
linters and runners that people use."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))

import packages  # noqa: E402

Env = dict[str, str]


def _run(command: list[str | Path], cwd: Path, env: Env, status: int = 0, seconds: float = 120) -> str:
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env={**os.environ, **env}, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds
    )
    assert done.returncode == status, (
        f"{' '.join(map(str, command))}: exit status {done.returncode}, not {status}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
    )
    return done.stdout + done.stderr


def _fresh(work: Path, name: str) -> Path:
    folder = work / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _strict(env: Env, folder: Path) -> Path:
    """prod-k8s with a gate that any finding is at: these parts are about exit statuses, not about how grave a finding is on a busy machine."""
    shown = _run(["edp-runner", "profile", "show", "prod-k8s"], folder, env)
    file = folder / "strict.yaml"
    file.write_text(shown.replace("gate: CRITICAL", "gate: INFO"))
    return file


def _kept(env: Env, work: Path, name: str) -> Path:
    """What was collected of a live target, as a target of its own: diagnosed at once, and always the same."""
    folder = work / f"kept-{name}"
    if not folder.exists():
        command = ["edp-runner", "--profile=prod-k8s", "--timeout=20", "--exit-zero", f"--target={env[f'EDP_{name.upper()}']}", f"--artefacts={folder}"]
        _run(command, work, env)
    return folder


def _targets(env: Env, work: Path) -> dict[str, str]:
    return {"faulty": str(_kept(env, work, "faulty")), "healthy": str(_kept(env, work, "healthy")), "absent": env["EDP_ABSENT"]}


def reports(env: Env, work: Path) -> int:
    """SARIF by the OASIS schema, JUnit by the XSD of Jenkins' xUnit plugin: of a run with findings, of one without, of one that saw nothing."""
    import jsonschema

    schema = json.loads(
        packages.node_file(
            "@microsoft/sarif-multitool-linux@5.7.0", "sarif-2.1.0.json", "1c49a0f2b60444c71bb14878e21e0d882198eff4c539861b133093ad89ed798c"
        ).read_text()
    )
    validator = jsonschema.Draft7Validator({**schema, "$schema": "http://json-schema.org/draft-07/schema#"})
    assert list(validator.iter_errors({"version": "2.1.0", "runs": [{"results": []}]})), "the schema lets anything pass"
    xsd = packages.python_file(
        "pytest", "8.3.4", "testing/example_scripts/junit-10.xsd", "a1a816f58d1bf95ebabf371994df0b9246dee66ea9572fbec4f9296f1b2c0ff6"
    )
    folder = _fresh(work, "reports")
    seen = 0
    targets = _targets(env, work)
    for name, status, gate in (("faulty", 2, "INFO"), ("healthy", 0, "CRITICAL"), ("absent", 3, "CRITICAL")):
        files = [f"--sarif={name}.sarif", f"--junit={name}.xml", f"--output={name}.json"]
        _run(["edp-runner", "--profile=prod-k8s", "--timeout=20", f"--gate={gate}", f"--target={targets[name]}", *files], folder, env, status)
        wrong = [
            f"{'/'.join(map(str, error.path))}: {error.message}"
            for error in validator.iter_errors(json.loads((folder / f"{name}.sarif").read_text()))
        ]
        assert not wrong, f"{name}.sarif: {wrong[:5]}"
        _run(["xmllint", "--noout", "--schema", xsd, f"{name}.xml"], folder, env)
        suites = xml.etree.ElementTree.parse(folder / f"{name}.xml").getroot()
        failures = len(suites.findall(".//failure"))
        assert failures == int(suites.get("failures", "-1")) and bool(failures) == (name == "faulty"), f"{name}.xml counts {failures} failures"
        seen += 1
    findings = json.loads((folder / "faulty.json").read_text())["findings"]
    results = json.loads((folder / "faulty.sarif").read_text())["runs"][0]["results"]
    assert {result["ruleId"] for result in results} == {finding["rule"] for finding in findings} and findings
    return seen


def github(env: Env, work: Path) -> int:
    """actionlint, with shellcheck over the scripts; then the scripts as a runner runs them."""
    tools = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "edp-cluster/tools"
    example = ROOT / "deploy/ci/github.yml"
    assert (tools / "actionlint").exists(), "actionlint is missing: scripts/test-tools.sh"
    config = _fresh(work, "actionlint") / "actionlint.yaml"
    config.write_text("self-hosted-runner: {labels: [edp]}\n")
    _run([tools / "actionlint", "-shellcheck", "shellcheck", "-config-file", config, example], ROOT, env)
    workflow = yaml.safe_load(example.read_text())
    steps = {step["name"]: step for step in workflow["jobs"]["diagnose"]["steps"]}
    targets = _targets(env, work)
    for name, status, words in (("faulty", 1, "::error::EDP: finding"), ("healthy", 0, "Nothing at"), ("absent", 0, "::warning::")):
        folder = _fresh(work, f"github-{name}")
        output = folder / "output"
        script = steps["Diagnose"]["run"].replace("--timeout=180", "--timeout=20")
        if name == "faulty":
            script = script.replace("--profile=prod-k8s", f"--profile={_strict(env, folder)}")
        _run(["bash", "-e", "-c", script], folder, {**env, "TARGET": targets[name], "GITHUB_OUTPUT": str(output)})
        told = dict(line.split("=", 1) for line in output.read_text().splitlines())
        said = _run(["bash", "-e", "-c", steps["Gate"]["run"]], folder, {**env, "STATUS": told["status"]}, status)
        assert words in said, said
        for file in ("edp-report.json", "edp-report.html", "edp.sarif", "edp-junit.xml"):
            assert (folder / "edp" / file).stat().st_size > 0
    return 3


def gitlab(env: Env, work: Path) -> int:
    """gitlab-ci-local checks the file by GitLab's schema and runs its jobs."""
    local = packages.node("gitlab-ci-local@4.55.0") / ".bin/gitlab-ci-local"
    folder = _fresh(work, "gitlab")
    _run(["git", "init", "-q", "."], folder, env)
    _run(["git", "remote", "add", "origin", "https://gitlab.example.com/shop/checkout.git"], folder, env)
    example = (ROOT / "deploy/ci/gitlab.yml").read_text()
    (folder / ".gitlab-ci.yml").write_text(example.replace('EDP_TIMEOUT: "180"', 'EDP_TIMEOUT: "20"'))
    options = ["--shell-executor-no-image", "--shell-isolation", "--home", folder / "home"]
    targets = _targets(env, work)
    for name, word in (("faulty", "FAIL"), ("healthy", "PASS"), ("absent", "WARN")):
        chosen = _strict(env, work) if name == "faulty" else "prod-k8s"
        said = _run([local, *options, "--variable", f"EDP_TARGET={targets[name]}", "--variable", f"EDP_PROFILE={chosen}", "edp-staging"], folder, env)
        assert f" {word} " in said, said  # its own exit status does not tell
        kept = list(folder.glob(".gitlab-ci-local/artifacts/edp-staging/edp/*"))
        assert {"edp-report.json", "edp-report.html", "edp-junit.xml"} <= {path.name for path in kept}, kept
    (folder / ".gitlab-ci.yml").write_text(example.replace("artifacts:\n    when", "artifacts:\n    wen"))
    said = _run([local, *options, "--list"], folder, env, 1)
    assert "wen" in said or "additional" in said, f"a wrong key is not found: {said}"
    return 4


def shell(env: Env, work: Path) -> int:
    """shellcheck over the commands within Groovy and GitLab's YAML."""
    scripts = [
        text for path in ("Jenkinsfile", "vars/edpDiagnose.groovy") for text in (ROOT / "deploy/jenkins" / path).read_text().split("'''")[1::2]
    ]
    scripts = [text.replace("\\\\\n", "\\\n") for text in scripts]  # Groovy's escape
    scripts.append("\n".join(yaml.safe_load((ROOT / "deploy/ci/gitlab.yml").read_text())[".edp"]["script"]))
    for number, text in enumerate(scripts):
        file = work / f"script-{number}.sh"
        file.write_text("#!/bin/sh\n# shellcheck disable=SC2154\n" + text)
        _run(["shellcheck", file], ROOT, env)
    return len(scripts)


PARTS = (shell, reports, github, gitlab)
