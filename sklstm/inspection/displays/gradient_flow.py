"""`GradientFlowDisplay`: how far back in time the gradient of an output reaches."""

from typing import Any, Self

import numpy as np

from ..._typing import InputsLike, SeriesLike
from ..hidden_gradients import hidden_gradient_norms
from ..recurrent_part import recurrent_part
from .figures import figure_axes, number_ticks

__all__ = ["GradientFlowDisplay"]


class GradientFlowDisplay:
    """Norm of the gradient of the last outputs, over the time lag, on a log scale.

    A line that falls shows gradients that vanish: nothing is learned from steps so far
    back. One that rises shows gradients that explode. Lags are drawn that at least half
    of the sequences have. Best made by `from_estimator`, several of them on one Axes.

    Parameters
    ----------
    norms : ndarray of shape (n_samples, n_lags)
        Norms by sequence and lag, such as those of
        :func:`~sklstm.inspection.hidden_gradient_norms`; NaN where there is none.
    name : str, default=None
        Of the network, in the legend.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    line_ : matplotlib Line2D
        The mean over the sequences.
    band_ : matplotlib PolyCollection or None
        Holds 80 % of the sequences.

    See Also
    --------
    hidden_gradient_norms : The values, and what they are exactly.
    GateActivityDisplay : What the gates do meanwhile.

    Examples
    --------
    >>> from sklstm import LSTMClassifier
    >>> from sklstm.datasets import make_two_sequences
    >>> from sklstm.inspection import GradientFlowDisplay
    >>> X, y = make_two_sequences(20, random_state=0)
    >>> models = [
    ...     LSTMClassifier(cell=cell, pooling="last", max_iter=1, random_state=0)
    ...     for cell in ("lstm", "rnn")
    ... ]
    >>> display = GradientFlowDisplay.from_estimator(models[0].fit(X, y), X)
    >>> display = GradientFlowDisplay.from_estimator(
    ...     models[1].fit(X, y), X, ax=display.ax_
    ... )
    >>> [text.get_text() for text in display.ax_.get_legend().get_texts()]
    ['LSTM', 'RNN']
    """

    def __init__(self, *, norms, name=None):
        self.norms = norms
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: InputsLike | SeriesLike,
        *,
        layer: int = -1,
        name: str | None = None,
        ax: Any = None,
        **how: Any,
    ) -> Self:
        """Compute and draw the norms of a fitted network.

        Parameters
        ----------
        estimator, X, layer
            As for :func:`~sklstm.inspection.hidden_gradient_norms`.
        name : str, default=None
            Of the network, in the legend. None names its cell.
        ax, **how
            As for `plot`.

        Returns
        -------
        display : GradientFlowDisplay
        """
        what = f"{cls.__name__}.from_estimator"
        estimator, X = recurrent_part(estimator, what, X)
        norms = hidden_gradient_norms(estimator, X, layer=layer)
        display = cls(
            norms=norms, name=estimator.cell.upper() if name is None else name
        )
        return display.plot(ax=ax, **how)

    def plot(
        self,
        ax: Any = None,
        *,
        relative: bool = True,
        band: bool = True,
        line_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the norms over the lag.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to, such as the `ax_` of another display, to compare networks. None
            makes a figure.
        relative : bool, default=True
            Whether to divide by the mean norm at lag 0, so that all networks begin
            at 1.
        band : bool, default=True
            Whether to draw a band that holds 80 % of the sequences.
        line_kw : dict, default=None
            For the line: arguments of :meth:`matplotlib.axes.Axes.plot`.

        Returns
        -------
        display : GradientFlowDisplay
            This one, with `ax_`, `figure_`, `line_` and `band_`.
        """
        norms = np.atleast_2d(np.asarray(self.norms, dtype=float))
        # The mean of a few long sequences is no longer that of all.
        norms = norms[:, (~np.isnan(norms)).mean(axis=0) >= 0.5]
        if relative:
            first = np.nanmean(norms[:, 0])
            if not first > 0:
                raise ValueError(
                    "the gradient at lag 0 is zero, so that nothing can be relative to "
                    "it: pass relative=False."
                )
            norms = norms / first
        (ax,) = figure_axes(ax, f"{type(self).__name__}.plot", figsize=(7, 4))
        lags = np.arange(norms.shape[1])
        # What is exactly zero has no place on a log scale.
        mean = _positive(np.nanmean(norms, axis=0))
        how = {"label": self.name} | (line_kw or {})
        (self.line_,) = ax.plot(lags, mean, **how)
        self.band_ = None
        if band and len(norms) > 1:
            low, high = np.nanquantile(norms, [0.1, 0.9], axis=0)
            low = np.fmax(low, np.nanmin(_positive(norms), initial=np.inf))
            self.band_ = ax.fill_between(
                lags, low, high, color=self.line_.get_color(), alpha=0.2, linewidth=0
            )
        ax.set_yscale("log")
        ax.set_xlabel("time lag in steps")
        ax.set_ylabel("gradient norm" + (", relative to lag 0" if relative else ""))
        number_ticks(ax.xaxis)
        ax.margins(x=0.01)
        if self.name:
            ax.legend()
        self.ax_, self.figure_ = ax, ax.figure
        return self


def _positive(norms):
    return np.where(norms > 0, norms, np.nan)
