"""Names in the text become links, without anything fetched.

- A literal that is a public name of ours (``LSTMTagger``, ``sklstm.metrics.bleu``) is
  linked to its page, in Markdown, in docstrings and in examples: pages stay plain text
  that also reads well elsewhere.
- References to scikit-learn and matplotlib follow their rules for addresses instead of
  an inventory.
- Docstrings inherited from scikit-learn refer to labels of its user guide; the words
  stay, without a link.
"""

import re

from api_reference import public_names
from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

ADDRESSES = {
    "sklearn": "https://scikit-learn.org/stable/modules/generated/{}.html",
    "matplotlib": "https://matplotlib.org/stable/api/_as_gen/{}.html",
}


class LinkPublicNames(SphinxPostTransform):
    """Wrap literals that are public names in references to their pages."""

    default_priority = 5  # before references are resolved

    def run(self, **kwargs):
        """Look at all literals that are not in a link or a heading."""
        for literal in list(self.document.findall(nodes.literal)):
            target = TARGETS.get(literal.astext())
            if target is None or _is_within(literal, (nodes.reference, nodes.title)):
                continue
            refuri = self._address(target)
            if refuri is None:
                continue
            reference = nodes.reference("", "", internal=True, refuri=refuri)
            literal.replace_self(reference)
            reference += literal

    def _address(self, target):
        objects = self.env.get_domain("py").objects
        here = self.env.current_document.docname
        if target not in objects or objects[target].docname == here:
            return None
        address = self.app.builder.get_relative_uri(here, objects[target].docname)
        return f"{address}#{objects[target].node_id}"


def _is_within(node, kinds):
    while node.parent is not None:
        node = node.parent
        if isinstance(node, kinds):
            return True
    return False


def find_reference(app, env, node, contnode):
    """Resolve what Sphinx did not find: names of ours cut short, names of others."""
    name = node.get("reftarget", "")
    ours = TARGETS.get(name) or (
        TARGETS.get(name.rpartition(".")[2]) if name.startswith("sklstm.") else None
    )
    if ours:
        return env.get_domain("py").resolve_xref(
            env, node["refdoc"], app.builder, "obj", ours, node, contnode
        )
    address = ADDRESSES.get(name.partition(".")[0])
    if address is None:
        return None
    page, anchor = name, ""
    if name.startswith("sklearn."):  # a method stands on the page of its class
        parts = name.split(".")
        classes = [k for k, part in enumerate(parts) if part[:1].isupper()]
        page = ".".join(parts[: classes[0] + 1]) if classes else name
        anchor = f"#{name}" if page != name else ""
    return nodes.reference("", "", contnode, refuri=address.format(page) + anchor)


def drop_foreign_labels(app, what, name, obj, options, lines):
    """Leave the words of references to scikit-learn's user guide."""
    if not (getattr(obj, "__module__", None) or "").startswith("sklearn"):
        return
    text = "\n".join(lines)
    text = re.sub(r":(?:ref|term|doc):`([^`<]+?)\s*<[^`>]+>`", r"\1", text)
    text = re.sub(r":(?:ref|term|doc):`([^`]+)`", r"\1", text)
    lines[:] = text.split("\n")


TARGETS = public_names()


def setup(app):
    """Register the transform and the handlers."""
    app.add_post_transform(LinkPublicNames)
    app.connect("missing-reference", find_reference)
    app.connect("autodoc-process-docstring", drop_foreign_labels)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
