# SPDX-License-Identifier: Apache-2.0
"""What the documents point to is there: links from page to page, and the files that the first pages send their reader to."""

import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = [pathlib.Path(name) for name in subprocess.run(
    ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"], cwd=ROOT, check=True, text=True,
    capture_output=True).stdout.split()]
FIRST = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"]
TOP = {path.name for path in ROOT.iterdir() if path.is_dir() and path.name != "build"}


def test_there_are_the_first_pages():
    assert {pathlib.Path(name) for name in FIRST} <= set(PAGES) and len(PAGES) > 10


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_its_links_lead_somewhere(page):
    text = re.sub(r"^```.*?^```", "", (ROOT / page).read_text(), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if not re.match(r"[a-z]+:", target):
            assert (ROOT / page.parent / target).exists(), target


@pytest.mark.parametrize("page", FIRST)
def test_the_files_that_it_names_are_there(page):
    """Each word in code that begins with a directory of ours, pattern or not."""
    code = re.findall(r"`([^`\n]+)`|^```sh\n(.*?)^```", (ROOT / page).read_text(), flags=re.MULTILINE | re.DOTALL)
    words = {word for inline, block in code for word in (inline + " " + block).split()}
    named = {word for word in words if word.partition("/")[0] in TOP and "/" in word and "NAME" not in word}
    assert named or page == "CHANGELOG.md"
    for word in named:
        assert list(ROOT.glob(re.sub(r"\{[^}]*\}", "*", word.rstrip("/")))), word
