"""Attention with its projections: gradients of everything, PyTorch, packed batches."""

import numpy as np
import pytest
from gradient_checks import assert_gradient_matches
from numpy.testing import assert_allclose, assert_array_equal

from sklstm._kernels import kernels_for
from sklstm.network.attention import ATTENTIONS, Attention, Places, pair_batches
from sklstm.network.memory import Workspace
from sklstm.network.projection import Projection, whole_rows
from sklstm.sequences import Sequences
from sklstm.sequences.packing import pack_batch

QUERY_LENGTHS = [3, 1, 5, 5, 2]
MEMORY_LENGTHS = [4, 7, 1, 4, 6]
QUERY_SIZE, MEMORY_SIZE = 7, 11


def sequences_of(rng, lengths, size, dtype):
    values = rng.normal(size=(sum(lengths), size)).astype(dtype)
    return Sequences(values, lengths)


class Problem:
    """Decoder and encoder states of five samples, and attention between them."""

    def __init__(self, kind, dtype=np.float64, n_samples=5, additive_size=5):
        self.dtype, self.kernels = np.dtype(dtype), kernels_for(dtype)
        rng = np.random.default_rng(0)
        query_size = MEMORY_SIZE if kind == "dot" else QUERY_SIZE
        self.attention = Attention(
            kind, query_size, MEMORY_SIZE, dtype, self.kernels,
            additive_size=additive_size,
        )  # fmt: skip
        self.queries = sequences_of(rng, QUERY_LENGTHS, query_size, dtype)
        self.memory = sequences_of(rng, MEMORY_LENGTHS, MEMORY_SIZE, dtype)
        self.parameters = {
            name: rng.normal(size=shape).astype(dtype)
            for name, shape in self.attention.parameter_shapes.items()
        }
        self.samples = np.arange(n_samples)
        n_rows = len(self.queries.values)
        self.d_context = rng.normal(size=(n_rows, MEMORY_SIZE)).astype(dtype)

    def pack(self):
        """The two batches, and packed hidden states in whole registers."""
        workspace = Workspace(self.dtype)
        batches = [
            pack_batch(sequences, self.samples)
            for sequences in (self.queries, self.memory)
        ]
        rows = [
            whole_rows(batch.inputs, batch.inputs.shape[1], self.kernels, workspace, k)
            for k, batch in enumerate(batches)
        ]
        return batches, rows

    def run(self, n_threads=1):
        """Contexts and weights in the order of the samples, and the gradients."""
        (queries, memory), (hidden, states) = self.pack()
        workspace, attention = Workspace(self.dtype), self.attention
        packed = attention.pack_forward(self.parameters, workspace)
        keys = attention.project_memory(states, packed, workspace, n_threads)
        context, trace = attention.forward(
            hidden, states, keys, pair_batches(queries, memory), packed, workspace,
            n_threads,
        )  # fmt: skip
        found = np.zeros_like(self.d_context)
        found[queries.row_source] = context[:, :MEMORY_SIZE]
        weights = np.zeros((len(found), 9), dtype=self.dtype)
        weights[queries.row_source, : trace.weights.shape[1]] = trace.weights
        gradients = {name: np.empty_like(a) for name, a in self.parameters.items()}
        d_context = np.zeros_like(context)
        d_context[:, :MEMORY_SIZE] = self.d_context[queries.row_source]
        d_hidden, d_memory = attention.backward(
            trace, d_context, self.parameters, gradients, workspace, n_threads
        )
        for name, batch, rows in (
            ("queries", queries, d_hidden),
            ("memory", memory, d_memory),
        ):
            values = getattr(self, name).values
            gradients[name] = np.zeros_like(values)
            gradients[name][batch.row_source] = rows[:, : values.shape[1]]
        return found, weights, gradients


@pytest.mark.parametrize("kind", ATTENTIONS)
def test_gradients_equal_finite_differences(kind):
    problem = Problem(kind)
    *_, gradients = problem.run()
    arrays = problem.parameters | {
        "queries": problem.queries.values,
        "memory": problem.memory.values,
    }
    assert arrays.keys() == gradients.keys()
    for name, array in arrays.items():
        assert_gradient_matches(
            gradients[name],
            lambda: (problem.run()[0] * problem.d_context).sum(),
            array,
            name,
        )


@pytest.mark.parametrize("kind", ATTENTIONS)
def test_contexts_weights_and_gradients_equal_torch(kind, isa, dtype):
    torch = pytest.importorskip("torch")
    problem = Problem(kind, dtype)
    found, weights, gradients = problem.run()
    leaves = {
        name: torch.tensor(array.astype(np.float64), requires_grad=True)
        for name, array in problem.parameters.items()
    }
    leaves["queries"], leaves["memory"] = (
        torch.tensor(sequences.values.astype(np.float64), requires_grad=True)
        for sequences in (problem.queries, problem.memory)
    )
    parts = zip(
        leaves["queries"].split(QUERY_LENGTHS),
        leaves["memory"].split(MEMORY_LENGTHS),
        strict=True,
    )
    contexts, tolerance = [], 2e-5 if dtype == np.float32 else 1e-12
    for (queries, memory), start in zip(
        parts, np.cumsum([0, *QUERY_LENGTHS]), strict=False
    ):
        if kind == "additive":
            keys = memory @ leaves["weight_memory"].T
            projected = queries @ leaves["weight_query"].T + leaves["bias"]
            scores = (projected[:, None] + keys).tanh() @ leaves["weight_score"]
        elif kind == "general":
            scores = queries @ leaves["weight_query"].T @ memory.T
        else:
            scores = queries @ memory.T
        looks = scores.softmax(1)
        rows = slice(start, start + len(queries))
        assert_allclose(
            weights[rows, : len(memory)], looks.detach(), rtol=0, atol=tolerance
        )
        contexts.append(looks @ memory)
    context = torch.cat(contexts)
    assert_allclose(found, context.detach(), rtol=0, atol=tolerance)
    (context * torch.tensor(problem.d_context)).sum().backward()
    for name, leaf in leaves.items():
        scale = max(1.0, float(leaf.grad.abs().max()))
        assert_allclose(
            gradients[name], leaf.grad, rtol=0, atol=10 * tolerance * scale,
            err_msg=name,
        )  # fmt: skip


@pytest.mark.parametrize("kind", ATTENTIONS)
def test_a_sample_has_the_same_contexts_alone(kind, dtype):
    problem = Problem(kind, dtype)
    found, weights, _ = problem.run()
    starts = np.cumsum([0, *QUERY_LENGTHS])
    for sample in range(len(QUERY_LENGTHS)):
        problem.samples = np.array([sample])
        alone, looks, _ = problem.run()
        rows = slice(starts[sample], starts[sample + 1])
        assert_array_equal(alone[rows], found[rows])
        assert_array_equal(looks[rows], weights[rows])


@pytest.mark.parametrize("kind", ATTENTIONS)
def test_two_threads_change_no_bit(kind, dtype):
    problem = Problem(kind, dtype)
    one, two = problem.run(), problem.run(n_threads=2)
    for k in range(2):
        assert_array_equal(one[k], two[k])
    for name, gradient in one[2].items():
        assert_array_equal(gradient, two[2][name], err_msg=name)


def test_batches_are_paired_by_the_numbers_of_the_samples():
    rng = np.random.default_rng(1)
    samples = np.array([7, 2, 4, 9])
    queries = sequences_of(rng, rng.integers(1, 5, size=10), 1, np.float64)
    memory = sequences_of(rng, rng.integers(1, 5, size=10), 1, np.float64)
    first, second = pack_batch(queries, samples), pack_batch(memory, samples[::-1])
    places = pair_batches(first, second)
    assert_array_equal(second.index[places.memory_place], first.index)
    assert isinstance(places, Places)


def test_dot_needs_states_of_one_size_and_says_so():
    with pytest.raises(ValueError, match=r"of size 4.*of size 6.*'general'"):
        Attention("dot", 4, 6, np.float32, kernels_for(np.float32))


def test_unknown_attention_is_refused_with_the_choices():
    with pytest.raises(ValueError, match=r"dot.*general.*additive.*got 'luong'"):
        Attention("luong", 4, 4, np.float32, kernels_for(np.float32))


def test_projection_of_two_inputs_equals_its_definition_and_differences(isa):
    rng = np.random.default_rng(2)
    kernels, sizes = kernels_for(np.float64), {"weight_a": 5, "weight_b": 9}
    projection = Projection("mix", sizes, 6, np.float64, kernels)
    parameters = {
        name: rng.normal(size=shape)
        for name, shape in projection.parameter_shapes.items()
    }
    inputs = {name: rng.normal(size=(8, size + 3)) for name, size in sizes.items()}
    d_output = np.zeros((8, projection.stride))
    d_output[:, :6] = rng.normal(size=(8, 6))
    workspace = Workspace(np.float64)

    def forward():
        packed = projection.pack_forward(parameters, workspace)
        return projection.forward(inputs, packed, workspace, 1)

    wanted = parameters["bias"] + sum(
        inputs[name][:, :size] @ parameters[name].T for name, size in sizes.items()
    )
    found = forward()
    assert_allclose(found[:, :6], wanted, rtol=1e-12)
    assert not found[:, 6:].any()
    gradients = {name: np.full_like(a, np.nan) for name, a in parameters.items()}
    d_inputs = projection.backward(
        inputs, d_output, parameters, gradients, workspace, 1
    )
    for name, array in parameters.items():
        assert_gradient_matches(
            gradients[name], lambda: (forward() * d_output).sum(), array, name
        )
    for name, size in sizes.items():
        part = np.zeros_like(inputs[name])
        part[:, :size] = d_inputs[name][:, :size]
        assert_gradient_matches(
            part, lambda: (forward() * d_output).sum(), inputs[name], name
        )
