"""The reference itself: finite differences, hand-computed values, ragged ends."""

import numpy as np
import pytest
from gradient_checks import assert_gradient_matches
from numpy.testing import assert_allclose, assert_array_equal
from reference_cells import CELLS, sigmoid
from reference_layers import (
    arguments_of,
    backward,
    forward,
    packed_offsets,
    random_problem,
)

# Ties, a step where several sequences end at once, and a sequence of one step.
LENGTHS = (6, 4, 4, 3, 1)
SIZES = {"n_features": 3, "hidden_size": 2}

CASES = [
    (cell, argument)
    for cell, description in CELLS.items()
    for argument in (
        "x",
        *description.parameters,
        *(f"{state}_0" for state in description.states),
    )
]


def loss_of(cell, problem, lengths=LENGTHS):
    trace = forward(
        cell, problem["x"], problem["parameters"], problem["initial"], lengths
    )
    loss = np.vdot(problem["d_hidden"], trace.hidden)
    for name, d_state in problem["d_final"].items():
        loss += np.vdot(d_state, trace.final[name])
    return loss


def gradients_of(cell, problem, lengths=LENGTHS):
    trace = forward(
        cell, problem["x"], problem["parameters"], problem["initial"], lengths
    )
    return backward(
        cell, trace, problem["parameters"], problem["d_hidden"], problem["d_final"]
    )


@pytest.mark.parametrize("cell, argument", CASES)
def test_reference_backward_matches_central_difference(cell, argument):
    problem = random_problem(cell, lengths=LENGTHS, **SIZES)
    gradients = gradients_of(cell, problem)
    assert set(gradients) == set(arguments_of(problem))
    assert_gradient_matches(
        gradients[argument],
        lambda: loss_of(cell, problem),
        arguments_of(problem)[argument],
        argument,
        rtol=1e-8,
        atol=1e-11,
    )


@pytest.mark.parametrize("cell", CELLS)
def test_each_sequence_of_a_ragged_batch_is_computed_as_if_alone(cell):
    problem = random_problem(cell, lengths=LENGTHS, **SIZES)
    trace = forward(
        cell, problem["x"], problem["parameters"], problem["initial"], LENGTHS
    )
    offsets = packed_offsets(LENGTHS)
    for b, length in enumerate(LENGTHS):
        rows = offsets[:length] + b
        alone = forward(
            cell,
            problem["x"][rows],
            problem["parameters"],
            {name: state[b : b + 1] for name, state in problem["initial"].items()},
            [length],
        )
        assert_allclose(alone.hidden, trace.hidden[rows], rtol=1e-13)
        assert_array_equal(trace.final["hidden"][b], trace.hidden[rows[-1]])
        for name, state in alone.final.items():
            assert_allclose(state[0], trace.final[name][b], rtol=1e-13)


@pytest.mark.parametrize("cell", CELLS)
def test_gradient_of_a_ragged_batch_is_the_sum_over_its_sequences(cell):
    problem = random_problem(cell, lengths=LENGTHS, **SIZES)
    together = gradients_of(cell, problem)
    offsets = packed_offsets(LENGTHS)
    total = dict.fromkeys(problem["parameters"], 0)
    for b, length in enumerate(LENGTHS):
        rows = offsets[:length] + b
        alone = {
            "x": problem["x"][rows],
            "parameters": problem["parameters"],
            "initial": {k: v[b : b + 1] for k, v in problem["initial"].items()},
            "d_hidden": problem["d_hidden"][rows],
            "d_final": {k: v[b : b + 1] for k, v in problem["d_final"].items()},
        }
        gradients = gradients_of(cell, alone, [length])
        assert_allclose(gradients["x"], together["x"][rows], rtol=1e-11)
        total = {name: total[name] + gradients[name] for name in total}
    for name, gradient in total.items():
        assert_allclose(gradient, together[name], rtol=1e-11, atol=1e-13)


def test_lstm_step_equals_a_value_computed_by_hand():
    # Gates far in saturation, one at a time: i = f = o = 1 but for s(0) = 1/2.
    parameters = {
        "weight_ih": np.array([[0.0], [0.0], [1.0], [0.0]]),
        "weight_hh": np.zeros((4, 1)),
        "bias": np.array([50.0, 0.0, 0.0, 50.0]),
    }
    initial = {"hidden": np.array([[9.0]]), "cell": np.array([[0.5]])}
    trace = forward("lstm", np.array([[0.3]]), parameters, initial, [1])
    cell = 0.5 * 0.5 + np.tanh(0.3)
    assert_allclose(trace.final["cell"], [[cell]], rtol=1e-14)
    assert_allclose(trace.final["hidden"], [[np.tanh(cell)]], rtol=1e-14)


@pytest.mark.parametrize("cell", ["gru", "gru_reset_after"])
def test_gru_update_gate_of_zero_keeps_and_of_one_replaces(cell):
    parameters = {
        "weight_ih": np.array([[0.0], [0.0], [1.0]]),
        "weight_hh": np.zeros((3, 1)),
        "bias": np.zeros(3),
        "bias_hh": np.zeros(1),
    }
    initial = {"hidden": np.array([[0.7]])}
    for update_bias, expected in [(-800.0, 0.7), (800.0, np.tanh(0.3))]:
        parameters["bias"][1] = update_bias
        trace = forward(cell, np.array([[0.3]]), parameters, initial, [1])
        assert_allclose(trace.hidden, [[expected]], rtol=1e-14)


def test_gru_forms_differ_only_where_the_reset_gate_acts():
    problem = random_problem("gru_reset_after", lengths=[1], **SIZES)
    parameters = dict(problem["parameters"], bias_hh=np.zeros(2))
    parameters["bias"] = parameters["bias"].copy()
    arguments = (problem["x"], parameters, problem["initial"], [1])
    assert not np.allclose(
        forward("gru", *arguments).hidden,
        forward("gru_reset_after", *arguments).hidden,
    )
    parameters["bias"][:2] = 800.0  # r = 1: resetting before or after is the same
    assert_allclose(
        forward("gru", *arguments).hidden,
        forward("gru_reset_after", *arguments).hidden,
        rtol=1e-14,
    )


def test_sigmoid_neither_overflows_nor_hides_nan():
    z = np.array([-800.0, 0.0, 800.0, np.nan])
    with np.errstate(all="raise"):
        assert_array_equal(sigmoid(z), [0.0, 0.5, 1.0, np.nan])


def test_packed_offsets_refuses_an_unsorted_batch():
    with pytest.raises(ValueError, match="longest first"):
        packed_offsets([2, 3])
    assert_array_equal(packed_offsets([3, 2, 2]), [0, 3, 6, 7])
    assert_array_equal(packed_offsets([]), [0])


# The checker is a judge: it must also condemn.


@pytest.mark.parametrize(
    "spoil, message",
    [
        (lambda gradient: 0 * gradient, "all elements are zero"),
        (lambda gradient: -gradient, "sign is wrong"),
        (lambda gradient: gradient * [[1.0, 1.0001]], r"wrong columns 1\)"),
        (lambda gradient: gradient * [[1.0], [np.nan]], "2 elements are NaN"),
        (lambda gradient: gradient.T[:1], "shape"),
    ],
)
def test_gradient_check_refuses_a_wrong_gradient(spoil, message):
    x = np.array([[0.5, -1.0], [2.0, 3.0]])
    with pytest.raises(AssertionError, match=message):
        assert_gradient_matches(spoil(3 * x**2), lambda: (x**3).sum(), x, "x")
    assert_gradient_matches(3 * x**2, lambda: (x**3).sum(), x, "x")


def test_gradient_check_refuses_a_loss_that_ignores_the_argument():
    x = np.ones((2, 2))
    with pytest.raises(AssertionError, match="does not depend on x"):
        assert_gradient_matches(np.zeros((2, 2)), lambda: 1.0, x, "x")
