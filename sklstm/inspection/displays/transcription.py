"""`TranscriptionDisplay`: which labels a transcriber finds when."""

from typing import Any, Self

import numpy as np

from ..._typing import SequencesLike, SymbolSequencesLike
from ...estimators import LSTMTranscriber
from ..recurrent_part import check_index, recurrent_part
from .figures import PALETTE, figure_axes, number_ticks

__all__ = ["TranscriptionDisplay"]

BLANK = "0.6"


class TranscriptionDisplay:
    """Probabilities of labels over time, and the steps at which each was found.

    A line for each label that occurs, a grey one for the blank, no label; a stripe for
    the steps of each label, with its name above. Best made by `from_estimator`.

    Parameters
    ----------
    probabilities : ndarray of shape (n_timesteps, n_classes + 1)
        Those of one sequence by :meth:`~sklstm.LSTMTranscriber.predict_proba`: the last
        column is the blank.
    spans : ndarray of shape (n_labels, 2)
        Those of the same sequence by :meth:`~sklstm.LSTMTranscriber.align`: the first
        and the last step of each label.
    labels : sequence of length n_labels
        The labels.
    classes : array-like of shape (n_classes,)
        Names of the columns of `probabilities`.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    lines_ : dict of matplotlib Line2D
        By label; that of the blank is called None.
    spans_ : list of matplotlib patches
        One for each label.
    text_ : list of matplotlib Text
        One for each label.

    See Also
    --------
    LSTMTranscriber : The estimator.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm import LSTMTranscriber
    >>> from sklstm.inspection import TranscriptionDisplay
    >>> rng = np.random.RandomState(0)
    >>> y = ["".join(rng.choice(list("abc"), 3)) for _ in range(100)]
    >>> X = [np.eye(3)[["abc".index(x) for x in labels]].repeat(4, 0) for labels in y]
    >>> model = LSTMTranscriber(hidden_layer_sizes=16, max_iter=20, random_state=0)
    >>> display = TranscriptionDisplay.from_estimator(model.fit(X, y), X, ["abb"])
    >>> [text.get_text() for text in display.text_]
    ['a', 'b', 'b']
    """

    def __init__(self, *, probabilities, spans, labels, classes):
        self.probabilities = probabilities
        self.spans = spans
        self.labels = labels
        self.classes = classes

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: SequencesLike,
        y: SymbolSequencesLike | None = None,
        *,
        sample: int = 0,
        ax: Any = None,
        **how: Any,
    ) -> Self:
        """Compute and draw when the labels of one sequence are found.

        Parameters
        ----------
        estimator : LSTMTranscriber
            Fitted; also a pipeline that ends in one, or a search.
        X : array, data frame, list or Sequences
            Sequences, as for `fit`.
        y : list or 1-D object array of label sequences, default=None
            The labels to find, such as the true ones. None means the predictions.
        sample : int, default=0
            Which of them.
        ax, **how
            As for `plot`.

        Returns
        -------
        display : TranscriptionDisplay
        """
        what = f"{cls.__name__}.from_estimator"
        estimator, X = recurrent_part(estimator, what, X)
        if not isinstance(estimator, LSTMTranscriber):
            raise TypeError(
                f"{what} draws what LSTMTranscriber writes down; "
                f"{type(estimator).__name__} does not align labels with steps."
            )
        sample = check_index(sample, len(X), "sample", "sequence(s)")
        X = X[sample : sample + 1]
        y = estimator.predict(X) if y is None else y[sample : sample + 1]
        (spans,), (probabilities,) = estimator.align(X, y), estimator.predict_proba(X)
        (labels,) = y
        display = cls(
            probabilities=probabilities, spans=spans, labels=list(labels),
            classes=list(estimator.classes_),
        )  # fmt: skip
        return display.plot(ax=ax, **how)

    def plot(
        self,
        ax: Any = None,
        *,
        line_kw: dict[str, Any] | None = None,
        span_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Draw probabilities and alignment.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            None makes a figure.
        line_kw : dict, default=None
            For the lines: arguments of :meth:`matplotlib.axes.Axes.plot`.
        span_kw : dict, default=None
            For the stripes: arguments of :meth:`matplotlib.axes.Axes.axvspan`.

        Returns
        -------
        display : TranscriptionDisplay
            This one, with `ax_`, `figure_`, `lines_`, `spans_` and `text_`.
        """
        (ax,) = figure_axes(ax, f"{type(self).__name__}.plot", figsize=(9, 3.2))
        probabilities = np.asarray(self.probabilities)
        classes, labels = list(self.classes), list(self.labels)
        line_kw, span_kw = line_kw or {}, span_kw or {}
        (blank,) = ax.plot(
            probabilities[:, -1], **{"color": BLANK, "label": "blank"} | line_kw
        )
        self.lines_ = {None: blank}
        colors = {
            label: PALETTE[k % len(PALETTE)]
            for k, label in enumerate(dict.fromkeys(labels))
        }
        for label, color in colors.items():
            values = probabilities[:, classes.index(label)]
            (self.lines_[label],) = ax.plot(values, **{"color": color} | line_kw)
        self.spans_, self.text_ = [], []
        spans = np.asarray(self.spans).reshape(-1, 2)
        for place, (label, (first, last)) in enumerate(zip(labels, spans, strict=True)):
            color = colors[label]
            how = {"color": color, "alpha": 0.3, "linewidth": 0} | span_kw
            self.spans_.append(ax.axvspan(first - 0.5, last + 0.5, zorder=0, **how))
            height = 1.05 + 0.09 * (place % 2)  # neighbours do not overlap
            how = {"color": color, "ha": "center", "weight": "bold"}
            self.text_.append(ax.text((first + last) / 2, height, str(label), **how))
        ax.set(xlabel="step", ylabel="probability", ylim=(-0.02, 1.25))
        ax.set_xlim(-0.5, len(probabilities) - 0.5)
        ax.set_yticks(np.linspace(0, 1, 6))
        number_ticks(ax.xaxis)
        ax.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
        self.ax_, self.figure_ = ax, ax.figure
        return self
