"""`AttentionDisplay`: where a decoder looks while it writes."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from ..._typing import InputsLike, SymbolSequencesLike
from ...estimators import LSTMSeq2Seq
from ..recurrent_part import check_index, recurrent_part
from .figures import END, draw_matrix, figure_axes, number_ticks

__all__ = ["AttentionDisplay"]


class AttentionDisplay:
    """Where the decoder of a sequence-to-sequence estimator looks while it writes.

    One row for each symbol that is written; dark is where the decoder looks. Best made
    by `from_estimator`.

    Parameters
    ----------
    weights : ndarray of shape (n_written, n_read)
        One row of weights for each symbol, such as those of one sequence by
        :meth:`~sklstm.LSTMSeq2Seq.attention_weights`.
    read, written : sequence of str, default=None
        Names of the steps that are read, and of the symbols. None numbers them from 0.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    im_ : matplotlib AxesImage
    text_ : ndarray of shape (n_written, n_read), dtype object, or None
        The numbers in the image, if they are shown.

    See Also
    --------
    LSTMSeq2Seq : The estimator.

    Examples
    --------
    >>> from sklstm import LSTMSeq2Seq
    >>> from sklstm.inspection import AttentionDisplay
    >>> X = [["good", "morning"], ["good", "night"]] * 20
    >>> y = [["guten", "Morgen"], ["gute", "Nacht"]] * 20
    >>> model = LSTMSeq2Seq(hidden_layer_sizes=16, max_iter=20, random_state=0)
    >>> display = AttentionDisplay.from_estimator(model.fit(X, y), X, sample=1)
    >>> display.written
    ['gute', 'Nacht', '(end)']
    """

    def __init__(self, *, weights, read=None, written=None):
        self.weights = weights
        self.read = read
        self.written = written

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: InputsLike,
        y: SymbolSequencesLike | None = None,
        *,
        sample: int = 0,
        step_labels: Sequence[str] | None = None,
        ax: Any = None,
        **how: Any,
    ) -> Self:
        """Compute and draw where the decoder looks for one source.

        Parameters
        ----------
        estimator : LSTMSeq2Seq
            Fitted, with attention; also a pipeline that ends in one, or a search.
        X : array, data frame, list or Sequences
            Sources, as for `fit`.
        y : list or 1-D object array of sequences of symbols, default=None
            What is written for each of them. None means the predictions.
        sample : int, default=0
            Which of them.
        step_labels : sequence of str, default=None
            Names of the steps of a source of vectors. None numbers them from 0.
        ax, **how
            As for `plot`.

        Returns
        -------
        display : AttentionDisplay
        """
        what = f"{cls.__name__}.from_estimator"
        estimator, X = recurrent_part(estimator, what, X)
        if not isinstance(estimator, LSTMSeq2Seq):
            raise TypeError(
                f"{what} draws what LSTMSeq2Seq looks at; "
                f"{type(estimator).__name__} has no attention."
            )
        sample = check_index(sample, len(X), "sample", "source(s)")
        X = X[sample : sample + 1]
        y = estimator.predict(X) if y is None else y[sample : sample + 1]
        (weights,) = estimator.attention_weights(X, y)
        n_steps = weights.shape[1]
        (source,), (written,) = X, y
        if step_labels is None and estimator._reader.table is not None:
            step_labels = [*map(str, source), END]
        elif step_labels is not None and len(step_labels) != n_steps:
            raise ValueError(
                f"step_labels has {len(step_labels)} entries, but the source has "
                f"{n_steps} step(s)."
            )
        written = [*map(str, written), END]
        display = cls(weights=weights, read=step_labels, written=written)
        return display.plot(ax=ax, **how)

    def plot(
        self,
        ax: Any = None,
        *,
        cmap: Any = "Blues",
        colorbar: bool = True,
        include_values: bool = False,
        xticks_rotation: float = 60,
        im_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the weights.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            None makes a figure.
        cmap : str or matplotlib Colormap, default="Blues"
            Colors of the weights.
        colorbar : bool, default=True
            Whether to draw the bar of colours.
        include_values : bool, default=False
            Whether to write the weights into the image, as percentages.
        xticks_rotation : float, default=60
            Of long labels of what is read.
        im_kw : dict, default=None
            Further arguments of :meth:`matplotlib.axes.Axes.imshow`.

        Returns
        -------
        display : AttentionDisplay
            This one, with `ax_`, `figure_`, `im_` and `text_`.
        """
        weights = np.asarray(self.weights, dtype=float)
        n_written, n_read = weights.shape
        size = (min(2.2 + 0.4 * n_read, 10), min(1.5 + 0.35 * n_written, 8))
        (ax,) = figure_axes(ax, f"{type(self).__name__}.plot", figsize=size)
        how = {"cmap": cmap, "vmin": 0, "vmax": 1} | (im_kw or {})
        self.im_ = draw_matrix(ax, weights, colorbar=colorbar, label="attention", **how)
        self.text_ = self._write_values(ax, weights) if include_values else None
        number_ticks(ax.xaxis, self.read, rotation=xticks_rotation)
        number_ticks(ax.yaxis, self.written)
        ax.set(xlabel="read", ylabel="written")
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _write_values(self, ax, weights):
        texts = np.empty(weights.shape, dtype=object)
        for (row, column), weight in np.ndenumerate(weights):
            red, green, blue, _ = self.im_.cmap(self.im_.norm(weight))
            is_light = 0.3 * red + 0.6 * green + 0.1 * blue > 0.5
            texts[row, column] = ax.text(
                column, row, f"{100 * weight:.0f}", ha="center", va="center",
                color="black" if is_light else "white", fontsize="small",
            )  # fmt: skip
        return texts
