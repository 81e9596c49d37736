"""A picture drawn twice, for light and for dark pages: ``{picture} ../diagrams/lstm``.

The directive shows ``lstm-light.svg`` or ``lstm-dark.svg``, whichever the reader's page
is; ``:alt:`` says what is to be seen, the body is the caption.
"""

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective


class Picture(SphinxDirective):
    """Both versions of a picture, in one figure."""

    required_arguments = 1
    has_content = True
    option_spec = {"alt": directives.unchanged_required}

    def run(self):
        """Build the figure; both images share description and caption."""
        figure = nodes.figure(align="center")
        # In a box of their own: the theme hides a caption beside a hidden image.
        images = nodes.container()
        for tone in ("light", "dark"):
            uri = f"{self.arguments[0]}-{tone}.svg"
            images += nodes.image(
                uri=uri,
                alt=self.options["alt"],
                classes=[f"only-{tone}"],
            )
        figure += images
        if self.content:
            caption = nodes.caption()
            children, _ = self.state.inline_text(" ".join(self.content), self.lineno)
            caption += children
            figure += caption
        self.set_source_info(figure)
        return [figure]


def setup(app):
    """Register the directive."""
    app.add_directive("picture", Picture)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
