"""Graphs of the transformers of sequences that stand before a network."""

import numpy as np

from .export import VectorExport, steps_out, with_channels
from .graph import Tensor, import_onnx
from .skl2onnx_calls import converted
from .steps import Steps

__all__ = ["FrameStackerExport", "SequenceScalerExport", "TimestepExport"]


class _StepsExport(VectorExport):
    """Of transformers that hand out sequences."""

    def outputs(self, graph, inputs):
        """Add the nodes; see `Export`."""
        x, lengths = with_channels(graph, inputs["X"]), inputs.get("lengths")
        return self.transformed(graph, x, lengths)

    def transformed(self, graph, x, lengths):
        """Return what comes out, as `steps_out` gives it.

        Parameters
        ----------
        graph : GraphBuilder
        x : Tensor
            Of shape (n_samples, n_timesteps, n_features).
        lengths : Tensor or None
        """
        raise NotImplementedError


class TimestepExport(_StepsExport):
    """Of `TimestepTransformer`: the wrapped transformer, by skl2onnx, on all steps."""

    def transformed(self, graph, x, lengths):
        """Return every step transformed; padding too, which means nothing."""
        n_features = x.shape[2]
        model = self._wrapped(Tensor("X", x.dtype, ("n_rows", n_features)), graph.opset)
        table = graph.op("Reshape", x.name, [-1, n_features])
        rows = graph.inline(model, [table])[0]
        width, dtype = _width_and_dtype(model)
        before = graph.op("Shape", x.name, start=0, end=2)
        n_out = graph.op("Shape", rows, start=1, end=2)
        rows = graph.op("Reshape", rows, graph.joined([before, n_out], axis=0))
        return steps_out(rows, dtype, width, lengths)

    def _wrapped(self, table, opset):
        """The wrapped transformer as a model of tables."""
        transformer = self.estimator.transformer_
        indicator = getattr(transformer, "indicator_", None)
        if indicator is not None and len(indicator.features_):
            raise ValueError(
                f"skl2onnx leaves out the columns that add_indicator=True of the "
                f"{type(transformer).__name__} in a {self.estimator_name} adds: fit "
                "with add_indicator=False."
            )
        try:
            return converted(transformer, [table], opset)
        except ImportError:
            raise
        except Exception as error:
            # What can be wrong is as manifold as transformers are; skl2onnx knows.
            raise ValueError(
                f"skl2onnx does not convert the {type(transformer).__name__} in a "
                f"{self.estimator_name}: {error} (Graphs read arrays: columns are "
                "chosen by number, not by name. Functions of NumPy are no part of a "
                "graph: apply them before.)"
            ) from error


class SequenceScalerExport(_StepsExport):
    """Of `SequenceScaler`: mean 0 and deviation 1 over a sequence's own steps."""

    def transformed(self, graph, x, lengths):
        """Return the scaled sequences, in float64 as the scaler computes."""
        rows = graph.transposed(graph.cast(x.name, np.float64), 1, 0, 2)
        steps = Steps(graph, rows, None if lengths is None else lengths.name)
        n_steps = graph.op("Unsqueeze", graph.cast(steps.lengths, np.float64), [1])

        def mean_of(values):
            values = steps.filled(values, np.float64(0))
            total = graph.op("ReduceSum", values, [0], keepdims=0)
            return graph.op("Div", total, n_steps)

        centred = graph.op("Sub", rows, mean_of(rows))
        if self.estimator.with_std:
            deviation = graph.op("Sqrt", mean_of(graph.op("Mul", centred, centred)))
            # What is left of a constant after its mean is rounding.
            size = graph.op("Abs", steps.filled(rows, np.float64(0)))
            size = graph.op("ReduceMax", size, [0], keepdims=0)
            tiny = graph.op("Mul", size, np.float64(10 * np.finfo(x.dtype).eps))
            varies = graph.op("Greater", deviation, tiny)
            deviation = graph.op("Where", varies, deviation, np.float64(1))
            centred = graph.op("Div", centred, deviation)
        rows = graph.cast(steps.by_sample(centred), x.dtype)
        return steps_out(rows, x.dtype, x.shape[2], lengths)


class FrameStackerExport(_StepsExport):
    """Of `FrameStacker`: several steps side by side become one."""

    def transformed(self, graph, x, lengths):
        """Return the stacked steps, and fewer of them."""
        n_frames, n_features = int(self.estimator.n_frames), x.shape[2]
        n_steps = graph.op("Shape", x.name, start=1, end=2)
        n_stacked = _divided_up(graph, n_steps, n_frames)
        stop = graph.op("Squeeze", graph.op("Mul", n_stacked, n_frames), [0])
        numbers = graph.op("Range", 0, stop, 1)
        # Behind the end of a sequence, its last step is repeated.
        last = n_steps if lengths is None else lengths.name
        n_samples = graph.op("Shape", x.name, start=0, end=1)
        last = graph.op("Sub", graph.op("Expand", last, n_samples), 1)
        places = graph.op("Min", numbers, graph.op("Unsqueeze", last, [1]))
        rows = graph.op(
            "GatherND", x.name, graph.op("Unsqueeze", places, [2]), batch_dims=1
        )
        width = n_frames * n_features
        shape = graph.joined([n_samples, n_stacked, graph.constant([width])], axis=0)
        rows = graph.op("Reshape", rows, shape)
        if lengths is not None:
            name = _divided_up(graph, lengths.name, n_frames)
            lengths = Tensor(name, np.int64, ("n_samples",))
        return steps_out(rows, x.dtype, width, lengths)


def _divided_up(graph, n, divisor):
    """Division of positive numbers, rounded up."""
    return graph.op("Div", graph.op("Add", n, divisor - 1), divisor)


def _width_and_dtype(model):
    """Columns and dtype of the first output of a converted model."""
    kind = model.graph.output[0].type.tensor_type
    dtype = import_onnx().helper.tensor_dtype_to_np_dtype(kind.elem_type)
    width = kind.shape.dim[1].dim_value if len(kind.shape.dim) > 1 else 0
    return width or "n_features_out", dtype.type
