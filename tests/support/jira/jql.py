"""Jira's query language, as far as a client of tickets needs it: comparisons, lists, EMPTY, AND, OR, NOT, brackets, ORDER BY.
What Jira refuses is refused in Jira's words."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from typing import Any

Test = Callable[[Any], bool]

TOKEN = re.compile(
    r"""\s*(?: (?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*') | (?P<op>!=|!~|>=|<=|=|~|>|<) | (?P<mark>[(),])
      | (?P<word>[^\s=!<>()~,"'\[\]+.;?|*/%^$\#@&]+) | (?P<bad>\S) )""",
    re.VERBOSE,
)
OPERATORS = {
    "project": "set", "key": "key", "issuekey": "key", "id": "key", "issue": "key", "labels": "set", "status": "set",
    "statuscategory": "set", "issuetype": "set", "type": "set", "priority": "set", "resolution": "set", "assignee": "set",
    "reporter": "set", "creator": "set", "summary": "text", "description": "text", "text": "text", "comment": "text",
    "created": "date", "updated": "date", "resolved": "date", "resolutiondate": "date",
}  # fmt: skip


class JqlError(Exception):
    """Jira's message."""


def _unquote(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1])


class _Parser:
    def __init__(self, text: str, known: Callable[[str, str], bool], now: datetime.datetime) -> None:
        self.known = known  # (field, value): whether Jira has such a value
        self.now = now
        self.tokens: list[tuple[str, str, int]] = []
        at = 0
        while text[at:].strip():
            found = TOKEN.match(text, at)
            assert found
            kind = str(found.lastgroup)
            start = found.start(kind)
            if kind == "bad":
                char = found[kind]
                if char in "\"'":
                    raise JqlError(
                        f"Error in the JQL Query: The quoted string '{text[start + 1 :]}' has not been completed. (line 1, character {start + 1})"
                    )
                raise JqlError(
                    f"Error in the JQL Query: The character '{char}' is a reserved JQL character. You must enclose it in a string or use "
                    f"the escape '\\u{ord(char):04x}' instead. (line 1, character {start + 1})"
                )
            self.tokens.append((kind, found[kind], start))
            at = found.end()
        self.at = 0

    def peek(self) -> tuple[str, str]:
        return self.tokens[self.at][:2] if self.at < len(self.tokens) else ("end", "")

    def word(self, *words: str) -> bool:
        kind, text = self.peek()
        if kind == "word" and text.lower() in words:
            self.at += 1
            return True
        return False

    def fail(self, expected: str) -> JqlError:
        kind, text = self.peek()
        if kind == "end":
            return JqlError(f"Error in the JQL Query: Expecting {expected} before the end of the query.")
        return JqlError(f"Error in the JQL Query: Expecting {expected} but got '{text}'. (line 1, character {self.tokens[self.at][2] + 1})")

    def mark(self, text: str) -> bool:
        if self.peek() == ("mark", text):
            self.at += 1
            return True
        return False

    def value(self) -> str | None:
        """None for EMPTY."""
        kind, text = self.peek()
        if kind == "string":
            self.at += 1
            return _unquote(text)
        if kind == "word":
            self.at += 1
            return None if text.lower() in ("empty", "null") else text
        raise self.fail("either a value, list or function")

    def query(self) -> tuple[Test | None, list[tuple[str, bool]]]:
        test = None if self.peek()[0] == "end" or self.peek()[1].lower() == "order" else self.either()
        order = []
        if self.word("order"):
            if not self.word("by"):
                raise self.fail("'by'")
            while True:
                field = (self.value() or "").lower()
                order.append((field, self.word("desc") or not (self.word("asc") or True)))
                if not self.mark(","):
                    break
        if self.peek()[0] != "end":
            raise self.fail("either 'OR' or 'AND'")
        return test, order

    def either(self) -> Test:
        tests = [self.all()]
        while self.word("or"):
            tests.append(self.all())
        return tests[0] if len(tests) == 1 else lambda issue: any(test(issue) for test in tests)

    def all(self) -> Test:
        tests = [self.one()]
        while self.word("and"):
            tests.append(self.one())
        return tests[0] if len(tests) == 1 else lambda issue: all(test(issue) for test in tests)

    def one(self) -> Test:
        if self.word("not"):
            inner = self.one()
            return lambda issue: not inner(issue)
        if self.mark("("):
            inner = self.either()
            if not self.mark(")"):
                raise self.fail("')'")
            return inner
        return self.clause()

    def clause(self) -> Test:
        field = self.value()
        if field is None:
            raise self.fail("a field name")
        name = field.lower()
        sort = OPERATORS.get(name)
        if not sort:
            raise JqlError(f"Field '{field}' does not exist or you do not have permission to view it.")
        values: list[str | None]
        if self.word("is"):
            operator = "!=" if self.word("not") else "="
            values = [self.value()]
        elif self.word("in"):
            operator, values = "=", self.values()
        elif self.word("not"):
            if not self.word("in"):
                raise self.fail("'IN'")
            operator, values = "!=", self.values()
        else:
            kind, operator = self.peek()
            if kind != "op":
                raise self.fail("operator")
            self.at += 1
            values = [self.value()]
        allowed = {"set": ("=", "!="), "key": ("=", "!=", ">", "<", ">=", "<="), "text": ("~", "!~"), "date": ("=", "!=", ">", "<", ">=", "<=")}[sort]
        if operator not in allowed:
            raise JqlError(f"The operator '{operator}' is not supported by the '{field}' field.")
        for value in values:
            if value is not None and not self.known(name, value):
                if sort == "key":
                    raise JqlError(f"An issue with key '{value}' does not exist for field '{field}'.")
                raise JqlError(f"The value '{value}' does not exist for the field '{field}'.")
        return self.comparison(name, sort, operator, values)

    def values(self) -> list[str | None]:
        if not self.mark("("):
            raise self.fail("'('")
        found = [self.value()]
        while self.mark(","):
            found.append(self.value())
        if not self.mark(")"):
            raise self.fail("')' or ','")
        return found

    def comparison(self, name: str, sort: str, operator: str, values: list[str | None]) -> Test:
        if sort == "text":
            words = [word.lower().rstrip("*") for word in re.findall(r"[\w*-]+", values[0] or "")]

            def text(issue: Any) -> bool:
                content = issue.words(name)
                return all(word in content for word in words) == (operator == "~")

            return text
        if sort == "date":
            return self.date(name, operator, values[0])
        wanted = {None if value is None else value.lower() for value in values}
        if operator == "=":
            return lambda issue: bool(issue.values(name) & wanted) or (None in wanted and not issue.values(name))
        if operator == "!=":  # as in Jira, what has no value at all is not "other than"
            return lambda issue: bool(issue.values(name)) and not issue.values(name) & wanted
        number = int((values[0] or "-0").rsplit("-", 1)[1])
        return lambda issue: _compare(operator, issue.number, number)

    def date(self, name: str, operator: str, value: str | None) -> Test:
        if value is None:
            return lambda issue: (issue.date(name) is None) == (operator == "=")
        relative = re.fullmatch(r"([+-]?\d+)([wdhm])", value)
        if relative:
            unit = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes"}[relative[2]]
            limit = self.now + datetime.timedelta(**{unit: int(relative[1])})
        else:
            try:
                plain = value.replace("/", "-")
                limit = datetime.datetime.strptime(plain, "%Y-%m-%d %H:%M" if " " in plain else "%Y-%m-%d").replace(tzinfo=datetime.UTC)
            except ValueError:
                raise JqlError(
                    f"Date value '{value}' for field '{name}' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', 'yyyy-MM-dd HH:mm', "
                    "'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'."
                ) from None
        return lambda issue: issue.date(name) is not None and _compare(operator, issue.date(name), limit)


def _compare(operator: str, left: Any, right: Any) -> bool:
    return bool({"=": left == right, "!=": left != right, ">": left > right, "<": left < right, ">=": left >= right, "<=": left <= right}[operator])


def parse(text: str, known: Callable[[str, str], bool], now: datetime.datetime) -> tuple[Test | None, list[tuple[str, bool]]]:
    """The test of one issue (None: no restriction at all) and the order as (field, descending). The issue answers `values`, `words`, `date`, `number`."""
    return _Parser(text, known, now).query()
