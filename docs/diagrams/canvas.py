"""A few strokes to draw the diagrams with, as SVG text."""

from xml.sax.saxutils import escape

TONES = {
    "light": {
        "ink": "#24292f",
        "quiet": "#6e7781",
        "cell": "#d9730d",
        "hidden": "#1f6fb2",
        "special": "#c2255c",
        "gate": "#e7f0f9",
        "gate edge": "#1f6fb2",
        "op": "#fff3e0",
        "op edge": "#d9730d",
        "frame": "#f6f8fa",
        "frame edge": "#d0d7de",
    },
    "dark": {
        "ink": "#e6edf3",
        "quiet": "#9da7b1",
        "cell": "#ffa657",
        "hidden": "#79b8ff",
        "special": "#ff7b9c",
        "gate": "#1d3349",
        "gate edge": "#79b8ff",
        "op": "#3d2c17",
        "op edge": "#ffa657",
        "frame": "#1b2027",
        "frame edge": "#444c56",
    },
}
STYLE = "font-family='DejaVu Sans, Verdana, sans-serif' font-size='15'"


class Canvas:
    """Collects strokes; coordinates are those of the middle of a thing.

    Parameters
    ----------
    width, height : int
        Size of the picture.
    tone : {"light", "dark"}
        Of the page it is for.
    """

    def __init__(self, width, height, tone):
        self.size = width, height
        self.colors = TONES[tone]
        self.behind, self.strokes = [], []

    def frame(self, x, y, width, height):
        """Draw the body of a cell, behind everything else."""
        self.behind.append(self._rectangle(x, y, width, height, "frame", 14))

    def line(self, *points, color="ink", arrow=True, dashed=False):
        """Draw a line through points, with an arrow at its end."""
        path = "M" + " L".join(f"{x} {y}" for x, y in points)
        more = f" marker-end='url(#{color})'" if arrow else ""
        more += " stroke-dasharray='5 4'" if dashed else ""
        self.strokes.append(
            f"<path d='{path}' fill='none' stroke='{self.colors[color]}' "
            f"stroke-width='2' stroke-linejoin='round'{more}/>"
        )

    def gate(self, x, y, label, width=46):
        """Draw a box that computes something of its inputs with weights."""
        self.strokes.append(self._rectangle(x, y, width, 34, "gate", 6))
        self.text(x, y + 5, label)

    def op(self, x, y, label):
        """Draw a circle that works number by number."""
        self.strokes.append(
            f"<circle cx='{x}' cy='{y}' r='14' fill='{self.colors['op']}' "
            f"stroke='{self.colors['op edge']}' stroke-width='1.5'/>"
        )
        self.text(x, y + 5, label)

    def dot(self, x, y, color="ink"):
        """Draw the point where a line branches off."""
        fill = self.colors[color]
        self.strokes.append(f"<circle cx='{x}' cy='{y}' r='3.5' fill='{fill}'/>")

    def text(self, x, y, words, color="ink", anchor="middle", size=15):
        """Write words; what follows an underscore is written lower."""
        parts = []
        for k, part in enumerate(words.split("_")):
            low, sep, rest = part.partition(" ") if k else ("", "", part)
            if low:
                parts.append(f"<tspan dy='4' font-size='11'>{escape(low)}</tspan>")
                parts.append(f"<tspan dy='-4'>{escape(sep + rest)}</tspan>")
            else:
                parts.append(escape(rest))
        self.strokes.append(
            f"<text x='{x}' y='{y}' fill='{self.colors[color]}' font-size='{size}' "
            f"text-anchor='{anchor}'>{''.join(parts)}</text>"
        )

    def words(self, x, y, words):
        """Write words as they are, from x on, in the colour of remarks."""
        self.strokes.append(
            f"<text x='{x}' y='{y}' fill='{self.colors['quiet']}' font-size='14'>"
            f"{escape(words)}</text>"
        )

    def _rectangle(self, x, y, width, height, fill, radius):
        return (
            f"<rect x='{x - width / 2:g}' y='{y - height / 2:g}' width='{width}' "
            f"height='{height}' rx='{radius}' fill='{self.colors[fill]}' "
            f"stroke='{self.colors[fill + ' edge']}' stroke-width='1.5'/>"
        )

    def svg(self, title):
        """Return the picture as the text of an SVG file."""
        width, height = self.size
        markers = "".join(
            f"<marker id='{name}' viewBox='0 0 8 8' refX='7' refY='4' markerWidth='6' "
            f"markerHeight='6' orient='auto'><path d='M0 0L8 4L0 8z' "
            f"fill='{self.colors[name]}'/></marker>"
            for name in ("ink", "quiet", "cell", "hidden", "special")
        )
        body = "\n".join([*self.behind, *self.strokes])
        return (
            f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' "
            f"width='{width}' height='{height}' role='img' {STYLE}>\n"
            f"<title>{escape(title)}</title>\n<defs>{markers}</defs>\n{body}\n</svg>\n"
        )
