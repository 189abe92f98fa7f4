"""Text written by staff, made HTML: a small subset, everything else stays text (WEB-6)."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

_BLANK_LINES = re.compile(r"\n[ \t]*\n+")
_INLINE = re.compile(
    r"\*\*(?P<strong>[^*\n]{1,500})\*\*|\[(?P<label>[^\]\n]{1,300})\]\((?P<url>[^)\s]{1,500})\)"
)
_HEADING = re.compile(r"(?P<marks>#{1,4})[ \t]+(?P<text>[^\n]+)")
_ITEM = re.compile(r"[ \t]*[-*•][ \t]+(?P<text>.+)")
_NUMBERED = re.compile(r"[ \t]*[0-9]{1,3}[.)][ \t]+(?P<text>.+)")
_SCHEMES = frozenset({"http", "https", "mailto", "tel"})


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def paragraphs(text: str) -> SafeString:
    """A blank line makes a paragraph, a line break stays one; nothing else is understood."""
    blocks = [block for block in _BLANK_LINES.split(_lines(text)) if block.strip()]
    broken = (
        format_html_join(mark_safe("<br>"), "{}", ((line,) for line in block.split("\n"))) for block in blocks
    )
    return format_html_join("\n", "<p>{}</p>", ((block,) for block in broken))


def document(text: str) -> SafeString:
    """Headings (# to ####), lists, **bold**, [links](address) and paragraphs.

    The deepest heading mark starts at h2: the page's own title is its h1. An address that is neither a path of the
    portal nor http(s), mailto or tel leaves the words without link.
    """
    parts: list[SafeString] = []
    for block in _BLANK_LINES.split(_lines(text)):
        parts.extend(_block(block.strip("\n").split("\n")))
    return SafeString("\n".join(parts))


def _block(lines: list[str]) -> list[SafeString]:
    """Runs of lines of one kind inside a block: a list may follow its sentence without blank line."""
    parts: list[SafeString] = []
    run: list[str] = []
    kind = ""
    for line in lines:
        line_kind, content = _classify(line)
        continues = kind in {"ul", "ol"} and line_kind == "p" and line.startswith((" ", "\t"))
        if continues:
            run[-1] += " " + content.strip()
            continue
        if run and line_kind != kind:
            parts.append(_run(kind, run))
            run = []
        kind = line_kind
        run.append(content)
    if run:
        parts.append(_run(kind, run))
    return [part for part in parts if part]


def _classify(line: str) -> tuple[str, str]:
    if heading := _HEADING.fullmatch(line.strip()):
        return f"h{max(2, len(heading['marks']))}", heading["text"].strip()
    if item := _ITEM.fullmatch(line):
        return "ul", item["text"]
    if item := _NUMBERED.fullmatch(line):
        return "ol", item["text"]
    return "p", line


def _run(kind: str, lines: list[str]) -> SafeString:
    if kind in {"ul", "ol"}:
        items = format_html_join("", "<li>{}</li>", ((_inline(line),) for line in lines))
        return format_html("<{}>{}</{}>", kind, items, kind)
    if kind == "p":
        text = " ".join(line.strip() for line in lines).strip()
        return format_html("<p>{}</p>", _inline(text)) if text else SafeString("")
    return format_html_join("\n", "<{}>{}</{}>", ((kind, _inline(line), kind) for line in lines))


def _inline(text: str) -> SafeString:
    parts: list[SafeString] = []
    end = 0
    for found in _INLINE.finditer(text):
        parts.append(SafeString(conditional_escape(text[end : found.start()])))
        parts.append(_mark(found))
        end = found.end()
    parts.append(SafeString(conditional_escape(text[end:])))
    return SafeString("".join(parts))


def _mark(found: re.Match[str]) -> SafeString:
    if found["strong"]:
        return format_html("<strong>{}</strong>", found["strong"])
    if not is_safe_address(found["url"]):
        return SafeString(conditional_escape(found["label"]))
    return format_html('<a href="{}">{}</a>', found["url"], found["label"])


def is_safe_address(url: str) -> bool:
    """A path of the portal, an anchor, or an address of a harmless scheme without user-info."""
    if url.startswith(("#", "/")):
        return not url.startswith(("//", "/\\"))
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if parts.scheme in {"http", "https"}:
        return bool(parts.hostname) and "@" not in parts.netloc
    return parts.scheme in _SCHEMES
