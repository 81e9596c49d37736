"""Formulas as MathML, which browsers draw by themselves: no script, no fonts to load.

docutils has the translator; here it is made a renderer of Sphinx's.
"""

from docutils import nodes
from docutils.utils.math import latex2mathml
from sphinx.util.math import wrap_displaymath


def _inline(translator, node):
    translator.body.append(latex2mathml.tex2mathml(node.astext()))
    raise nodes.SkipNode


def _block(translator, node):
    formula = node.astext()
    if "\\\\" in formula and "\\begin" not in formula:
        formula = wrap_displaymath(formula, None, False)
    mathml = latex2mathml.tex2mathml(formula, as_block=True)
    translator.body.append(f'<div class="math-block">{mathml}</div>')
    raise nodes.SkipNode


def setup(app):
    """Register the renderer."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
