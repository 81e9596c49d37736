"""`PermutationImportanceDisplay`: what a score owes to channels and windows of time."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import Bunch

from ..._typing import SequencesLike
from ..permutation import permutation_importance
from ..pieces import Panel
from .figures import GREY, draw_matrix, figure_axes, number_ticks

__all__ = ["PermutationImportanceDisplay"]


class PermutationImportanceDisplay:
    """Permutation importance of channels (bars), windows (a line) or both (an image).

    Best made by `from_estimator`.

    Parameters
    ----------
    result : :class:`~sklearn.utils.Bunch`
        Of :func:`~sklstm.inspection.permutation_importance`, of one scorer.
    feature_names : sequence of str, default=None
        Names of the channels, or of the groups. None numbers them.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    artist_ : BarContainer, Line2D or AxesImage

    See Also
    --------
    permutation_importance : The values.
    AttributionDisplay : Of one sequence.

    Examples
    --------
    >>> from sklstm import LSTMClassifier
    >>> from sklstm.datasets import load_japanese_vowels
    >>> from sklstm.inspection import PermutationImportanceDisplay
    >>> vowels = load_japanese_vowels()
    >>> model = LSTMClassifier(hidden_layer_sizes=8, max_iter=5, random_state=0)
    >>> model = model.fit(vowels.X_train, vowels.y_train)
    >>> display = PermutationImportanceDisplay.from_estimator(
    ...     model, vowels.X_test, vowels.y_test, n_repeats=2, random_state=0
    ... )
    >>> len(display.artist_)
    12
    """

    def __init__(self, *, result: Bunch, feature_names: Sequence[str] | None = None):
        self.result = result
        self.feature_names = feature_names

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        X: SequencesLike,
        y: Any = None,
        *,
        feature_names: Sequence[str] | None = None,
        ax: Any = None,
        **how: Any,
    ) -> Self:
        """Compute and draw the importances.

        Parameters
        ----------
        estimator, X, y
            As for :func:`~sklstm.inspection.permutation_importance`.
        feature_names : sequence of str, default=None
            Names of the channels, or of the groups. None takes those of `X`.
        ax
            As for `plot`.
        **how : dict
            Further arguments of `permutation_importance`: `window`, `scoring`, ...

        Returns
        -------
        display : PermutationImportanceDisplay
        """
        result: Any = permutation_importance(estimator, X, y, **how)
        names = Panel(X).names
        if feature_names is None and names is not None:
            feature_names = [
                " + ".join(names[channel] for channel in group)
                for group in result.channels
            ]
        return cls(result=result, feature_names=feature_names).plot(ax=ax)

    def plot(self, ax: Any = None) -> Self:
        """Draw the importances.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            None makes a figure.

        Returns
        -------
        display : PermutationImportanceDisplay
            This one, with `ax_`, `figure_` and `artist_`.
        """
        mean = np.asarray(self.result.importances_mean)
        has_windows = self.result.windows is not None
        if mean.ndim == 0:
            raise ValueError(
                "there is one number only, of all channels at all steps: nothing to "
                "draw. Pass a window, or channels='each'."
            )
        n_rows = mean.shape[-1] if mean.ndim == 2 or not has_windows else 8
        (ax,) = figure_axes(
            ax, f"{type(self).__name__}.plot", figsize=(7, 1.2 + 0.3 * max(n_rows, 5))
        )
        if not has_windows:
            self._draw_bars(ax, mean)
        elif mean.ndim == 1:
            self._draw_line(ax, mean)
        else:
            self._draw_image(ax, mean)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _names(self):
        if self.feature_names is not None:
            return list(map(str, self.feature_names))
        return [", ".join(map(str, group)) for group in self.result.channels]

    def _draw_bars(self, ax, mean):
        places = np.arange(len(mean))
        self.artist_ = ax.barh(
            places, mean, xerr=self.result.importances_std, ecolor=GREY
        )
        ax.axvline(0, color=GREY, linewidth=0.8)
        ax.invert_yaxis()
        number_ticks(ax.yaxis, self._names())
        ax.set_ylabel("channel" if self.feature_names is None else "")
        ax.set_xlabel("decrease of the score")

    def _draw_line(self, ax, mean):
        std = self.result.importances_std
        places = np.arange(len(mean))
        (self.artist_,) = ax.plot(places, mean, marker=".")
        ax.fill_between(
            places, mean - std, mean + std, color=self.artist_.get_color(), alpha=0.2,
            linewidth=0,
        )  # fmt: skip
        ax.axhline(0, color=GREY, linewidth=0.8)
        self._name_windows(ax)
        ax.set_ylabel("decrease of the score")

    def _draw_image(self, ax, mean):
        limit = float(np.abs(mean).max()) or 1.0
        self.artist_ = draw_matrix(
            ax, mean.T, label="decrease of the score", vmin=-limit, vmax=limit,
            cmap="RdBu_r",
        )  # fmt: skip
        number_ticks(ax.yaxis, self._names())
        ax.set_ylabel("channel" if self.feature_names is None else "")
        self._name_windows(ax)

    def _name_windows(self, ax):
        windows = self.result.windows
        of_one_step = all(last - first == 1 for first, last in windows)
        labels = [
            f"{first}" if of_one_step else f"{first} to {last - 1}"
            for first, last in windows
        ]
        number_ticks(ax.xaxis, labels)
        from_end = windows[0][0] < 0
        ax.set_xlabel("steps from the end" if from_end else "steps")
