"""The pages of the documentation as tests see them: their blocks of code, in order."""

import re
from pathlib import Path
from typing import NamedTuple

DOCS = Path(__file__).resolve().parents[2] / "docs"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)


class Block(NamedTuple):
    """A block of code, the line it starts at, and what the page says it prints."""

    code: str
    line: int
    printed: str | None


def sources():
    """Every page that is written by hand, in Markdown."""
    skipped = {"_build", "api", "gallery"}
    return [
        path
        for path in sorted(DOCS.rglob("*.md"))
        if not skipped & set(path.relative_to(DOCS).parts)
    ]


def python_blocks(path):
    """The Python blocks of a page; a ``text`` block right after one is what it prints.

    Each block is followed by the next one, so that an output belongs to the code above.
    """
    text = path.read_text(encoding="utf-8")
    found = list(_BLOCK.finditer(text))
    blocks = []
    for k, match in enumerate(found):
        if match[1] != "python":
            continue
        printed = None
        if k + 1 < len(found):
            following = found[k + 1]
            between = text[match.end() : following.start()]
            if following[1] == "text" and not between.strip():
                printed = following[2]
        line = text.count("\n", 0, match.start()) + 2
        blocks.append(Block(match[2], line, printed))
    return blocks
