"""Draws the diagrams of the user guide, each for light and for dark pages.

    python docs/diagrams/draw.py

writes the SVG files beside this one. They are kept in the repository, so that pages
show them wherever they are read; ``tests/documentation`` finds a file that is not what
this script draws.
"""

from pathlib import Path

from canvas import TONES, Canvas

TOP, BOTTOM = 70, 290  # the lines of cell state and hidden state


def _lstm_frame(tone, width=640):
    canvas = Canvas(width, 350, tone)
    canvas.frame(width / 2, 180, width - 130, 280)
    canvas.text(30, TOP - 12, "c_t−1", "cell")
    canvas.text(30, BOTTOM - 12, "h_t−1", "hidden")
    return canvas


def _inputs(canvas, end, gates):
    """Draw x and h on their way to gates at the given places."""
    canvas.line((10, BOTTOM), (end, BOTTOM), color="hidden", arrow=False)
    canvas.line((95, 345), (95, BOTTOM + 6), (end, BOTTOM + 6), arrow=False)
    canvas.text(112, 343, "x_t", anchor="start")
    for x in gates:
        canvas.dot(x, BOTTOM + 3, "hidden")
        canvas.line((x, BOTTOM), (x, 219), color="hidden")


def _output(canvas, x, end, label="h_t"):
    """Draw the output gate's product and the hidden state that leaves the cell."""
    canvas.dot(x, TOP, "cell")
    canvas.line((x, TOP), (x, 117), color="cell")
    canvas.gate(x, 135, "tanh", 54)
    canvas.line((x, 153), (x, 186), color="cell")
    canvas.op(x, 201, "×")
    canvas.line((x, 216), (x, BOTTOM), (end, BOTTOM), color="hidden")
    canvas.text(end - 18, BOTTOM - 12, label, "hidden")


def lstm(tone, *, peephole=False, projected=False):
    """An LSTM with a forget gate."""
    width = 720 if projected else 640
    canvas = _lstm_frame(tone, width)
    canvas.line((10, TOP), (155, TOP), color="cell")
    canvas.line((185, TOP), (295, TOP), color="cell")
    canvas.line((325, TOP), (width - 10, TOP), color="cell")
    canvas.text(width - 28, TOP - 12, "c_t", "cell")
    _inputs(canvas, 440, (170, 265, 355, 440))
    for x, label in ((170, "f  σ"), (265, "i  σ"), (355, "g  tanh"), (440, "o  σ")):
        canvas.gate(x, 201, label, 70 if "tanh" in label else 46)
    canvas.line((170, 184), (170, TOP + 15))
    canvas.op(170, TOP, "×")
    canvas.line((265, 184), (265, 135), (295, 135))
    canvas.line((355, 184), (355, 135), (325, 135))
    canvas.op(310, 135, "×")
    canvas.line((310, 120), (310, TOP + 15))
    canvas.op(310, TOP, "+")
    canvas.line((463, 201), (505, 201))
    if projected:
        _output(canvas, 520, 573, label="")
        canvas.text(541, BOTTOM - 10, "m_t", "quiet")
        canvas.gate(600, BOTTOM, "Q", 50)
        canvas.line((625, BOTTOM), (width - 10, BOTTOM), color="hidden")
        canvas.text(width - 28, BOTTOM - 12, "h_t", "hidden")
    else:
        _output(canvas, 520, width - 10)
    if peephole:
        _peepholes(canvas)
    return canvas


def _peepholes(canvas):
    canvas.dot(118, TOP, "special")
    canvas.line((118, TOP), (118, 201), (145, 201), color="special", dashed=True)
    canvas.line((118, 160), (228, 160), (228, 196), (240, 196), color="special",
                dashed=True)  # fmt: skip
    canvas.dot(415, TOP, "special")
    canvas.line((415, TOP), (415, 160), (440, 160), (440, 182), color="special",
                dashed=True)  # fmt: skip


def peephole(tone):
    """An LSTM whose gates see the cell state."""
    return lstm(tone, peephole=True)


def projection(tone):
    """An LSTM with a projection of its hidden state."""
    return lstm(tone, projected=True)


def coupled_gates(tone):
    """An LSTM that forgets what it overwrites."""
    canvas = _lstm_frame(tone)
    canvas.line((10, TOP), (155, TOP), color="cell")
    canvas.line((185, TOP), (295, TOP), color="cell")
    canvas.line((325, TOP), (630, TOP), color="cell")
    canvas.text(612, TOP - 12, "c_t", "cell")
    _inputs(canvas, 440, (240, 355, 440))
    for x, label in ((240, "i  σ"), (355, "g  tanh"), (440, "o  σ")):
        canvas.gate(x, 201, label, 70 if "tanh" in label else 46)
    canvas.line((240, 184), (240, 135), (295, 135))
    canvas.dot(240, 135, "special")
    canvas.line((240, 135), (196, 135), color="special")
    canvas.gate(170, 135, "1 − i", 52)
    canvas.line((170, 118), (170, TOP + 15), color="special")
    canvas.op(170, TOP, "×")
    canvas.line((355, 184), (355, 135), (325, 135))
    canvas.op(310, 135, "×")
    canvas.line((310, 120), (310, TOP + 15))
    canvas.op(310, TOP, "+")
    canvas.line((463, 201), (505, 201))
    _output(canvas, 520, 630)
    return canvas


def _gru_frame(tone):
    canvas = Canvas(640, 350, tone)
    canvas.frame(320, 180, 510, 280)
    canvas.text(30, TOP - 12, "h_t−1", "hidden")
    canvas.text(612, TOP - 12, "h_t", "hidden")
    canvas.line((10, TOP), (455, TOP), color="hidden")
    canvas.line((485, TOP), (535, TOP), color="hidden")
    canvas.line((565, TOP), (630, TOP), color="hidden")
    canvas.op(470, TOP, "×")
    canvas.op(550, TOP, "+")
    return canvas


def _gru_gates(canvas):
    """Draw both gates with what they read, and z on its way to the state."""
    canvas.dot(100, TOP, "hidden")
    canvas.line((100, TOP), (100, 285), (240, 285), (240, 269), color="hidden")
    canvas.dot(150, 285, "hidden")
    canvas.line((150, 285), (150, 269), color="hidden")
    canvas.line((120, 345), (120, 310), (345, 310), arrow=False)
    canvas.text(132, 343, "x_t", anchor="start")
    for x in (158, 248):
        canvas.dot(x, 310)
        canvas.line((x, 310), (x, 269))
    canvas.gate(150, 250, "r  σ")
    canvas.gate(240, 250, "z  σ")
    canvas.line((263, 250), (420, 250), (420, 110), (470, 110), (470, TOP + 15))
    canvas.text(428, 244, "z", anchor="start")
    canvas.dot(420, 210)
    canvas.line((420, 210), (442, 210))
    canvas.gate(470, 210, "1 − z", 54)
    canvas.line((497, 210), (550, 210), (550, 176))


def _gru_candidate(canvas):
    """Draw n, which reads x and what the reset gate has let through."""
    canvas.line((345, 310), (345, 179))
    canvas.gate(350, 160, "n  tanh", 76)
    canvas.line((388, 160), (535, 160))
    canvas.op(550, 160, "×")
    canvas.line((550, 145), (550, TOP + 15))


def gru(tone):
    """A GRU as first published: the reset gate works before the product."""
    canvas = _gru_frame(tone)
    _gru_gates(canvas)
    canvas.dot(150, TOP, "hidden")
    canvas.line((150, TOP), (150, 145), color="hidden")
    canvas.op(150, 160, "×")
    canvas.line((150, 233), (150, 175), color="special")
    canvas.line((165, 160), (312, 160), color="special")
    canvas.text(238, 150, "r × h_t−1", "special")
    _gru_candidate(canvas)
    return canvas


def gru_reset_after(tone):
    """A GRU as cuDNN, PyTorch and Keras have it: reset after the product."""
    canvas = _gru_frame(tone)
    _gru_gates(canvas)
    canvas.dot(215, TOP, "hidden")
    canvas.line((215, TOP), (215, 96), color="hidden")
    canvas.gate(215, 114, "U h + b_hh", 88)
    canvas.line((215, 132), (215, 145), color="special")
    canvas.line((150, 233), (150, 160), (200, 160), color="special")
    canvas.op(215, 160, "×")
    canvas.line((230, 160), (312, 160), color="special")
    _gru_candidate(canvas)
    return canvas


def rnn(tone):
    """A network without gates."""
    canvas = Canvas(420, 200, tone)
    canvas.frame(210, 90, 220, 110)
    canvas.text(40, 78, "h_t−1", "hidden")
    canvas.line((10, 90), (162, 90), color="hidden")
    canvas.line((210, 190), (210, 109))
    canvas.text(222, 186, "x_t", anchor="start")
    canvas.gate(210, 90, "tanh or relu", 94)
    canvas.line((257, 90), (410, 90), color="hidden")
    canvas.text(380, 78, "h_t", "hidden")
    return canvas


def _column(canvas, t, layers, names):
    """Draw one time step of a stack, from its input to its output."""
    x = 110 + 130 * t
    canvas.text(x, 372, f"x_{t + 1}")
    canvas.line((x, 355), (x, 319))
    for layer in range(layers):
        y = 300 - 90 * layer
        canvas.gate(x, y, names[layer], 84)
        canvas.line((x, y - 18), (x, y - 71), color="hidden")
        if t:
            canvas.line((x - 88, y), (x - 44, y), color="hidden")


def deep(tone):
    """Three layers, unrolled over four steps."""
    canvas = Canvas(630, 385, tone)
    for t in range(4):
        _column(canvas, t, 3, ("layer 1", "layer 2", "layer 3"))
    canvas.text(500, 34, "to the head", "quiet", size=13)
    return canvas


def bidirectional(tone):
    """One layer in both directions over sequences of two lengths."""
    canvas = Canvas(700, 330, tone)
    for t in range(4):
        x = 110 + 130 * t
        canvas.text(x, 318, f"x_{t + 1}")
        canvas.line((x, 300), (x - 30, 264))
        canvas.line((x, 300), (x + 30, 174))
        canvas.gate(x - 36, 245, "forward", 80)
        canvas.gate(x + 36, 155, "backward", 88)
        canvas.line((x - 36, 227), (x - 36, 66), color="hidden")
        canvas.line((x + 36, 137), (x + 36, 66), color="special")
        canvas.gate(x, 48, "both", 110)
        if t:
            canvas.line((x - 126, 245), (x - 77, 245), color="hidden")
            canvas.line((x - 9, 155), (x - 49, 155), color="special")
    canvas.text(560, 249, "reads to the end", "hidden", "start", 13)
    canvas.text(590, 134, "from the end", "special", "start", 13)
    return canvas


def windows(tone):
    """What cutting the gradient, and saving states, do to a long sequence."""
    canvas = Canvas(720, 290, tone)
    for row, name in enumerate(
        (
            "bptt_steps=3: gradients end where a window begins",
            "checkpoint_steps=3: computed again, gradients go on",
        )
    ):
        y = 70 + 150 * row
        canvas.words(20, y - 42, name)
        for t in range(9):
            x = 50 + 76 * t
            canvas.gate(x, y, str(t + 1), 40)
            if t:
                canvas.line((x - 56, y - 6), (x - 21, y - 6), color="hidden")
            if t and (row or t % 3):
                canvas.line((x - 20, y + 8), (x - 55, y + 8), color="special")
            if t and t % 3 == 0:
                edge = x - 38
                canvas.line((edge, y - 30), (edge, y + 34), color="quiet",
                            arrow=False, dashed=True)  # fmt: skip
                if row:
                    canvas.text(edge, y + 50, "state kept", "cell", size=12)
    canvas.text(500, 285, "→ states", "hidden", "end", 13)
    canvas.text(520, 285, "← gradients", "special", "start", 13)
    return canvas


def packed(tone):
    """Ragged sequences, and the rows that the kernels see."""
    canvas = Canvas(700, 250, tone)
    lengths, shades = (3, 5, 2), ("hidden", "cell", "special")
    canvas.text(20, 28, "sequences as you have them", "quiet", "start", 14)
    for row, (length, shade) in enumerate(zip(lengths, shades, strict=True)):
        for t in range(length):
            _step(canvas, 50 + 46 * t, 70 + 50 * row, shade, t + 1)
    canvas.line((300, 120), (350, 120), color="quiet")
    canvas.text(370, 28, "packed: step by step, the longest first", "quiet", "start",
                14)  # fmt: skip
    order = sorted(range(3), key=lambda k: -lengths[k])
    for t in range(5):
        alive = [k for k in order if lengths[k] > t]
        for row, k in enumerate(alive):
            _step(canvas, 400 + 58 * t, 70 + 50 * row, shades[k], t + 1)
        canvas.text(400 + 58 * t, 228, f"t = {t + 1}", "quiet", size=13)
    return canvas


def _step(canvas, x, y, shade, number):
    canvas.strokes.append(
        f"<rect x='{x - 18}' y='{y - 18}' width='36' height='36' rx='5' "
        f"fill='none' stroke='{canvas.colors[shade]}' stroke-width='2.5'/>"
    )
    canvas.text(x, y + 5, str(number), shade)


DIAGRAMS = {
    "lstm": lstm,
    "peephole": peephole,
    "coupled_gates": coupled_gates,
    "projection": projection,
    "gru": gru,
    "gru_reset_after": gru_reset_after,
    "rnn": rnn,
    "deep": deep,
    "bidirectional": bidirectional,
    "windows": windows,
    "packed": packed,
}


def drawings():
    """Yield the name and the text of every file."""
    for name, draw in DIAGRAMS.items():
        for tone in TONES:
            title = draw.__doc__.splitlines()[0]
            yield f"{name}-{tone}.svg", draw(tone).svg(title)


if __name__ == "__main__":
    for file, text in drawings():
        Path(__file__).with_name(file).write_text(text, encoding="utf-8")
