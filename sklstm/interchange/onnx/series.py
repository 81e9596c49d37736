"""How a network sees a series, in a graph: `Representation` in ONNX's operators."""

from functools import cached_property

import numpy as np

from ...sequences.forecasting.representation import SCALE_FLOOR
from .graph import END

__all__ = ["SeriesView"]


class SeriesView:
    """The map between the values of series and what the network reads and answers.

    Parameters
    ----------
    graph : GraphBuilder
    representation : Representation
    inputs : dict of str to Tensor
        ``y`` (n_series, n_steps) and, unless they are shared, ``center`` and ``scale``
        (n_series,), all of float64.
    shared : tuple of float or None
        Center and scale of all series.
    """

    def __init__(self, graph, representation, inputs, shared):
        self._graph, self._representation = graph, representation
        y = inputs["y"].name
        self._u = graph.op("Log", y) if representation.log else y
        if shared is None:
            shared = [
                graph.op("Unsqueeze", inputs[name].name, [1])
                for name in ("center", "scale")
            ]
        self._center, self._series_scale = shared

    @cached_property
    def _differences(self):
        period, u = self._representation.period, self._u
        if not period:
            return u
        graph = self._graph
        later = graph.columns(u, period, END)
        return graph.op("Sub", later, graph.columns(u, 0, -period))

    @cached_property
    def _base(self):
        """What is subtracted, of shape (n_series, 1) or a number."""
        if self._representation.from_last:
            return self._graph.columns(self._differences, -1, END)
        return self._center

    @cached_property
    def _deviations(self):
        return self._graph.op("Sub", self._differences, self._base)

    @cached_property
    def _scale(self):
        """Of each window; see ``Representation.local``."""
        graph, scale = self._graph, self._series_scale
        if not self._representation.local:
            return scale
        squares = graph.op("Mul", self._deviations, self._deviations)
        squares = graph.op("ReduceMean", squares, [1], keepdims=1)
        floor = graph.op("Mul", scale, SCALE_FLOOR)
        total = graph.op("Add", squares, graph.op("Mul", floor, floor))
        return graph.op("Sqrt", total)

    @cached_property
    def window(self):
        """What the network reads of the series, (n_series, window)."""
        return self._graph.op("Div", self._deviations, self._scale)

    def restored(self, answers, horizon, of_quantiles=False):
        """Return the values that answers of the network stand for.

        Parameters
        ----------
        answers : str
            Of shape (n_series, horizon), or with one axis more for quantiles.
        horizon : int
        of_quantiles : bool, default=False
        """
        graph = self._graph
        scale, naive = self._scale, self._naive(horizon)
        if of_quantiles:
            scale, naive = (
                graph.op("Unsqueeze", x, [2]) if isinstance(x, str) else x
                for x in (scale, naive)
            )
        values = graph.op("Add", graph.op("Mul", answers, scale), naive)
        return graph.op("Exp", values) if self._representation.log else values

    def _naive(self, horizon):
        """What an answer of zero stands for, before the exponential."""
        graph, period = self._graph, self._representation.period
        if not period:
            return self._base
        steps = np.arange(horizon)
        n_steps = self._representation.n_steps
        anchors = graph.op("Gather", self._u, n_steps - period + steps % period, axis=1)
        n_seasons = (steps // period + 1).astype(np.float64)
        return graph.op("Add", anchors, graph.op("Mul", self._base, n_seasons))
