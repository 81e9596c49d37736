"""`AttributionDisplay`: what each channel and step of a sequence contributes."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator

from ..._typing import ArrayLike
from ...estimators.forecaster import LSTMForecaster
from ..gradients import input_gradients
from ..integrated_gradients import integrated_gradients
from ..occlusion import occlusion
from ..pieces import Panel
from ..reading import Reading
from ..recurrent_part import check_index, recurrent_part
from .figures import draw_matrix, figure_axes, number_ticks

__all__ = ["AttributionDisplay"]

METHODS = ("integrated_gradients", "input_gradients", "occlusion")
LABELS = {"input_gradients": "gradient"}

MAX_LINES = 7  # more channels are not drawn as lines


class AttributionDisplay:
    """Contributions of the channels of a sequence over time, as a heat map.

    White is no contribution, red one that raises the output, blue one that lowers it.
    Best made by `from_estimator`.

    Parameters
    ----------
    attributions : ndarray of shape (n_timesteps, n_features) or (n_timesteps,)
        Of one sequence, such as a row of those of
        :func:`~sklstm.inspection.integrated_gradients`. Steps at the end that are NaN
        are padding, and not drawn.
    inputs : ndarray of shape (n_timesteps, n_features), default=None
        What was read, to be drawn above.
    feature_names : sequence of str, default=None
        Names of the channels. None numbers them.
    step_labels : sequence of str of length n_timesteps, default=None
        Names of the steps, such as symbols. None numbers them from 0.
    label : str, default="contribution"
        What the colours stand for.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes
        A panel for the inputs, if they are drawn, and one for the contributions.
    figure_ : matplotlib Figure
    image_ : matplotlib AxesImage
        The heat map: a row for each channel.

    See Also
    --------
    integrated_gradients : Contributions that add up.
    PermutationImportanceDisplay : Over many sequences, for a score.

    Examples
    --------
    >>> from sklstm import LSTMClassifier
    >>> from sklstm.datasets import load_japanese_vowels
    >>> from sklstm.inspection import AttributionDisplay
    >>> vowels = load_japanese_vowels()
    >>> model = LSTMClassifier(hidden_layer_sizes=8, max_iter=2, random_state=0)
    >>> model = model.fit(vowels.X_train, vowels.y_train)
    >>> display = AttributionDisplay.from_estimator(model, vowels.X_test, sample=3)
    >>> display.image_.get_array().shape
    (12, 18)
    """

    def __init__(
        self,
        *,
        attributions: ArrayLike,
        inputs: ArrayLike | None = None,
        feature_names: Sequence[str] | None = None,
        step_labels: Sequence[str] | None = None,
        label: str = "contribution",
    ):
        self.attributions = attributions
        self.inputs = inputs
        self.feature_names = feature_names
        self.step_labels = step_labels
        self.label = label

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        X: Any,
        *,
        sample: int = 0,
        method: str = "integrated_gradients",
        ax: Any = None,
        show_inputs: bool = True,
        **how: Any,
    ) -> Self:
        """Explain one sequence, and draw it.

        Parameters
        ----------
        estimator : estimator instance
            As for the method. Of a pipeline 'occlusion' explains its own inputs, the
            others those of its last step.
        X : array, data frame, list or Sequences
            Sequences. A baseline of 'mean' is that of all of them.
        sample : int, default=0
            Which of them.
        method : {'integrated_gradients', 'input_gradients', 'occlusion'}, \
default='integrated_gradients'
            The function that explains.
        ax, show_inputs
            As for `plot`.
        **how : dict
            For the method: `target`, `baseline`, `n_steps`, `window`, ...

        Returns
        -------
        display : AttributionDisplay
        """
        if method not in METHODS:
            raise ValueError(f"method must be one of {METHODS}, got {method!r}.")
        if isinstance(estimator, LSTMForecaster):
            raise TypeError(
                "X are series, not sequences to choose one of: pass what "
                f"{method} returns for a series, AttributionDisplay(attributions=...)"
                ".plot()."
            )
        sample = check_index(sample, len(X), "sample", "sequence(s)")
        one = X[sample : sample + 1]
        if method == "occlusion":
            of_one = cls._of_occlusion(estimator, X, one, how)
        else:
            what = f"{cls.__name__}.from_estimator"
            of_one = cls._of_gradients(estimator, X, one, method, what, how)
        return cls(**of_one).plot(ax=ax, show_inputs=show_inputs)

    @classmethod
    def _of_occlusion(cls, estimator, X, one, how):
        if how.get("baseline", "mean") == "mean":
            how = how | {"baseline": Panel(X).sequences.values.mean(axis=0)}
        result = occlusion(estimator, one, **how)
        panel = Panel(one)
        attributions = Panel(result.attributions).sequences
        return {
            "attributions": attributions[0],
            "inputs": panel.sequences[0],
            "feature_names": panel.names,
        }

    @classmethod
    def _of_gradients(cls, estimator, X, one, method, what, how):
        ours, of_ours = recurrent_part(estimator, what, one)
        reading = Reading(ours, of_ours)
        baseline = how.get("baseline")
        if isinstance(baseline, str) and baseline == "mean":
            _, all_of_ours = recurrent_part(estimator, what, X)
            rows = Reading(ours, all_of_ours).rows.values
            how = how | {"baseline": rows.mean(axis=0, dtype=np.float64)}
        label = LABELS.get(method, "contribution")
        explain = integrated_gradients
        if method == "input_gradients":
            explain = input_gradients
            if how.get("multiply_by_inputs"):
                label = "gradient times input"
        if reading.is_symbolic:
            how = {"reduce": "sum"} | how
        result = explain(ours, of_ours, **how)
        result = getattr(result, "attributions", result)
        of_one = {"attributions": _only(result), "label": label}
        if reading.is_symbolic:
            return of_one | {"step_labels": list(map(str, of_ours[0]))}
        names = reading.rows.feature_names
        return of_one | {"inputs": reading.rows[0], "feature_names": names}

    def plot(self, ax: Any = None, *, show_inputs: bool = True) -> Self:
        """Draw the contributions over time.

        Parameters
        ----------
        ax : matplotlib Axes or array-like of Axes, default=None
            One Axes, which is divided, or one for each panel. None makes a figure.
        show_inputs : bool, default=True
            Whether to draw the inputs above, if there are any.

        Returns
        -------
        display : AttributionDisplay
            This one, with `axes_`, `figure_` and `image_`.
        """
        values = np.asarray(self.attributions, dtype=float)
        values = values[:, np.newaxis] if values.ndim == 1 else values
        values = values[~np.isnan(values).all(axis=1)]
        has_inputs = show_inputs and self.inputs is not None
        n_rows = values.shape[1]
        height = 1.1 + 0.22 * min(max(n_rows, 2), 24)
        axes = figure_axes(
            ax, f"{type(self).__name__}.plot", n_panels=1 + has_inputs,
            figsize=(8, height + 1.8 * has_inputs),
            height_ratios=[1.8, height] if has_inputs else None,
        )  # fmt: skip
        if has_inputs:
            self._draw_inputs(axes[0], len(values))
        panel = axes[-1]
        limit = float(np.abs(values).max()) or 1.0
        self.image_ = draw_matrix(
            panel, values.T, label=self.label, vmin=-limit, vmax=limit, cmap="RdBu_r"
        )
        if n_rows == 1:
            panel.set_yticks([])
        else:
            panel.set_ylabel("channel" if self.feature_names is None else "")
            number_ticks(panel.yaxis, self.feature_names)
        panel.set_xlabel("step" if self.step_labels is None else "")
        number_ticks(panel.xaxis, self.step_labels)
        self.axes_, self.figure_ = axes, panel.figure
        return self

    def _draw_inputs(self, panel, n_timesteps):
        inputs = np.asarray(self.inputs, dtype=float)[:n_timesteps]
        if inputs.shape[1] > MAX_LINES:
            limit = float(np.nanmax(np.abs(inputs))) or 1.0
            draw_matrix(
                panel, inputs.T, label="input", vmin=-limit, vmax=limit, cmap="PuOr_r"
            )
            number_ticks(panel.yaxis, self.feature_names)
        else:
            names = self.feature_names
            if names is None:
                names = [f"channel {k}" for k in range(inputs.shape[1])]
            panel.plot(inputs, label=list(names))
            panel.margins(x=0)
            panel.legend(
                loc="lower right", bbox_to_anchor=(1, 1), ncols=len(names),
                frameon=False, borderaxespad=0,
            )  # fmt: skip
        panel.set_title("inputs", loc="left", fontsize="medium")


def _only(restored):
    """The one sequence of explanations in any layout."""
    first = restored[0]
    return np.asarray(first, dtype=float)
