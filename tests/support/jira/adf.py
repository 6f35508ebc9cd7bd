"""The Atlassian Document Format, as the third version of the REST API takes and gives it."""

from __future__ import annotations

from typing import Any

INLINE = {"text", "hardBreak", "inlineCard", "emoji", "mention", "date", "status"}
CELL = {"paragraph", "bulletList", "orderedList", "codeBlock", "heading", "panel", "rule"}
BLOCK = {
    "paragraph": INLINE, "heading": INLINE, "codeBlock": {"text"}, "rule": set(), "panel": CELL - {"panel"},
    "blockquote": {"paragraph", "bulletList", "orderedList", "codeBlock"}, "bulletList": {"listItem"}, "orderedList": {"listItem"},
    "listItem": {"paragraph", "bulletList", "orderedList", "codeBlock"}, "table": {"tableRow"}, "tableRow": {"tableCell", "tableHeader"},
    "tableCell": CELL, "tableHeader": CELL, "expand": CELL | {"table"},
}  # fmt: skip
TOP = set(BLOCK) - {"listItem", "tableRow", "tableCell", "tableHeader"}
NEEDS_CONTENT = {"bulletList", "orderedList", "listItem", "table", "tableRow", "tableCell", "tableHeader", "panel", "blockquote", "expand"}
MARKS = {"strong", "em", "code", "link", "strike", "underline", "textColor", "subsup", "backgroundColor"}


def valid(document: Any) -> bool:
    return isinstance(document, dict) and document.get("type") == "doc" and document.get("version") == 1 and _children(document.get("content"), TOP)


def _children(nodes: Any, allowed: set[str]) -> bool:
    return isinstance(nodes, list) and all(isinstance(node, dict) and node.get("type") in allowed and _node(node) for node in nodes)


def _node(node: dict[str, Any]) -> bool:
    kind = node["type"]
    if kind == "text":
        marks = node.get("marks", [])
        # A text without a character is refused, which surprises every client once.
        return isinstance(node.get("text"), str) and node["text"] != "" and all(_mark(mark) for mark in marks)
    if kind == "heading" and node.get("attrs", {}).get("level") not in range(1, 7):
        return False
    if kind == "panel" and node.get("attrs", {}).get("panelType") not in ("info", "note", "tip", "warning", "error", "success", "custom"):
        return False
    if kind == "inlineCard":
        return isinstance(node.get("attrs", {}).get("url"), str)
    if kind in NEEDS_CONTENT and not node.get("content"):
        return False
    return _children(node.get("content", []), BLOCK.get(kind, set()))


def _mark(mark: Any) -> bool:
    return isinstance(mark, dict) and mark.get("type") in MARKS and (mark["type"] != "link" or isinstance(mark.get("attrs", {}).get("href"), str))


def plain(document: Any) -> str:
    """Its words, a line a block."""
    if not document or isinstance(document, str):
        return document or ""
    kind = document.get("type")
    if kind == "text":
        return str(document["text"])
    if kind == "hardBreak":
        return "\n"
    if kind == "inlineCard":
        return str(document["attrs"]["url"])
    inner = "".join(plain(node) for node in document.get("content", []))
    return inner + "\n" if kind in ("paragraph", "heading", "codeBlock") else inner


def of(text: str) -> dict[str, Any]:
    """A document of plain text."""
    return {
        "type": "doc",
        "version": 1,
        "content": [{"type": "paragraph", "content": [{"type": "text", "text": line}]} for line in text.split("\n") if line],
    }
