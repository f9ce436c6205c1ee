"""The documents are true: links and citations resolve, make targets and figures exist."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from payments.protocol.payment import PUBLIC_STATUS

from local.template import read_template

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    path
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "web").rglob("*.md"))
    if "node_modules" not in path.parts
)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
MAKE = re.compile(r"\bmake ([a-z][a-z-]+)\b")
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
NOT_TARGETS = {"sure"}
CITED = re.compile(
    r"""(?<!["'\w./-])((?:[\w-]+/)*[\w-]+\.md)\)?"""
    r"(?:#([\w-]+)|,?(?: sections?)? (\d+(?:\.\d+)?)(?:(?: and |-)(\d+(?:\.\d+)?))?)?"
)
CITING = ("*.md", "*.py", "*.js", "*.ts", "*.css", "*.html", "*.yaml", "*.yml", "*.toml")


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def slug(heading: str) -> str:
    """An anchor as GitHub makes it."""
    kept = re.sub(r"[^\w\- ]", "", heading.lower().replace("`", ""))
    return kept.strip().replace(" ", "-")


def anchors(path: Path) -> set[str]:
    text = path.read_text(encoding="utf-8")
    headings = {slug(line.lstrip("#")) for line in text.splitlines() if line.startswith("#")}
    return headings | set(re.findall(r'<a (?:id|name)="([^"]+)"', text))


@pytest.mark.parametrize("document", DOCUMENTS, ids=relative)
def test_every_relative_link_leads_somewhere(document: Path) -> None:
    for target in LINK.findall(document.read_text(encoding="utf-8")):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        name, _, anchor = target.partition("#")
        path = (document.parent / name).resolve() if name else document
        assert path.exists(), f"{target} does not exist"
        if anchor and path.suffix == ".md":
            assert anchor in anchors(path), f"{target} names no heading"


def sections(path: Path) -> set[str]:
    """The numbers of the headings, such as "4" and "4.1"."""
    text = path.read_text(encoding="utf-8")
    return set(re.findall(r"^#+ (\d+(?:\.\d+)?)\.? ", text, re.MULTILINE))


def committed(*patterns: str) -> list[Path]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [path for name in listed.splitlines() if (path := ROOT / name).exists()]


def test_every_citation_of_a_document_and_its_section_resolves() -> None:
    broken = []
    for source in committed(*CITING):
        for name, anchor, *numbers in CITED.findall(source.read_text(encoding="utf-8")):
            places = [path for path in (ROOT / name, source.parent / name) if path.exists()]
            is_found = bool(places)
            if is_found and anchor:
                is_found = anchor in anchors(places[0])
            if is_found and any(numbers):
                is_found = {number for number in numbers if number} <= sections(places[0])
            if not is_found:
                broken.append(f"{relative(source)}: {name} {anchor}{' '.join(numbers)}")
    assert not broken, "\n".join(broken)


def test_the_protocol_page_has_the_codes_states_and_the_templates_limits() -> None:
    page = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
    states = re.findall(r"^\| `(\w+)` \| .* \| (\w+) \| [^|]* \|$", page, re.MULTILINE)
    assert dict(states) == {str(status): word for status, word in PUBLIC_STATUS.items()}
    template = read_template(ROOT / "template.yaml")["Parameters"]
    rows = re.findall(r"^\| [^|]+ \| `(\w+Seconds)` \| (\d+) (s|h) \|", page, re.MULTILINE)
    assert len(rows) >= 8
    for name, value, unit in rows:
        assert int(value) * (3600 if unit == "h" else 1) == template[name]["Default"], name


def test_the_callback_addresses_are_those_of_the_template() -> None:
    page = (ROOT / "docs" / "daraja.md").read_text(encoding="utf-8")
    rows = "".join(re.findall(r"^\| 196.*$", page, re.MULTILINE))
    default = read_template(ROOT / "template.yaml")["Parameters"]["CallbackSourceIps"]["Default"]
    assert set(re.findall(r"[\d.]{7,}", rows)) == set(default.split(","))


@pytest.mark.parametrize("document", DOCUMENTS, ids=relative)
def test_every_make_target_named_exists(document: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE))
    code = "\n".join(CODE.findall(document.read_text(encoding="utf-8")))
    named = set(MAKE.findall(code)) - NOT_TARGETS
    assert named <= targets, f"no such targets: {sorted(named - targets)}"


def test_every_parameter_that_the_deployment_guide_names_exists() -> None:
    template = (ROOT / "template.yaml").read_text(encoding="utf-8")
    guide = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    for name in re.findall(r"`((?:[A-Z][a-z]+){2,})`", guide):
        assert re.search(rf"^  {name}:", template, re.MULTILINE), name


def test_the_hooks_and_workflow_run_what_exists() -> None:
    workflow = (ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8")
    assert "run: make test" in workflow
    listed = subprocess.run(
        ["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert "make test" in listed
    groups = re.findall(r"^(?! )(.+)$", listed, re.MULTILINE)[1:]
    assert groups == ["Start here", "Every day", "Deploy"]
    first = listed.partition("Every day")[0]
    assert all(f"make {name} " in first for name in ("run", "demo", "curl", "desk", "test"))
