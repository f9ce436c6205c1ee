"""What people read is plain: no phrase that must be decoded, no overlong line, a short README."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from pathlib import Path

from tests.unit.test_docs import DOCUMENTS, ROOT, committed, relative

README_WORDS_MAX = 700
CODE_CHARACTERS_MAX = 140
PROSE_CHARACTERS_MAX = 120
BANNED = re.compile(
    r"says? so\b|said so|\b(?:is|are|be|was) told\b|kept for a person|there is nothing to|"
    r"\bstands?\b(?!-)|\bstood\b|\bhangs? on\b|\bripens?\b|\bunfit\b|is content\b|"
    r"look(?:s|ed)? around|goes? astray|made good|nobody knows|"
    r"(?:its|his|their|nobody's|whose) word\b|\w \.\.\. ?\w|…",
    re.IGNORECASE,
)
CODE = re.compile(r"^ *```.*?^ *```|`[^`\n]+`", re.DOTALL | re.MULTILINE)
FOLDERS = ("functions/*.py", "shared/*.py", "simulator/*.py", "local/*.py", "tools/*.py")


def comments_of(path: Path) -> str:
    """The comments and docstrings of a module, one after the other."""
    source = path.read_text(encoding="utf-8")
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    comments = [token.string for token in tokens if token.type == tokenize.COMMENT]
    strings = [
        node.value.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    ]
    return re.sub(r"`[^`\n]+`", "", "\n".join([*comments, *strings]))


def found(path: Path, text: str) -> list[str]:
    joined = re.sub(r"\s+", " ", text)
    return [
        f"{relative(path)}: ... {joined[max(0, match.start() - 50) : match.end() + 20]}"
        for match in BANNED.finditer(joined)
    ]


def test_the_documents_hold_no_phrase_that_must_be_decoded() -> None:
    texts = {path: CODE.sub("", path.read_text(encoding="utf-8")) for path in DOCUMENTS}
    hits = [hit for path, text in texts.items() for hit in found(path, text)]
    assert not hits, "\n".join(hits)


def test_comments_and_docstrings_hold_no_phrase_that_must_be_decoded() -> None:
    hits = [hit for path in committed(*FOLDERS) for hit in found(path, comments_of(path))]
    assert not hits, "\n".join(hits)


def test_lines_of_documents_fit_a_screen() -> None:
    long = []
    for path in DOCUMENTS:
        is_code = False
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            is_code ^= line.lstrip().startswith("```")
            is_table = line.startswith("|")
            most = CODE_CHARACTERS_MAX if is_code else PROSE_CHARACTERS_MAX
            if len(line) > most and not is_table and "](" not in line:
                long.append(f"{relative(path)}:{number} has {len(line)} characters")
    assert not long, "\n".join(long)


def test_the_readme_is_read_in_three_minutes() -> None:
    words = (ROOT / "README.md").read_text(encoding="utf-8").split()
    assert len(words) <= README_WORDS_MAX
