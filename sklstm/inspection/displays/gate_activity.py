"""`GateActivityDisplay`: gates and states of a layer while it reads a sequence."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from ..._typing import InputsLike, SeriesLike, SymbolSequencesLike
from ...estimators import LSTMForecaster, LSTMSeq2Seq
from ..gate_traces import gate_traces
from ..recurrent_part import check_index, recurrent_part
from .figures import END, START, draw_matrix, figure_axes, number_ticks

__all__ = ["GateActivityDisplay"]

KINDS = ("units", "mean")

# More channels than these are drawn as an image, not as lines.
MAX_LINES = 7

# What is drawn by default: all but what the gates let in.
NOT_SHOWN = ("candidate",)


class GateActivityDisplay:
    """Gates and states of a layer while it reads a sequence.

    Best made by `from_estimator`.

    Parameters
    ----------
    traces : mapping of str to ndarray of shape (n_timesteps, n_units)
        Values by name, such as those of one sequence by
        :func:`~sklstm.inspection.gate_traces`. Names that end in "gate" are between 0
        and 1; all others are drawn around 0.
    inputs : ndarray of shape (n_timesteps, n_features), default=None
        What was read, to be drawn above.
    feature_names : sequence of str, default=None
        Of its columns.
    step_labels : sequence of str of length n_timesteps, default=None
        Names of the steps, such as symbols. None numbers them from 0.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes
        One panel each for the inputs, if there are any, and for the values drawn.
    figure_ : matplotlib Figure
    artists_ : dict
        By name, the image or the line of each panel.

    See Also
    --------
    gate_traces : The values.
    GradientFlowDisplay : How far back in time gradients reach.

    Examples
    --------
    >>> from sklstm import LSTMClassifier
    >>> from sklstm.datasets import load_japanese_vowels
    >>> from sklstm.inspection import GateActivityDisplay
    >>> vowels = load_japanese_vowels()
    >>> model = LSTMClassifier(hidden_layer_sizes=8, max_iter=2, random_state=0)
    >>> model = model.fit(vowels.X_train, vowels.y_train)
    >>> display = GateActivityDisplay.from_estimator(model, vowels.X_test, sample=3)
    >>> list(display.artists_)
    ['inputs', 'input_gate', 'forget_gate', 'output_gate', 'cell', 'hidden']
    """

    def __init__(self, *, traces, inputs=None, feature_names=None, step_labels=None):
        self.traces = traces
        self.inputs = inputs
        self.feature_names = feature_names
        self.step_labels = step_labels

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: InputsLike | SeriesLike,
        y: SymbolSequencesLike | None = None,
        *,
        sample: int = 0,
        layer: int = -1,
        direction: str = "forward",
        ax: Any = None,
        **how: Any,
    ) -> Self:
        """Compute and draw what happens while one sequence is read.

        Parameters
        ----------
        estimator : estimator instance
            Fitted; also a pipeline that ends in an estimator of this library, or a
            fitted search.
        X : array, data frame, list or Sequences
            Sequences, as for the `predict` (or `transform`) of the estimator; of a
            forecaster, the series to go on from.
        y : list or 1-D object array of sequences of symbols, default=None
            What a sequence-to-sequence estimator writes for each of them; None means
            its predictions. Not for others.
        sample : int, default=0
            Which of them.
        layer, direction
            As for :func:`~sklstm.inspection.gate_traces`.
        ax, **how
            As for `plot`.

        Returns
        -------
        display : GateActivityDisplay
        """
        what = f"{cls.__name__}.from_estimator"
        estimator, X = recurrent_part(estimator, what, X)
        if not isinstance(estimator, LSTMForecaster):
            place = check_index(sample, len(X), "sample", "sequence(s)")
            X, sample = X[place : place + 1], 0
        if isinstance(estimator, LSTMSeq2Seq):
            y = estimator.predict(X) if y is None else y[place : place + 1]
        traces = gate_traces(estimator, X, y, layer=layer, direction=direction)
        sample = check_index(sample, len(traces.hidden), "sample", "series")
        traces = {name: values[sample] for name, values in traces.items()}
        if isinstance(estimator, LSTMSeq2Seq):
            described = _of_pair(estimator, X, y, layer)
        else:
            described = _of_steps(estimator, X, sample)
        return cls(traces=traces, **described).plot(ax=ax, **how)

    def plot(
        self,
        ax: Any = None,
        *,
        quantities: Sequence[str] | None = None,
        kind: str = "units",
        show_inputs: bool = True,
    ) -> Self:
        """Draw the values over time.

        Parameters
        ----------
        ax : matplotlib Axes or array-like of Axes, default=None
            One Axes, which is divided, or one for each panel. None makes a figure.
        quantities : sequence of str, default=None
            Which of `traces`, in this order. None means all but the candidate.
        kind : {'units', 'mean'}, default='units'
            An image of all units, or their mean with a band that holds 80 % of them.
        show_inputs : bool, default=True
            Whether to draw the inputs, if there are any.

        Returns
        -------
        display : GateActivityDisplay
            This one, with `axes_`, `figure_` and `artists_`.
        """
        if kind not in KINDS:
            raise ValueError(f"kind must be 'units' or 'mean', got {kind!r}.")
        names = self._checked(quantities)
        if show_inputs and self.inputs is not None:
            names = ["inputs", *names]
        axes = figure_axes(
            ax, f"{type(self).__name__}.plot", n_panels=len(names),
            figsize=(8, 1.35 * len(names) + 0.6),
        )  # fmt: skip
        self.artists_ = {}
        for panel, name in zip(axes, names, strict=True):
            if name == "inputs":
                self.artists_[name] = self._draw_inputs(panel)
            else:
                draw = _draw_units if kind == "units" else _draw_mean
                values = np.asarray(self.traces[name])
                self.artists_[name] = draw(panel, values, name.endswith("gate"))
            panel.set_title(name.replace("_", " "), loc="left", fontsize="medium")
        axes[-1].set_xlabel("step" if self.step_labels is None else "")
        number_ticks(axes[-1].xaxis, self.step_labels)
        self.axes_, self.figure_ = axes, axes[0].figure
        return self

    def _checked(self, quantities):
        """Names of what is to be drawn."""
        if quantities is None:
            return [name for name in self.traces if name not in NOT_SHOWN]
        names = [quantities] if isinstance(quantities, str) else list(quantities)
        unknown = [name for name in names if name not in self.traces]
        if unknown or not names:
            raise ValueError(
                f"quantities must be some of {list(self.traces)}, got "
                f"{unknown[0] if unknown else names!r}."
            )
        return names

    def _draw_inputs(self, panel):
        inputs = np.asarray(self.inputs, dtype=float)
        if inputs.shape[1] > MAX_LINES:
            image = draw_matrix(panel, inputs.T, **_around_zero(inputs))
            panel.set_ylabel("channel")
            number_ticks(panel.yaxis)
            return image
        lines = panel.plot(inputs, label=self.feature_names)
        panel.margins(x=0)
        if self.feature_names is not None:
            panel.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
        return lines


def _of_steps(estimator, X, sample):
    """What an estimator reads of a sample: symbols by name, or numbers."""
    steps = estimator._read_steps(X)
    inputs = steps.values[steps.offsets[sample] : steps.offsets[sample + 1]]
    if inputs.dtype.kind != "f":  # codes of symbols
        (symbols,) = X
        # A language model may read a mark first.
        marks = [START] * (len(inputs) - len(symbols))
        return {"step_labels": [*marks, *map(str, symbols)]}
    names = list(getattr(estimator, "feature_names_in_", []))
    is_named = len(names) == inputs.shape[1]
    return {"inputs": inputs, "feature_names": names if is_named else None}


def _of_pair(estimator, X, y, layer):
    """What a layer that reads, or one that writes, is given of the only sample."""
    network = estimator._fitted_network()
    if layer % len(network.layers) >= network.n_encoder_layers:
        (written,) = y
        return {"step_labels": [START, *map(str, written)]}
    if estimator._reader.table is not None:
        (symbols,) = X
        return {"step_labels": [*map(str, symbols), END]}
    return {"inputs": estimator._read_inputs(X, reset=False).values}


def _draw_units(panel, values, is_gate):
    """An image with a row for each unit."""
    how = {"vmin": 0, "vmax": 1, "cmap": "viridis"} if is_gate else _around_zero(values)
    image = draw_matrix(panel, values.T, **how)
    panel.set_ylabel("unit")
    number_ticks(panel.yaxis)
    return image


def _draw_mean(panel, values, is_gate):
    """The mean over units, and a band that holds most of them."""
    steps = np.arange(len(values))
    (line,) = panel.plot(steps, values.mean(axis=1))
    band = np.quantile(values, [0.1, 0.9], axis=1)
    panel.fill_between(steps, *band, color=line.get_color(), alpha=0.25, linewidth=0)
    if is_gate:
        panel.set_ylim(-0.03, 1.03)
    else:
        panel.axhline(0, color="0.7", linewidth=0.8, zorder=0)
    panel.margins(x=0)
    return line


def _around_zero(values):
    """Colours in which zero is white."""
    limit = float(np.abs(values).max()) or 1.0
    return {"vmin": -limit, "vmax": limit, "cmap": "RdBu_r"}
