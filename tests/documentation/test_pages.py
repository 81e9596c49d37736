"""The code on the pages runs, one block after the other, and prints what they say."""

import contextlib
import io
import re
from itertools import zip_longest

import pytest

from .assumed import ASSUMED, NEEDED
from .pages import DOCS, python_blocks, sources

PAGES = {str(path.relative_to(DOCS)): path for path in sources() if python_blocks(path)}
del PAGES["index.md"]  # the README's example, which tests/test_readme.py runs


def run(page, namespace, folder, monkeypatch):
    """Run the blocks of a page; yield each with what it has printed."""
    monkeypatch.chdir(folder)
    assumed = ASSUMED.get(page, [])
    for block, before in zip_longest(python_blocks(PAGES[page]), assumed, fillvalue=""):
        exec(compile(before, "assumed.py", "exec"), namespace)
        # As many empty lines before it as the page has: errors show the page's lines.
        code = compile("\n" * (block.line - 1) + block.code, PAGES[page], "exec")
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(code, namespace)
        yield block, printed.getvalue()


SLOW = {"tutorial.md"}


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=[pytest.mark.slow] if page in SLOW else [])
        for page in PAGES
    ],
)
def test_code_on_pages_runs_and_prints_what_they_say(page, tmp_path, monkeypatch):
    for module in NEEDED.get(page, []):
        pytest.importorskip(module)
    monkeypatch.setenv("MPLBACKEND", "agg")
    for block, printed in run(page, {"__name__": page}, tmp_path, monkeypatch):
        if block.printed is not None:
            assert printed.split() == block.printed.split(), f"line {block.line}"


def test_pages_that_assume_something_exist():
    assert set(ASSUMED) | set(NEEDED) <= set(PAGES)


def test_pictures_on_pages_are_described():
    for path in sources():
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"!\[\s*\]\(", text), f"{path}: a picture without words"
        for figure in re.findall(r"^```\{(?:figure|picture|image)\}.*?^```", text,
                                 flags=re.M | re.S):  # fmt: skip
            assert re.search(r"^:alt: \S", figure, flags=re.M), f"{path}: {figure}"


def test_words_that_stand_in_several_pages_are_included_and_not_copied():
    readme = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    (example,) = python_blocks(DOCS.parent / "README.md")
    (shown,) = python_blocks(DOCS / "index.md")
    assert set(shown.code.splitlines()) <= set(example.code.splitlines())
    commands = re.findall(r"^```shell\n(.*?)^```", readme, flags=re.M | re.S)
    landing = (DOCS / "index.md").read_text(encoding="utf-8")
    assert re.findall(r"^```shell\n(.*?)^```", landing, flags=re.M | re.S) == commands
