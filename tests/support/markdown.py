"""Reads the Markdown pages of the repository: code blocks, headings and links."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
HINT = re.compile(r"<!-- test: (.+?) -->\n\s*\Z")
LINK = re.compile(r"\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Block:
    """A code block of a page.

    Attributes:
        language: The word after the opening fence.
        text: The code.
        line: The number of the code's first line in the page.
        hint: The words of the comment `<!-- test: ... -->` above the block; empty without one.
    """

    language: str
    text: str
    line: int
    hint: tuple[str, ...] = ()

    @property
    def file_name(self) -> str | None:
        """The name in the first line, where that is a comment such as `# tasks.py`."""
        first = re.match(r"# ([\w.]+\.py)\n", self.text)
        return first[1] if first else None


class Page:
    """A Markdown page of the repository."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.text = path.read_text(encoding="utf-8")

    def __str__(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    def blocks(self, language: str) -> list[Block]:
        """The code blocks in a language."""
        return [block for block in self.all_blocks if block.language == language]

    @cached_property
    def all_blocks(self) -> list[Block]:
        """All code blocks."""
        return list(self._read_blocks())

    def _read_blocks(self) -> Iterator[Block]:
        for match in FENCE.finditer(self.text):
            line = self.text.count("\n", 0, match.start(2)) + 1
            hint = HINT.search(self.text, 0, match.start())
            yield Block(match[1], match[2], line, tuple(hint[1].split()) if hint else ())

    @cached_property
    def prose(self) -> str:
        """The text without code blocks and code spans."""
        return re.sub(r"(`+)(?!`).+?(?<!`)\1(?!`)", "`code`", FENCE.sub("", self.text))

    @cached_property
    def links(self) -> list[str]:
        """The targets of all links."""
        return LINK.findall(self.prose)

    @cached_property
    def anchors(self) -> set[str]:
        """The anchors that GitHub gives to the headings."""
        anchors: set[str] = set()
        for heading in re.findall(r"^#+ (.+)$", FENCE.sub("", self.text), re.MULTILINE):
            slug = re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-")
            same = sum(anchor == slug or anchor.startswith(f"{slug}-") for anchor in anchors)
            anchors.add(slug if slug not in anchors else f"{slug}-{same}")
        return anchors


def pages() -> list[Page]:
    """All pages of documentation."""
    patterns = [
        "README.md",
        "CHANGELOG.md",
        "examples/README.md",
        "examples/guides/*.md",
        ".github/*.md",
        "tests/*/README.md",
    ]
    return [Page(path) for pattern in patterns for path in sorted(ROOT.glob(pattern))]
