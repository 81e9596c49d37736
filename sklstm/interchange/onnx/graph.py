"""Builds ONNX graphs: an operator is one call, and what it returns are names."""

from itertools import count
from typing import NamedTuple

import numpy as np

__all__ = ["END", "OPSETS", "GraphBuilder", "Tensor", "checked_opset", "import_onnx"]

# Versions of the operators that the graphs are valid in. Up to 21 the recurrent
# operators are those of version 14, which all runtimes have; from 18 on the reductions
# take their axes as inputs.
OPSETS = range(18, 22)

# Where a slice ends that goes on to the end.
END = np.iinfo(np.int64).max

# Constants up to this size are looked up before they are stored once more.
_SMALL = 64


class Tensor(NamedTuple):
    """An input or an output of a graph.

    Attributes
    ----------
    name : str
    dtype : dtype-like
        ``str`` for strings.
    shape : tuple of int or str
        Axes of any length by their names.
    value : str, default=""
        Of an output, what it is in the graph.
    """

    name: str
    dtype: object
    shape: tuple
    value: str = ""


def import_onnx():
    """Return the module ``onnx``, or say how to install it."""
    try:
        import onnx
    except ImportError as error:
        raise ImportError(
            "ONNX graphs are made with the package onnx, which is not installed: "
            "pip install 'sklstm[onnx]'"
        ) from error
    return onnx


def checked_opset(opset):
    """Return the version of the operators, or raise."""
    if opset not in OPSETS:
        raise ValueError(
            f"opset must be one of {list(OPSETS)}, got {opset!r}: the graphs use what "
            "these versions of ONNX's operators have in common."
        )
    return int(opset)


class GraphBuilder:
    """Collects the nodes and constants of a graph.

    Parameters
    ----------
    opset : int
        Version of the operators.
    prefix : str, default=""
        Begins all names.

    Attributes
    ----------
    nodes, initializers : list
        What there is so far.
    domains : dict of str to int
        Versions of operators of other domains than ONNX's own.
    """

    def __init__(self, opset, prefix=""):
        self.onnx, self.opset = import_onnx(), opset
        self.nodes, self.initializers, self.domains = [], [], {}
        self._prefix, self._numbers = prefix, count()
        self._constants = {}

    # ---- nodes ---------------------------------------------------------------------

    def name(self, what):
        """Return a name that nothing else has."""
        return f"{self._prefix}{what.lower()}_{next(self._numbers)}"

    def op(self, op_type, *inputs, n_outputs=1, **attributes):
        """Add a node.

        Parameters
        ----------
        op_type : str
        *inputs : str, array-like or number
            Names; everything else becomes a constant: numbers and lists of ints of
            int64, arrays of their dtype.
        n_outputs : int, default=1
        **attributes

        Returns
        -------
        output : str, or list of str
        """
        inputs = [x if isinstance(x, str) else self.constant(x) for x in inputs]
        outputs = [self.name(op_type) for _ in range(n_outputs)]
        self.nodes.append(
            self.onnx.helper.make_node(
                op_type, inputs, outputs, name=outputs[0], **attributes
            )
        )
        return outputs[0] if n_outputs == 1 else outputs

    def constant(self, value):
        """Return the name of a constant."""
        array = np.asarray(value)
        if array.dtype.kind in "OUS":  # texts
            return self._stored(array.astype(object))
        if array.size > _SMALL:
            return self._stored(array)
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._constants:
            self._constants[key] = self._stored(array)
        return self._constants[key]

    def _stored(self, array):
        name = self.name("constant")
        tensor = self.onnx.numpy_helper.from_array(np.array(array, order="C"), name)
        self.initializers.append(tensor)
        return name

    def cast(self, x, dtype):
        """Add a conversion."""
        return self.op("Cast", x, to=self._element(dtype))

    def transposed(self, x, *order):
        """Add a permutation of the axes."""
        return self.op("Transpose", x, perm=list(order))

    def joined(self, parts, axis):
        """Put parts side by side."""
        parts = list(parts)
        return parts[0] if len(parts) == 1 else self.op("Concat", *parts, axis=axis)

    def columns(self, x, start, stop, axis=-1):
        """Take a slice of the last, or of another, axis."""
        return self.op("Slice", x, [start], [stop], [axis])

    def affine(self, x, weight, bias=None):
        """Add ``x @ weight.T + bias``; x may have any number of axes."""
        product = self.op("MatMul", x, np.asarray(weight, dtype=np.float32).T)
        if bias is None:
            return product
        return self.op("Add", product, np.asarray(bias, dtype=np.float32))

    def scan(self, body, initial, sequences, outputs, *, backward=False):
        """Add a loop over the first axis.

        Parameters
        ----------
        body : GraphBuilder
            From `body`; its inputs are named ``state_0``, ... and ``step_0``, ...
        initial : list of Tensor
            States to start from, of the dtype and shape they have in the body.
        sequences : list of Tensor
            What is read, by their names; dtype and shape are those of one step.
        outputs : tuple of (list of str, list of Tensor)
            Of the body: the next states, and what is handed out at every step.
        backward : bool, default=False
            Whether to begin with the last step. What is handed out stands where the
            step was.

        Returns
        -------
        results : list of str
            Last states, and one array for all that is handed out.
        """
        helper = self.onnx.helper
        states, handed_out = outputs
        inputs = [
            helper.make_tensor_value_info(name, self._element(x.dtype), x.shape)
            for kind, tensors in (("state", initial), ("step", sequences))
            for k, x in enumerate(tensors)
            for name in [body.inner(kind, k)]
        ]
        states = [
            tensor._replace(value=name)
            for tensor, name in zip(initial, states, strict=True)
        ]
        # An output needs a name of its own, and must not be an input.
        final = [
            helper.make_tensor_value_info(
                body.op("Identity", x.value), self._element(x.dtype), x.shape
            )
            for x in (*states, *handed_out)
        ]
        graph = helper.make_graph(
            body.nodes, self.name("body"), inputs, final, body.initializers
        )
        directions = [int(backward)]
        results = self.op(
            "Scan", *(x.name for x in (*initial, *sequences)), n_outputs=len(final),
            body=graph, num_scan_inputs=len(sequences),
            scan_input_directions=directions * len(sequences),
            scan_output_directions=directions * len(handed_out),
        )  # fmt: skip
        return [results] if len(final) == 1 else results

    def body(self):
        """Return a builder for the body of a loop, which uses nothing from outside."""
        return GraphBuilder(self.opset, self.name("body") + "_")

    def inner(self, kind, k):
        """Return the name of an input of a body: of a "state" or of a "step"."""
        return f"{self._prefix}{kind}_{k}"

    def inline(self, model, inputs):
        """Add all nodes of another model.

        Parameters
        ----------
        model : onnx.ModelProto
        inputs : list of str
            Names of what it reads, in the order of its inputs.

        Returns
        -------
        outputs : list of str
        """
        model = self.onnx.compose.add_prefix(model, self.name("inlined") + "_")
        for name, info in zip(inputs, model.graph.input, strict=True):
            self.nodes.append(
                self.onnx.helper.make_node("Identity", [name], [info.name])
            )
        self.nodes.extend(model.graph.node)
        self.initializers.extend(model.graph.initializer)
        self.domains |= {
            one.domain: one.version for one in model.opset_import if one.domain
        }
        return [info.name for info in model.graph.output]

    # ---- the whole -----------------------------------------------------------------

    def model(self, name, inputs, outputs, *, metadata, doc_string=""):
        """Return the graph as a model, checked.

        Parameters
        ----------
        name : str
        inputs, outputs : list of Tensor
        metadata : dict of str to str
        doc_string : str, default=""

        Returns
        -------
        model : onnx.ModelProto
        """
        helper = self.onnx.helper
        self.add_outputs(outputs, [tensor.name for tensor in outputs])
        graph = helper.make_graph(
            self.nodes, name, [self._info(x) for x in inputs],
            [self._info(x) for x in outputs], self.initializers,
        )  # fmt: skip
        versions = {"": self.opset} | self.domains
        opsets = [helper.make_opsetid(*one) for one in versions.items()]
        model = helper.make_model(
            graph, opset_imports=opsets, doc_string=doc_string,
            ir_version=helper.find_min_ir_version_for(opsets),
        )  # fmt: skip
        helper.set_model_props(model, metadata)
        self.onnx.checker.check_model(model, full_check=True)
        return model

    def add_outputs(self, outputs, names):
        """Give what is handed out the names it is to have.

        Parameters
        ----------
        outputs : list of Tensor
        names : list of str
        """
        for tensor, name in zip(outputs, names, strict=True):
            node = self.onnx.helper.make_node("Identity", [tensor.value], [name])
            self.nodes.append(node)

    def _info(self, tensor):
        return self.onnx.helper.make_tensor_value_info(
            tensor.name, self._element(tensor.dtype), tensor.shape
        )

    def _element(self, dtype):
        if dtype is str:
            return self.onnx.TensorProto.STRING
        return self.onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
