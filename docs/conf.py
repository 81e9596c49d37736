"""How the documentation is built: ``sphinx-build -W --keep-going -b html docs OUT``.

Nothing is fetched while it builds, and pages load nothing from elsewhere: formulas are
MathML, links to scikit-learn are made from its rule for addresses
(``_ext/links.py``).
"""

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "_ext")]
os.environ.setdefault("MPLBACKEND", "agg")
# Examples show what anyone can run, without the large data sets.
os.environ.pop("SKLSTM_SHARED_DATA", None)

import sklstm  # noqa: E402

project = "sklstm"
author = "The sklstm developers"
copyright = "The sklstm developers, BSD-3-Clause"
release = version = sklstm.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "myst_parser",
    "sphinx_design",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
    "api_pages",
    "formulas",
    "links",
    "pictures",
]
exclude_patterns = ["_build", "_ext", "_templates", "gallery/**/*.md5"]
templates_path = ["_templates"]
html_static_path = ["_static"]
root_doc = "index"
nitpicky = True
# In docstrings a word in single backticks is a literal; `links` makes those that are
# public names into links, on all pages.
default_role = "literal"
smartquotes = False  # values of parameters stand in straight quotes

# ---------------------------------------------------------------- Markdown
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath", "substitution"]
myst_heading_anchors = 3

# ------------------------------------------------------------- API reference
autosummary_generate = True
autodoc_typehints = "none"  # the docstrings say more
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
numpydoc_xref_param_type = False

# ------------------------------------------------------------------- Gallery
sphinx_gallery_conf = {
    "examples_dirs": ["../examples"],
    "gallery_dirs": ["gallery"],
    "filename_pattern": r"\.py$",
    "within_subsection_order": "FileNameSortKey",
    "reset_argv": "gallery_files.arguments",
    "backreferences_dir": "gallery/backreferences",
    "doc_module": ("sklstm",),
    "abort_on_example_error": False,
    "only_warn_on_example_error": False,
    "remove_config_comments": True,
    "show_memory": False,
    "write_computation_times": False,  # its page loads scripts from elsewhere
    "show_signature": False,
    "download_all_examples": False,
    "copyfile_regex": "",
}

# ---------------------------------------------------------------------- HTML
html_theme = "pydata_sphinx_theme"
html_title = "sklstm"
html_math_renderer = "mathml"
html_css_files = ["sklstm.css"]
html_logo = "_static/logo.svg"
html_favicon = "_static/logo.svg"
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "logo": {"text": "sklstm", "alt_text": "sklstm, home"},
    "show_prev_next": True,
    "navigation_with_keys": False,
    "header_links_before_dropdown": 6,
    "navbar_align": "left",
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
    "show_toc_level": 2,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
html_sidebars = {"index": [], "installation": [], "tutorial": [], "changelog": []}
