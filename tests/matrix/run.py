#!/usr/bin/env python3
"""Runs the matrix: every Go workload with every toolchain under edp-runner, held against matrix.tsv.

Prints one line a cell and closes with 'N passed, N failed'. Nothing is tried twice: a cell that is right only
now and then is wrong. Exit status 0 when all cells are right.
"""

import argparse
import collections
import concurrent.futures
import os
import pathlib
import signal
import subprocess
import sys
import time

import workloads

SEVERITIES = ["INFO", "WARNING", "CRITICAL"]
LIGHT_JOBS = 3  # workloads of the light lane that run side by side
Cell = collections.namedtuple("Cell", "workload toolchain implementation lane expected allowed")


def read_matrix(path):
    toolchains, lanes, rows = {}, {}, []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        fields = line.split("\t")
        if fields[0] == "toolchain" and len(fields) in (3, 4):
            toolchains[fields[1]] = fields[2]
            lanes[fields[1]] = set(fields[3].split(",")) if len(fields) == 4 else None
        elif fields[0] == "cell" and len(fields) in (6, 7):
            expected = dict(item.split("=") for item in fields[4].split(",")) if fields[4] != "-" else {}
            allowed = set(fields[5].split(",")) if fields[5] != "-" else set()
            if allowed and len(fields) != 7:
                raise SystemExit(f"{path}:{number}: allowed findings need a reason")
            rows.append((fields[1], fields[2], fields[3], expected, allowed))
        else:
            raise SystemExit(f"{path}:{number}: neither a toolchain nor a cell")
    return toolchains, [Cell(name, toolchain, implementation, lane, expected, allowed)
                        for name, which, lane, expected, allowed in rows
                        for toolchain, implementation in toolchains.items()
                        if which in ("any", implementation) and lane in (lanes[toolchain] or {lane})]


def slice_of(cells, toolchains):
    """Every workload once, the toolchains in rotation; without the experiments and the toolchains of single lanes,
    which compile Go's library anew."""
    everywhere = set.intersection(*({cell.toolchain for cell in cells if cell.lane == lane}
                                    for lane in {cell.lane for cell in cells}))
    sliced = [name for name in toolchains if name in everywhere and "+" not in name]
    names = list(dict.fromkeys(cell.workload for cell in cells))
    chosen = []
    for index, name in enumerate(names):
        own = [cell for cell in cells if cell.workload == name and "+" not in cell.toolchain]
        order = list(dict.fromkeys(cell.toolchain for cell in own if cell.toolchain in sliced))
        chosen += [cell for cell in own if cell.toolchain == order[index % len(order)]]
    return chosen


def problems_of(report, cell):
    """What is wrong with a report, as a list of sentences; empty where it is right."""
    marks = workloads.marks(cell.workload)
    problems = []
    outcomes = {rule["rule"]: rule for rule in report["rules"]}
    if len(outcomes) < 16:
        problems.append(f"only {len(outcomes)} rules were asked")
    for rule, wanted in cell.expected.items():
        findings = [f for f in report["findings"] if rule in rules_of(f)]
        outcome = outcomes.get(rule, {})
        if wanted == "not_applicable":
            if outcome.get("status") != "not_applicable" or not outcome.get("reason"):
                problems.append(f"{rule} is {outcome.get('status')}, not not_applicable with a reason")
            continue
        severe = [f for f in findings if SEVERITIES.index(f["severity"]) >= SEVERITIES.index(wanted)]
        if not severe:
            seen = ", ".join(f["severity"] for f in findings) or "no finding"
            problems.append(f"{rule}: {seen} (rule: {outcome.get('status')} {outcome.get('reason', '')})")
        for finding in severe:
            problems += place_problems(finding, marks)
    for finding in report["findings"]:
        if finding["severity"] == "INFO" or rules_of(finding) & set(cell.expected):
            continue
        where = "{file}:{line}".format(**finding["location"])
        if finding["rule"] not in cell.allowed:
            problems.append(f"{finding['severity']} {finding['rule']} at {where}: {finding['title']}")
        elif pathlib.PurePath(finding["location"]["file"]).name != workloads.file_of(cell.workload):
            problems.append(f"{finding['rule']} points outside the workload: {where}")
    return problems


def rules_of(finding):
    """A fault that several rules saw is one finding."""
    return {finding["rule"], *finding.get("confirmed_by", [])}


def place_problems(finding, marks):
    location = finding["location"]
    place = (pathlib.PurePath(location["file"]).name, location["line"])
    function, rules = marks.get(place, ("", set()))
    if not rules & rules_of(finding):
        return [f"{finding['rule']} points to {place[0]}:{place[1]} ({location['function']}), which is no culprit of it"]
    # A closure of the marked function carries a suffix: main.lookup.func1.
    if location["function"] != function and not location["function"].startswith(function + ".func"):
        return [f"{finding['rule']} names the function {location['function']}, not {function}"]
    return []


class Matrix:
    def __init__(self, options):
        self.options = options
        self.out = pathlib.Path(options.out)

    def run(self, cell):
        directory = self.out / f"{cell.workload}.{cell.toolchain.replace(',', '-')}"
        directory.mkdir(parents=True, exist_ok=True)
        binary = workloads.binary_of(cell.toolchain)
        began = time.monotonic()
        try:
            if cell.lane == "crash":
                problems = self.crash(binary, cell, directory)
            else:
                problems = self.live(binary, cell, directory)
        except (OSError, RuntimeError, KeyError, ValueError) as error:
            problems = [f"{type(error).__name__}: {error}"]
        return cell, problems, time.monotonic() - began

    def live(self, binary, cell, directory):
        options = self.options
        limit = options.warm_up + options.duration + 60
        with workloads.Workload(binary, cell.workload, limit) as workload:
            time.sleep(options.warm_up)
            if options.save:
                workloads.save_profiles(workload.url, int(options.duration), directory)
                return []
            problems = self.diagnose(workload.url, cell, directory)
            if workload.process.poll() is not None:
                problems.append("the workload died: " + workload.process.stderr.read().decode()[:300])
            return problems

    def crash(self, binary, cell, directory):
        text, status = workloads.crash_output(binary, cell.workload)
        crash = directory / "stderr.txt"
        crash.write_bytes(text)
        if status != 2:
            return [f"the workload ended with {status}, not 2"]
        return [] if self.options.save else self.diagnose(str(crash), cell, directory)

    def diagnose(self, target, cell, directory):
        output = directory / "report.json"
        output.unlink(missing_ok=True)
        command = [self.options.runner, "--target", target, "--duration", f"{self.options.duration:g}s",
                   "--output", str(output), *self.options.runner_args]
        with open(directory / "runner.log", "wb") as log:
            runner = workloads.started(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log))
            try:
                status = runner.wait(timeout=self.options.duration + 90)
            finally:
                workloads.end(runner)
        if status not in (0, 2):
            tail = (directory / "runner.log").read_text(errors="replace").strip().splitlines()[-1:]
            return [f"edp-runner ended with {status}: {' '.join(tail)}"]
        report = workloads.load_report(output)
        problems = problems_of(report, cell)
        critical = any(finding["severity"] == "CRITICAL" for finding in report["findings"])
        if critical != (status == 2):
            problems.append(f"exit status {status} with {'a' if critical else 'no'} CRITICAL finding")
        return problems

    def run_all(self, cells):
        """The cpu and trace lanes run `jobs` at a time; the others, which hardly use the CPU, beside them."""
        failed = 0
        lanes = [(self.options.jobs, [c for c in cells if c.lane in ("cpu", "trace")]),
                 (LIGHT_JOBS, [c for c in cells if c.lane not in ("cpu", "trace")])]
        pools = [concurrent.futures.ThreadPoolExecutor(size) for size, _ in lanes]
        futures = [pool.submit(self.run, cell) for pool, (_, lane) in zip(pools, lanes) for cell in lane]
        for future in concurrent.futures.as_completed(futures):
            cell, problems, seconds = future.result()
            failed += bool(problems)
            mark = "FAIL" if problems else "ok  "
            print(f"{mark} {cell.workload:<28} {cell.toolchain:<38} {seconds:5.1f} s", flush=True)
            for problem in problems:
                print(f"       {problem}", flush=True)
        return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slice", action="store_true", help="each workload with one toolchain, in rotation (default)")
    parser.add_argument("--full", action="store_true", help="every workload with every toolchain")
    parser.add_argument("--workload", action="append", help="only this one; with every toolchain; may be repeated")
    parser.add_argument("--toolchain", action="append", help="only this one; may be repeated")
    parser.add_argument("--runner", default=str(workloads.ROOT / "build/release/bin/edp-runner"))
    parser.add_argument("--runner-args", nargs="*", default=[], help="further arguments for edp-runner")
    parser.add_argument("--duration", type=float, default=6, help="seconds observed in each cell")
    parser.add_argument("--warm-up", type=float, default=1.5, help="seconds before that")
    parser.add_argument("--jobs", type=int, default=1, help="cells of the cpu lane that run at a time")
    parser.add_argument("--out", default=str(workloads.ROOT / "build/matrix"), help="reports and logs go here")
    parser.add_argument("--save", metavar="DIR", help="only collect the profiles, by plain HTTP, into DIR")
    options = parser.parse_args()
    if options.save:
        options.out = options.save
    elif not pathlib.Path(options.runner).exists():
        raise SystemExit(f"no {options.runner}; './edp build' makes it")

    toolchains, cells = read_matrix(pathlib.Path(__file__).with_name("matrix.tsv"))
    if options.workload:
        cells = [cell for cell in cells if cell.workload in options.workload]
    elif not options.full and not options.toolchain:
        cells = slice_of(cells, toolchains)
    if options.toolchain:
        cells = [cell for cell in cells if cell.toolchain in options.toolchain]
    if not cells:
        raise SystemExit("no such cell in matrix.tsv")

    def interrupted(number, _):
        workloads.kill_all()
        os._exit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)

    began = time.monotonic()
    for toolchain in dict.fromkeys(cell.toolchain for cell in cells):
        workloads.build(toolchain)
    print(f"{len(cells)} cells; workloads built in {time.monotonic() - began:.0f} s", flush=True)
    failed = Matrix(options).run_all(cells)
    print(f"{len(cells) - failed} passed, {failed} failed  ({time.monotonic() - began:.0f} s)")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
