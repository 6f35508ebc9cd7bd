"""The fields that a client may set, and what Jira says to wrong ones."""

from __future__ import annotations

import re
from typing import Any

from . import adf
from .message import refused
from .store import PRIORITIES
from .views import Views


def checked(given: dict[str, Any], view: Views, hidden: frozenset[str], errors: dict[str, str]) -> dict[str, Any]:
    """The fields as they are stored; what is wrong with them goes to `errors`."""
    fields: dict[str, Any] = {}
    for name, value in given.items():
        if name in hidden or name not in ("summary", "description", "labels", "priority", "assignee"):
            errors[name] = f"Field '{name}' cannot be set. It is not on the appropriate screen, or unknown."
        elif name == "summary":
            if not isinstance(value, str):
                errors[name] = "Operation value must be a string"
            elif "\n" in value or "\r" in value:
                errors[name] = "The summary is invalid because it contains newline characters."
            elif not value.strip():
                errors[name] = "You must specify a summary of the issue."
            elif len(value) > 255:
                errors[name] = "Summary must be less than 255 characters." if view.cloud else "Summary can't exceed 255 characters."
            fields[name] = value
        elif name == "description":
            if value is not None:
                rich(value, view, name, errors)
            fields[name] = value
        elif name == "labels":
            if not isinstance(value, list) or not all(isinstance(label, str) for label in value):
                errors[name] = "data was not an array" if not isinstance(value, list) else "string expected at index 0"
                continue
            for label in value:
                if re.search(r"\s", label):
                    errors[name] = f"The label '{label}' contains spaces which is invalid."
                elif not 0 < len(label) <= 255:
                    errors[name] = f"The label '{label}' exceeds the maximum length of 255 characters."
            fields[name] = sorted(set(value))
        elif name == "priority":
            number = next(
                (
                    n
                    for n, text in PRIORITIES.items()
                    if isinstance(value, dict) and (value.get("id") == n or str(value.get("name", "")).lower() == text.lower())
                ),
                None,
            )
            if not number:
                named = value.get("name") or value.get("id") if isinstance(value, dict) else value
                errors[name] = "The priority selected is invalid." if view.cloud else f"Priority name '{named}' is not valid"
            fields[name] = number
    return fields


def rich(value: Any, view: Views, name: str, errors: dict[str, str]) -> None:
    if view.rich and not isinstance(value, dict):
        errors[name] = "Operation value must be an Atlassian Document (see the Atlassian Document Format)"
    elif view.rich and not adf.valid(value):
        raise refused(400, "INVALID_INPUT")
    elif not view.rich and not isinstance(value, str):
        errors[name] = "Operation value must be a string"
    elif len(adf.plain(value)) > 32767:
        errors[name] = "The entered text is too long. It exceeds the allowed limit of 32,767 characters."
