"""Writes a page for each module of ``api_reference.py`` before Sphinx reads the rest.

The pages lie in ``docs/api`` and are not kept in the repository.
"""

from pathlib import Path

from api_reference import REFERENCE


def page(module, content):
    """The text of one module's page."""
    lines = [content["title"], "=" * len(content["title"]), ""]
    lines += [f".. module:: {module}", "", content["about"], ""]
    lines += [f".. currentmodule:: {module}", ""]
    for section, names in content["sections"].items():
        lines += [section, "-" * len(section), ""]
        lines += [".. autosummary::", "   :toctree: generated", "   :nosignatures:", ""]
        lines += [f"   {name}" for name in names]
        lines += [""]
    return "\n".join(lines)


def index():
    """The text of the page that lists the others."""
    lines = ["API reference", "=============", ""]
    lines += ["Every public name of the package, by module.", ""]
    lines += [".. toctree::", "   :maxdepth: 2", ""]
    lines += [f"   {module}" for module in REFERENCE]
    return "\n".join([*lines, ""])


def write(path, text):
    """Write a file if it changes, so that a second build reads only what is new."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def write_pages(app, config):
    """Write all pages into ``api`` beside the other sources."""
    folder = Path(app.srcdir) / "api"
    folder.mkdir(exist_ok=True)
    write(folder / "index.rst", index())
    for module, content in REFERENCE.items():
        write(folder / f"{module}.rst", page(module, content))


def setup(app):
    """Run before autosummary looks for what it has to generate."""
    app.connect("config-inited", write_pages)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
