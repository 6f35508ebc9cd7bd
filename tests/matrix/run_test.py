#!/usr/bin/env python3
"""The matrix's own judgement: a report that is wrong has to make a cell fail."""

import copy
import pathlib
import unittest

import run
import workloads

HERE = pathlib.Path(__file__).resolve().parent
RULE = "GO-SYNCMAP-WRITE-HEAVY"


def cell(**changes):
    base = run.Cell("syncmap-write-heavy", "go1.26.8", "swiss", "cpu", {RULE: "CRITICAL"}, set())
    return base._replace(**changes)


def right_report():
    (place, (function, _)), = [item for item in workloads.marks("syncmap-write-heavy").items() if RULE in item[1][1]]
    location = {"function": function, "file": "/anywhere/" + place[0], "line": place[1]}
    return {"findings": [{"rule": RULE, "severity": "CRITICAL", "title": "t", "location": location}],
            "rules": [{"rule": f"GO-{n}", "status": "clean"} for n in range(15)] + [{"rule": RULE, "status": "fired"}]}


class Judgement(unittest.TestCase):
    def problems(self, change=lambda report: None, **changes):
        report = copy.deepcopy(right_report())
        change(report)
        return run.problems_of(report, cell(**changes))

    def test_right_report_passes(self):
        self.assertEqual(self.problems(), [])

    def test_missing_finding_fails(self):
        self.assertTrue(self.problems(lambda report: report["findings"].clear()))

    def test_finding_that_is_not_severe_enough_fails(self):
        self.assertTrue(self.problems(lambda report: report["findings"][0].update(severity="WARNING")))

    def test_wrong_line_fails(self):
        def change(report):
            report["findings"][0]["location"]["line"] += 1
        self.assertTrue(self.problems(change))

    def test_wrong_function_fails(self):
        def change(report):
            report["findings"][0]["location"]["function"] = "main.other"
        self.assertTrue(self.problems(change))

    def test_second_finding_at_an_unmarked_line_fails(self):
        def change(report):
            report["findings"].append(copy.deepcopy(report["findings"][0]))
            report["findings"][1]["location"]["line"] += 1
        self.assertTrue(self.problems(change))

    def test_further_warning_fails_unless_allowed(self):
        def change(report):
            report["findings"].append(dict(copy.deepcopy(report["findings"][0]), rule="GO-OTHER", severity="WARNING"))
        self.assertTrue(self.problems(change))
        self.assertEqual(self.problems(change, allowed={"GO-OTHER"}), [])

    def test_further_information_passes(self):
        def change(report):
            report["findings"].append(dict(copy.deepcopy(report["findings"][0]), rule="GO-OTHER", severity="INFO"))
        self.assertEqual(self.problems(change), [])

    def test_rule_that_confirms_another_counts(self):
        def change(report):
            report["findings"][0].update(rule="GO-OTHER", confirmed_by=[RULE])
        self.assertEqual(self.problems(change), [])

        def elsewhere(report):
            change(report)
            report["findings"][0]["location"]["line"] += 1
        self.assertTrue(self.problems(elsewhere))

    def test_finding_about_an_innocent_fails(self):
        self.assertTrue(self.problems(workload="syncmap-read-mostly", expected={}))

    def test_not_applicable_needs_a_reason(self):
        def silent(report):
            report["rules"][0] = {"rule": "GO-X", "status": "not_applicable", "reason": ""}

        def reasoned(report):
            report["rules"][0] = {"rule": "GO-X", "status": "not_applicable", "reason": "swiss"}
        expected = {RULE: "CRITICAL", "GO-X": "not_applicable"}
        self.assertTrue(self.problems(expected=expected))
        self.assertTrue(self.problems(silent, expected=expected))
        self.assertEqual(self.problems(reasoned, expected=expected), [])

    def test_fewer_rules_than_there_are_fails(self):
        self.assertTrue(self.problems(lambda report: report["rules"].pop()))


class Table(unittest.TestCase):
    def setUp(self):
        self.toolchains, self.cells = run.read_matrix(HERE / "matrix.tsv")

    def test_every_workload_has_a_cell_for_each_toolchain(self):
        named = set()
        for path in workloads.SOURCES.glob("*.go"):
            named |= set(workloads.registered_in(path))
        traced = {c.workload for c in self.cells if c.lane == "trace"}
        classic = {c.toolchain for c in self.cells if c.lane == "cpu"}
        self.assertLess(classic, set(self.toolchains))
        wanted = {(name, toolchain) for name in named
                  for toolchain in (self.toolchains if name in traced else classic)}
        self.assertEqual({(c.workload, c.toolchain) for c in self.cells}, wanted)
        self.assertEqual(len(self.cells), len(wanted))

    def test_every_expected_finding_has_a_marked_line(self):
        for c in self.cells:
            marked = set().union(*(rules for _, rules in workloads.marks(c.workload).values()), set())
            for rule, wanted in c.expected.items():
                if wanted != "not_applicable":
                    self.assertIn(rule, marked, c.workload)

    def test_the_slice_has_every_workload_once(self):
        names = [c.workload for c in run.slice_of(self.cells, self.toolchains)]
        self.assertEqual(sorted(names), sorted({c.workload for c in self.cells}))


if __name__ == "__main__":
    unittest.main()
