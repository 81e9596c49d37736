"""Figures and colours that all displays share; matplotlib is imported here only."""

import numpy as np

__all__ = [
    "END", "GREY", "PALETTE", "START", "draw_matrix", "figure_axes", "number_ticks",
]  # fmt: skip

# Okabe and Ito's colours, which readers with any kind of colour vision can tell apart
# (https://jfly.uni-koeln.de/color). Drawn with unless the user has chosen others.
PALETTE = (
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000",
)  # fmt: skip
GREY = "0.45"

# Names of the marks that networks read and write.
START, END = "(start)", "(end)"

# Labels that still fit side by side, and the width of a character in parts of its size.
MAX_LABELS = 60
WIDTH_OF_CHARACTER = 0.6


def figure_axes(ax, caller, *, n_panels=1, figsize=None, height_ratios=None):
    """Return the axes to draw on, one below the other.

    Parameters
    ----------
    ax : matplotlib Axes, array-like of Axes, or None
        The user's. None makes a figure; one for several panels is divided.
    caller : str
        Who draws, for errors.
    n_panels : int, default=1
    figsize : tuple of float, default=None
        Of a new figure.
    height_ratios : sequence of float, default=None
        Of the panels.

    Returns
    -------
    axes : ndarray of Axes of shape (n_panels,)

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    try:
        import matplotlib.pyplot as plt
        from matplotlib.axes import Axes
    except ImportError as error:
        raise ImportError(
            f"{caller} needs matplotlib: pip install 'sklstm[plot]'"
        ) from error
    if ax is None:
        figure = plt.figure(figsize=figsize, layout="constrained")
        axes = _stacked(figure, figure.add_gridspec, n_panels, height_ratios)
    elif isinstance(ax, Axes):
        axes = np.array([ax])
        if n_panels > 1:
            axes = _divided(ax, caller, n_panels, height_ratios)
    else:
        axes = np.ravel(np.asarray(ax, dtype=object))
    if len(axes) != n_panels:
        raise ValueError(
            f"{caller} draws {n_panels} panel(s), but ax holds {len(axes)} Axes."
        )
    if plt.rcParams["axes.prop_cycle"] == plt.rcParamsDefault["axes.prop_cycle"]:
        for one in axes:
            if not one.has_data():  # otherwise colours go on where they are
                one.set_prop_cycle(color=PALETTE)
    return axes


def _divided(ax, caller, n_panels, height_ratios):
    """Panels in the place of the user's one Axes."""
    place = ax.get_subplotspec()
    if place is None:
        raise ValueError(
            f"{caller} draws {n_panels} panels: pass an Axes made by subplots, which "
            f"can be divided, or {n_panels} of them."
        )
    ax.set_axis_off()
    return _stacked(ax.figure, place.subgridspec, n_panels, height_ratios)


def _stacked(figure, make_grid, n_panels, height_ratios):
    """Panels with one time axis."""
    cells = make_grid(n_panels, 1, height_ratios=height_ratios)
    axes = [figure.add_subplot(cells[0, 0])]
    for k in range(1, n_panels):
        axes.append(figure.add_subplot(cells[k, 0], sharex=axes[0]))
    for one in axes[:-1]:
        one.tick_params(labelbottom=False)
    return np.array(axes)


def draw_matrix(ax, matrix, *, colorbar=True, label=None, **how):
    """Draw a matrix as an image, with its bar of colours beside it.

    Parameters
    ----------
    ax : matplotlib Axes
    matrix : ndarray of shape (n_rows, n_columns)
    colorbar : bool, default=True
    label : str, default=None
        Of the bar.
    **how
        For `imshow`.

    Returns
    -------
    image : matplotlib AxesImage
    """
    how = {"aspect": "auto", "interpolation": "nearest", "origin": "upper"} | how
    image = ax.imshow(matrix, **how)
    if colorbar:
        ax.figure.colorbar(image, ax=ax, label=label, pad=0.02)
    return image


def number_ticks(axis, labels=None, *, rotation=60):
    """Label an axis that counts: whole numbers, or a label for each of them.

    Parameters
    ----------
    axis : matplotlib Axis
    labels : sequence of str, default=None
        More than fit are left out evenly.
    rotation : float, default=60
        Of long labels below.
    """
    if labels is None:
        axis.get_major_locator().set_params(integer=True)
        return
    every = -(-len(labels) // MAX_LABELS)
    shown = list(map(str, labels))[::every]
    axis.set_ticks(range(0, len(labels), every), shown)
    if axis.axis_name == "x":
        _turn_long(axis, rotation)


def _turn_long(axis, rotation):
    """Turn the labels that would run into their neighbours; all, if not only a few."""
    texts, ax = axis.get_majorticklabels(), axis.axes
    if not texts:
        return
    points = 72 * ax.get_window_extent().width / ax.figure.dpi / len(texts)
    room = points / (WIDTH_OF_CHARACTER * texts[0].get_size()) - 1
    lengths = np.array([len(text.get_text()) for text in texts])
    is_long = lengths > max(1, room)
    if is_long.mean() > 0.25:
        is_long[:] = True
    for text in np.array(texts, dtype=object)[is_long]:
        text.set(rotation=rotation, ha="right", rotation_mode="anchor")
