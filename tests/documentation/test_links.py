"""Links between the built pages lead somewhere, and nothing is loaded from elsewhere.

Needs pages: ``SKLSTM_DOCS`` names the folder of sources in which they were built,
``sphinx-build -W -b html docs docs/_build/html``.
"""

import os
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest

BUILT = os.environ.get("SKLSTM_DOCS")
pytestmark = pytest.mark.skipif(not BUILT, reason="SKLSTM_DOCS names no built pages")


class Page(HTMLParser):
    """What a page links to, loads, and can be jumped to."""

    def __init__(self, path):
        super().__init__()
        self.links, self.loaded, self.anchors, self.images = [], [], {""}, []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.anchors |= {attributes[key] for key in ("id", "name") if key in attributes}
        if tag == "a" and attributes.get("href"):
            self.links.append(attributes["href"])
        if tag in ("img", "script") and attributes.get("src"):
            self.loaded.append(attributes["src"])
        if tag == "link" and attributes.get("rel") == "stylesheet":
            self.loaded.append(attributes["href"])
        if tag == "img":
            self.images.append(attributes)


@pytest.fixture(scope="module")
def pages():
    """Every page by its resolved path."""
    root = Path(BUILT, "_build", "html").resolve()
    found = {
        path: Page(path)
        for path in sorted(root.rglob("*.html"))
        if "_static" not in path.parts  # templates of the theme
    }
    assert len(found) > 50
    return found


def is_local(link):
    return "://" not in link and not link.startswith(("mailto:", "data:", "#"))


def test_links_lead_to_pages_and_anchors(pages):
    broken = []
    for path, page in pages.items():
        for link in page.links:
            if "://" in link or link.startswith(("mailto:", "data:")):
                continue
            target, anchor = urldefrag(link)
            goal = (path.parent / unquote(target)).resolve() if target else path
            if not goal.exists():
                broken.append(f"{path.name}: {link}")
            elif goal in pages and unquote(anchor) not in pages[goal].anchors:
                broken.append(f"{path.name}: no anchor {link}")
    assert not broken


def test_nothing_is_loaded_from_elsewhere(pages):
    foreign = {
        f"{path.name}: {link}"
        for path, page in pages.items()
        for link in page.loaded
        if not is_local(link)
    }
    assert not foreign
    missing = [
        f"{path.name}: {link}"
        for path, page in pages.items()
        for link in page.loaded
        if not (path.parent / unquote(link.partition("?")[0])).exists()
    ]
    assert not missing


def test_every_picture_is_described(pages):
    without = [
        f"{path.name}: {image.get('src')}"
        for path, page in pages.items()
        for image in page.images
        # A thumbnail is an ornament: the title of its page stands beside it.
        if not (image.get("alt") or "").strip() and "_thumb." not in image.get("src")
    ]
    assert not without
