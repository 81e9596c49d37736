"""The reference itself: finite differences, definitions, ragged ends."""

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
    random_options,
    random_problem,
)
from reference_network import hidden_states

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

LSTMS = [cell for cell, description in CELLS.items() if "cell" in description.states]
OPTIONS = ("reverse", "recurrent_mask", "zoneout")


def option_cases():
    """Every cell with all of its options, and with all but one of them.

    Together with the plain cells every pair of options is met on, off, and one
    without the other.
    """
    for cell in CELLS:
        options = ("projection", *OPTIONS) if cell in LSTMS else OPTIONS
        for left_out in (None, *options):
            kept = tuple(option for option in options if option != left_out)
            yield pytest.param(cell, kept, id=f"{cell}-{'-'.join(kept)}")


def problem_with(cell, options, *, lengths=LENGTHS, binary=False):
    """A problem, and the keyword arguments of `forward` for these options."""
    problem = random_problem(
        cell,
        lengths=lengths,
        projection_size=4 if "projection" in options else None,
        seed=1,  # brings no unit of rnn_relu near its kink, where differences fail
        **SIZES,
    )
    names = [name for name in options if name != "projection"]
    return problem, random_options(problem, names, binary=binary)


def trace_of(cell, problem, lengths=LENGTHS, **options):
    arguments = problem["x"], problem["parameters"], problem["initial"], lengths
    return forward(cell, *arguments, **options)


def loss_of(cell, problem, lengths=LENGTHS, **options):
    trace = trace_of(cell, problem, lengths, **options)
    loss = np.vdot(problem["d_hidden"], trace.hidden)
    for name, d_state in problem["d_final"].items():
        loss += np.vdot(d_state, trace.final[name])
    return loss


def gradients_of(cell, problem, lengths=LENGTHS, **options):
    trace = trace_of(cell, problem, lengths, **options)
    return backward(
        cell, trace, problem["parameters"], problem["d_hidden"], problem["d_final"]
    )


def assert_same_states(trace, expected, *, exact=False):
    tolerances = {"rtol": 0, "atol": 0} if exact else {"rtol": 1e-12, "atol": 1e-14}
    assert_allclose(trace.hidden, expected.hidden, **tolerances)
    for name, state in expected.final.items():
        assert_allclose(trace.final[name], state, **tolerances)


def assert_exact_gradients(cell, problem, **options):
    gradients = gradients_of(cell, problem, **options)
    arguments = arguments_of(problem)
    assert set(gradients) == set(arguments)
    for name, array in arguments.items():
        assert_gradient_matches(
            gradients[name],
            lambda: loss_of(cell, problem, **options),
            array,
            name,
            rtol=1e-8,
            atol=1e-11,
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


@pytest.mark.parametrize("cell, options", list(option_cases()))
def test_backward_with_options_matches_central_difference(cell, options):
    problem, options = problem_with(cell, options)
    assert_exact_gradients(cell, problem, **options)


@pytest.mark.parametrize("cell", CELLS)
def test_backward_with_masks_of_zero_and_one_matches_central_difference(cell):
    options = (*OPTIONS, "projection") if cell in LSTMS else OPTIONS
    problem, options = problem_with(cell, options, binary=True)
    for array in (options["recurrent_mask"], *options["zoneout"].values()):
        assert len(np.unique(array)) == 2
    assert_exact_gradients(cell, problem, **options)


def one_sequence(problem, options, b, rows):
    """The part of a problem, and of its options, that concerns one sequence."""
    alone = dict(problem, x=problem["x"][rows], d_hidden=problem["d_hidden"][rows])
    for key in ("initial", "d_final"):
        alone[key] = {name: state[b : b + 1] for name, state in problem[key].items()}
    own = dict(options)
    if "recurrent_mask" in options:
        own["recurrent_mask"] = options["recurrent_mask"][b : b + 1]
    if "zoneout" in options:
        own["zoneout"] = {name: k[rows] for name, k in options["zoneout"].items()}
    return alone, own


@pytest.mark.parametrize("options", [(), OPTIONS], ids=["plain", "options"])
@pytest.mark.parametrize("cell", CELLS)
def test_each_sequence_of_a_ragged_batch_is_computed_as_if_alone(cell, options):
    problem, options = problem_with(cell, options)
    trace = trace_of(cell, problem, **options)
    offsets = packed_offsets(LENGTHS)
    for b, length in enumerate(LENGTHS):
        rows = offsets[:length] + b
        alone, own = one_sequence(problem, options, b, rows)
        alone = trace_of(cell, alone, [length], **own)
        assert_allclose(alone.hidden, trace.hidden[rows], rtol=1e-13, atol=1e-14)
        last = rows[0] if options else rows[-1]
        assert_array_equal(trace.final["hidden"][b], trace.hidden[last])
        for name, state in alone.final.items():
            assert_allclose(state[0], trace.final[name][b], rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("options", [(), OPTIONS], ids=["plain", "options"])
@pytest.mark.parametrize("cell", CELLS)
def test_gradient_of_a_ragged_batch_is_the_sum_over_its_sequences(cell, options):
    problem, options = problem_with(cell, options)
    together = gradients_of(cell, problem, **options)
    offsets = packed_offsets(LENGTHS)
    total = dict.fromkeys(problem["parameters"], 0)
    for b, length in enumerate(LENGTHS):
        rows = offsets[:length] + b
        alone, own = one_sequence(problem, options, b, rows)
        gradients = gradients_of(cell, alone, [length], **own)
        assert_allclose(gradients["x"], together["x"][rows], rtol=1e-11, atol=1e-13)
        total = {name: total[name] + gradients[name] for name in total}
    for name, gradient in total.items():
        assert_allclose(gradient, together[name], rtol=1e-11, atol=1e-13)


# Options, from their definitions ----


@pytest.mark.parametrize("cell", CELLS)
def test_reversed_pass_is_the_forward_pass_over_each_sequence_flipped(cell):
    problem, options = problem_with(cell, OPTIONS)
    offsets = packed_offsets(LENGTHS)
    flipped = np.empty(offsets[-1], dtype=np.intp)
    for b, length in enumerate(LENGTHS):
        rows = offsets[:length] + b
        flipped[rows] = rows[::-1]
    trace = trace_of(cell, problem, **options)
    options["zoneout"] = {name: k[flipped] for name, k in options["zoneout"].items()}
    options["reverse"] = False
    there = trace_of(cell, dict(problem, x=problem["x"][flipped]), **options)
    assert_same_states(trace, there._replace(hidden=there.hidden[flipped]))


@pytest.mark.parametrize("cell", CELLS)
def test_mask_of_a_sequence_acts_as_if_on_the_columns_of_its_recurrent_weights(cell):
    problem, options = problem_with(cell, ["recurrent_mask"], lengths=[5])
    mask = options["recurrent_mask"]
    mask[0, 0] = 0
    parameters = dict(problem["parameters"])
    parameters["weight_hh"] = parameters["weight_hh"] * mask
    assert_same_states(
        trace_of(cell, problem, [5], recurrent_mask=mask),
        trace_of(cell, dict(problem, parameters=parameters), [5]),
    )


@pytest.mark.parametrize("cell", CELLS)
def test_zoneout_mixes_the_states_of_a_plain_step_with_the_previous_ones(cell):
    problem, options = problem_with(cell, ["zoneout"], lengths=[1, 1])
    plain = trace_of(cell, problem, [1, 1])
    mixed = trace_of(cell, problem, [1, 1], **options)
    for name, new in plain.final.items():
        k = options["zoneout"][name]
        expected = k * problem["initial"][name] + (1 - k) * new
        assert_allclose(mixed.final[name], expected, rtol=1e-14)
    assert_array_equal(mixed.hidden, mixed.final["hidden"])


@pytest.mark.parametrize("cell", CELLS)
def test_zoneout_of_one_keeps_the_initial_states(cell):
    problem, options = problem_with(cell, ["zoneout"])
    ones = {name: np.ones_like(k) for name, k in options["zoneout"].items()}
    trace = trace_of(cell, problem, zoneout=ones)
    for name, state in problem["initial"].items():
        assert_array_equal(trace.final[name], state)


@pytest.mark.parametrize("cell", CELLS)
def test_mask_of_ones_and_zoneout_of_zeros_change_nothing(cell):
    problem, options = problem_with(cell, OPTIONS)
    zeros = {name: np.zeros_like(k) for name, k in options["zoneout"].items()}
    ones = np.ones_like(options["recurrent_mask"])
    assert_same_states(
        trace_of(cell, problem, recurrent_mask=ones, zoneout=zeros),
        trace_of(cell, problem),
        exact=True,
    )


# Hand-computed values and identities of the cells ----


def without(problem, *names):
    """The problem of a cell that does not have these parameters."""
    kept = {k: v for k, v in problem["parameters"].items() if k not in names}
    return dict(problem, parameters=kept)


@pytest.mark.parametrize("cell", ["lstm", "lstm_coupled"])
def test_zero_peepholes_equal_the_plain_lstm(cell):
    problem = random_problem(f"{cell}_peephole", lengths=LENGTHS, **SIZES)
    problem["parameters"]["peephole"][...] = 0
    assert_same_states(
        trace_of(f"{cell}_peephole", problem),
        trace_of(cell, without(problem, "peephole")),
        exact=True,
    )


@pytest.mark.parametrize("suffix", ["", "_peephole"])
def test_coupled_gates_equal_a_forget_gate_with_the_input_gate_negated(suffix):
    coupled = random_problem(f"lstm_coupled{suffix}", lengths=LENGTHS, **SIZES)
    parameters = {}
    for name, array in coupled["parameters"].items():
        i, *others = np.split(array, 2 if name == "peephole" else 3)
        parameters[name] = np.concatenate([i, -i, *others])  # s(-z) = 1 - s(z)
    assert_same_states(
        trace_of(f"lstm_coupled{suffix}", coupled),
        trace_of(f"lstm{suffix}", dict(coupled, parameters=parameters)),
    )


@pytest.mark.parametrize("cell", LSTMS)
def test_identity_projection_equals_no_projection(cell):
    problem = random_problem(cell, lengths=LENGTHS, projection_size=2, **SIZES)
    problem["parameters"]["projection"] = np.eye(2)
    assert_same_states(
        trace_of(cell, problem),
        trace_of(cell, without(problem, "projection")),
    )


@pytest.mark.parametrize("cell", LSTMS)
def test_projection_equals_recurrent_weights_times_projection(cell):
    projected, _ = problem_with(cell, ["projection"])
    plain = dict(random_problem(cell, lengths=LENGTHS, **SIZES), x=projected["x"])
    plain["parameters"] = dict(projected["parameters"])
    projection = plain["parameters"].pop("projection")
    plain["parameters"]["weight_hh"] = plain["parameters"]["weight_hh"] @ projection
    initial = plain["initial"]
    projected["initial"] = dict(initial, hidden=initial["hidden"] @ projection.T)
    expected = trace_of(cell, plain)
    final = dict(expected.final, hidden=expected.final["hidden"] @ projection.T)
    assert_same_states(
        trace_of(cell, projected),
        expected._replace(hidden=expected.hidden @ projection.T, final=final),
    )


def test_only_an_lstm_has_a_projection():
    with pytest.raises(ValueError, match="not gru"):
        random_problem("gru", lengths=LENGTHS, projection_size=2, **SIZES)


@pytest.mark.parametrize("coupled", [False, True])
def test_peepholes_of_i_and_f_see_the_old_cell_state_and_that_of_o_the_new(coupled):
    cell = "lstm_coupled_peephole" if coupled else "lstm_peephole"
    n_gates = 3 if coupled else 4
    parameters = {
        "weight_ih": np.eye(n_gates)[:, -2:-1],  # the input reaches g only
        "weight_hh": np.zeros((n_gates, 1)),
        "bias": np.zeros(n_gates),
        "peephole": np.array([[2.0], [-5.0]] if coupled else [[2.0], [3.0], [-5.0]]),
    }
    initial = {"hidden": np.array([[9.0]]), "cell": np.array([[0.5]])}
    trace = forward(cell, np.array([[0.3]]), parameters, initial, [1])
    i = sigmoid(2.0 * 0.5)
    f = 1 - i if coupled else sigmoid(3.0 * 0.5)
    c = f * 0.5 + i * np.tanh(0.3)
    assert_allclose(trace.final["cell"], [[c]], rtol=1e-14)
    expected = sigmoid(-5.0 * c) * np.tanh(c)
    assert_allclose(trace.final["hidden"], [[expected]], rtol=1e-14)


def test_network_of_projected_layers_starts_from_states_of_their_sizes():
    problem, _ = problem_with("lstm_peephole", ["projection"], lengths=[4])
    problem["initial"] = {"hidden": np.zeros((1, 4)), "cell": np.zeros((1, 2))}
    layers = [[problem["parameters"]]]
    assert_array_equal(
        hidden_states("lstm_peephole", layers, problem["x"])[0],
        trace_of("lstm_peephole", problem, [4]).hidden,
    )


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
