"""numpydoc docstrings, taken apart as far as tests need it."""

import inspect
import re
import textwrap

_UNDERLINED = re.compile(r"^(\w[\w ]*)\n-{3,}$", re.M)
_ENTRY = re.compile(r"^(\*{0,2}\w[\w, *]*?) ?(?:: ?(.*))?$")


def sections(docstring):
    """From the title of each section to its text; the summary stands under ''."""
    text = inspect.cleandoc(docstring or "")
    pieces = _UNDERLINED.split(text)
    return {"": pieces[0], **dict(zip(pieces[1::2], pieces[2::2], strict=True))}


def entries(section):
    """From each name of a section of parameters to its type and its description.

    ``first, second : int, default=0, 1`` is an entry for both, with a default each.
    """
    found, names = {}, []
    for line in section.strip("\n").split("\n"):
        if line and not line[0].isspace():
            match = _ENTRY.match(line)
            if not match:
                names = []
                continue
            names = [name.strip() for name in match[1].split(",")]
            type_, default, values = (match[2] or "").partition("default=")
            values = values.split(", ") if len(names) > 1 else [values]
            if len(values) == 1:
                values *= len(names)
            for name, value in zip(names, values, strict=True):
                found[name] = [type_ + default + value, ""]
        else:
            for name in names:
                found[name][1] += line + "\n"
    return {
        name: (type_, textwrap.dedent(text).strip())
        for name, (type_, text) in found.items()
    }


def documented_parameters(docstring, section="Parameters"):
    """The entries of ``Parameters``, and of ``Other Parameters`` after them."""
    parts = sections(docstring)
    return entries(parts.get(section, "")) | entries(parts.get(f"Other {section}", ""))
