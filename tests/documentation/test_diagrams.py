"""The diagrams are what their script draws."""

import sys
import xml.etree.ElementTree as ElementTree

import pytest

from .pages import DOCS

sys.path.insert(0, str(DOCS / "diagrams"))
from draw import DIAGRAMS, drawings

DRAWN = dict(drawings())


@pytest.mark.parametrize("name", DRAWN)
def test_files_are_what_the_script_draws(name):
    kept = (DOCS / "diagrams" / name).read_text(encoding="utf-8")
    assert kept == DRAWN[name], "run python docs/diagrams/draw.py"
    assert ElementTree.fromstring(kept).tag.endswith("svg")


def test_there_is_no_file_that_is_not_drawn():
    assert {path.name for path in (DOCS / "diagrams").glob("*.svg")} == set(DRAWN)


def test_every_diagram_is_shown():
    pages = "".join(path.read_text(encoding="utf-8") for path in DOCS.rglob("*.md"))
    for name in DIAGRAMS:
        assert f"diagrams/{name}\n" in pages
