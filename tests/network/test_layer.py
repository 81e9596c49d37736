"""One recurrent layer: gradients, equality with the reference, bits, hard cases."""

import numpy as np
import pytest
from gradient_checks import assert_gradient_matches
from layer_passes import (
    CELLS,
    assert_passes_close,
    assert_passes_equal,
    cast,
    layer_pass,
    packed,
    reference_pass,
)
from numpy.testing import assert_array_equal
from reference_layers import arguments_of, packed_offsets, random_problem

from sklstm import _kernels
from sklstm.sequences import Sequences
from sklstm.sequences.packing import pack_batch

# Of the largest entry; the sums have up to a few hundred terms.
TOLERANCE = {np.float32: 2e-6, np.float64: 3e-15}

RAGGED = (6, 4, 4, 3, 1)
CASES = [
    (cell, argument)
    for cell, description in CELLS.items()
    for argument in (
        "x",
        *description.parameters,
        *(f"{state}_0" for state in description.states),
    )
]


def random_lengths(n_samples, longest=6, seed=0):
    """Lengths in batch order, ties among them, the longest and 1 present."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, longest + 1, size=n_samples)
    lengths[0], lengths[-1] = longest, 1 if n_samples > 1 else longest
    return np.sort(lengths)[::-1]


def vector_sizes(kernels):
    lanes = kernels.lanes()
    return sorted(
        {1, max(1, lanes - 1), lanes, lanes + 1, 2 * lanes + 3, 4 * lanes + 1}
    )


# Gradients ----


@pytest.mark.parametrize("cell, argument", CASES)
def test_backward_matches_central_difference(isa, cell, argument):
    problem = random_problem(cell, lengths=RAGGED, n_features=3, hidden_size=5, seed=1)

    def loss():
        result = layer_pass(cell, problem, RAGGED, gradients=False)
        total = np.vdot(problem["d_hidden"], result.hidden)
        return total + sum(
            np.vdot(problem["d_final"][name], result.final[name])
            for name in result.final
        )

    gradients = layer_pass(cell, problem, RAGGED).gradients
    array = arguments_of(problem)[argument]
    assert_gradient_matches(gradients[argument], loss, array, argument)


# Equality with the reference ----


@pytest.mark.parametrize("cell", CELLS)
def test_layer_equals_reference_around_the_vector_length(kernels, dtype, cell):
    lengths = (5, 4, 4, 2, 1)
    for hidden_size in vector_sizes(kernels):
        for n_features in (1, 7, kernels.lanes() + 1):
            sizes = {"n_features": n_features, "hidden_size": hidden_size}
            scale = 1 / np.sqrt(max(hidden_size, 4))
            problem = random_problem(cell, lengths=lengths, scale=scale, **sizes)
            problem = cast(problem, dtype)
            assert_passes_close(
                layer_pass(cell, problem, lengths),
                reference_pass(cell, problem, lengths),
                10 * TOLERANCE[dtype],
                str(sizes),
            )


@pytest.mark.parametrize("cell", CELLS)
def test_layer_equals_reference_at_every_tile_height(kernels, dtype, cell):
    tile_rows = kernels.tile_rows()
    for n_samples in [*range(1, 2 * tile_rows + 2), 48, 49, 50]:
        lengths = random_lengths(n_samples, seed=n_samples)
        problem = random_problem(cell, lengths=lengths, n_features=2, hidden_size=3)
        problem = cast(problem, dtype)
        assert_passes_close(
            layer_pass(cell, problem, lengths),
            reference_pass(cell, problem, lengths),
            20 * TOLERANCE[dtype],
            f"{n_samples} sequences",
        )


@pytest.mark.parametrize("cell", CELLS)
def test_long_sequences_equal_reference(isa, cell):
    """More rows than one chunk of the weight gradient, gates that come and go."""
    lengths = (170, 141, 141, 90, 3)
    problem = random_problem(cell, lengths=lengths, n_features=4, hidden_size=6)
    assert_passes_close(
        layer_pass(cell, problem, lengths),
        reference_pass(cell, problem, lengths),
        1e-12,
    )


@pytest.mark.parametrize("cell", [cell for cell in CELLS if cell != "rnn_relu"])
def test_saturated_gates_equal_reference(kernels, dtype, cell):
    """Inputs that drive every gate to its ends, in both directions."""
    problem = random_problem(cell, lengths=RAGGED, n_features=3, hidden_size=7)
    problem["x"] *= 1e3
    problem["x"][3] *= 1e6
    problem = cast(problem, dtype)
    result = layer_pass(cell, problem, RAGGED)
    expected = reference_pass(cell, problem, RAGGED)
    assert_array_equal(np.isfinite(result.hidden), True)
    # Near a zero crossing of a gate the input's own rounding is amplified.
    error = np.abs(result.hidden - expected.hidden)
    assert np.median(error) <= 10 * TOLERANCE[dtype]
    assert error.max() <= 5e4 * TOLERANCE[dtype]


@pytest.mark.parametrize("cell", CELLS)
def test_inference_keeps_the_last_states_of_training(kernels, dtype, cell):
    for lengths in (RAGGED, (1, 1), (2,), (7, 6, 5, 4, 3, 2, 1)):
        problem = random_problem(cell, lengths=lengths, n_features=3, hidden_size=5)
        problem = cast(problem, dtype)
        trained = layer_pass(cell, problem, lengths, gradients=False)
        inferred = layer_pass(cell, problem, lengths, training=False)
        for name, state in trained.final.items():
            assert_array_equal(inferred.final[name], state)


# Bits ----


@pytest.mark.parametrize("cell", CELLS)
def test_bits_do_not_depend_on_the_number_of_threads(kernels, dtype, cell):
    for n_samples, hidden_size in [(1, 5), (3, 17), (53, kernels.lanes() + 1)]:
        lengths = random_lengths(n_samples, longest=9)
        problem = random_problem(
            cell, lengths=lengths, n_features=3, hidden_size=hidden_size
        )
        problem = cast(problem, dtype)
        one = layer_pass(cell, problem, lengths)
        for n_threads in (2, 3):
            more = layer_pass(cell, problem, lengths, n_threads=n_threads)
            assert_passes_equal(more, one, f"{n_samples} sequences")


@pytest.mark.parametrize("cell", CELLS)
def test_bits_do_not_depend_on_the_blocks_of_sequences(kernels, dtype, cell):
    lengths = random_lengths(14)
    problem = random_problem(cell, lengths=lengths, n_features=3, hidden_size=5)
    problem = cast(problem, dtype)
    whole = layer_pass(cell, problem, lengths)
    for blocks in ([0, 1, 14], [0, 5, 5, 13, 14], list(range(15))):
        divided = layer_pass(cell, problem, lengths, blocks=blocks)
        assert_passes_equal(divided, whole, str(blocks))


@pytest.mark.parametrize("cell", CELLS)
def test_bits_of_a_sequence_do_not_depend_on_its_companions(kernels, dtype, cell):
    lengths = random_lengths(2 * kernels.tile_rows() + 3)
    hidden_size = kernels.lanes() + 1
    problem = random_problem(
        cell, lengths=lengths, n_features=3, hidden_size=hidden_size
    )
    problem = cast(problem, dtype)
    together = layer_pass(cell, problem, lengths)
    offsets = packed_offsets(lengths)
    for members in ([0], [4], [1, 3, 5], [2, 3, len(lengths) - 1]):
        part = problem_of(problem, lengths, members)
        result = layer_pass(cell, part, lengths[members])
        part_offsets = packed_offsets(lengths[members])
        for place, b in enumerate(members):
            rows = offsets[: lengths[b]] + b
            part_rows = part_offsets[: lengths[b]] + place
            assert_array_equal(result.hidden[part_rows], together.hidden[rows])
            assert_array_equal(
                result.gradients["x"][part_rows], together.gradients["x"][rows]
            )
            for state in CELLS[cell].states:
                assert_array_equal(result.final[state][place], together.final[state][b])
                assert_array_equal(
                    result.gradients[f"{state}_0"][place],
                    together.gradients[f"{state}_0"][b],
                )


def problem_of(problem, lengths, members):
    """The part of a problem that concerns some of its sequences."""
    offsets = packed_offsets(lengths)
    part_offsets = packed_offsets(lengths[members])
    rows = np.empty(part_offsets[-1], dtype=np.intp)
    for place, b in enumerate(members):
        rows[part_offsets[: lengths[b]] + place] = offsets[: lengths[b]] + b
    part = dict(problem)
    part["x"], part["d_hidden"] = problem["x"][rows], problem["d_hidden"][rows]
    for key in ("initial", "d_final"):
        part[key] = {name: value[members] for name, value in problem[key].items()}
    return part


@pytest.mark.parametrize("cell", CELLS)
def test_float32_follows_float64(isa, cell):
    lengths = random_lengths(20, longest=30)
    problem = random_problem(
        cell, lengths=lengths, n_features=6, hidden_size=19, scale=0.2
    )
    narrow = cast(problem, np.float32)
    wide = cast(narrow, np.float64)
    assert_passes_close(
        layer_pass(cell, narrow, lengths), layer_pass(cell, wide, lengths), 1e-5
    )


# Hard cases ----


@pytest.mark.parametrize("cell", CELLS)
def test_nan_stays_in_its_sequence_and_is_never_hidden(kernels, dtype, cell):
    clean = cast(
        random_problem(cell, lengths=RAGGED, n_features=3, hidden_size=5), dtype
    )
    expected = layer_pass(cell, clean, RAGGED)
    offsets = packed_offsets(RAGGED)
    sequence, step = 2, 1
    spoiled = dict(clean, x=clean["x"].copy())
    spoiled["x"][offsets[step] + sequence, 1] = np.nan
    result = layer_pass(cell, spoiled, RAGGED)
    is_nan = np.zeros(len(clean["x"]), dtype=bool)
    is_nan[offsets[step : RAGGED[sequence]] + sequence] = True
    assert_array_equal(np.isnan(result.hidden), is_nan[:, None] & np.ones(5, bool))
    assert_array_equal(result.hidden[~is_nan], expected.hidden[~is_nan])
    for name in clean["parameters"]:
        assert np.isnan(result.gradients[name]).all(), name
    own = offsets[: RAGGED[sequence]] + sequence
    assert np.isnan(result.gradients["x"][own]).all()
    others = np.setdiff1d(np.arange(len(clean["x"])), own)
    assert_array_equal(result.gradients["x"][others], expected.gradients["x"][others])


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("infinite", [np.inf, -np.inf])
def test_infinite_input_saturates_and_is_not_nan(kernels, dtype, cell, infinite):
    problem = random_problem(cell, lengths=[2], n_features=1, hidden_size=5)
    problem["x"][0] = infinite
    problem = cast(problem, dtype)
    result = layer_pass(cell, problem, [2], gradients=False)
    with np.errstate(invalid="ignore"):  # 0 * inf in the reference's gradients
        expected = reference_pass(cell, problem, [2])
    np.testing.assert_allclose(
        result.hidden, expected.hidden, rtol=0, atol=10 * TOLERANCE[dtype]
    )


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("where", ["parameters", "initial", "d_hidden", "d_final"])
def test_nan_in_any_argument_reaches_the_gradients(kernels, dtype, cell, where):
    problem = random_problem(cell, lengths=RAGGED, n_features=3, hidden_size=5)
    arrays = (
        problem[where] if isinstance(problem[where], dict) else {"": problem[where]}
    )
    for array in arrays.values():
        kept = array.flat[3]
        array.flat[3] = np.nan
        result = layer_pass(cell, cast(problem, dtype), RAGGED)
        array.flat[3] = kept
        assert np.isnan(result.gradients["weight_ih"]).any()
        assert np.isnan(result.gradients["bias"]).any()


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize(
    "lengths",
    [(1,), (1, 1, 1), (3, 1), (3, 2, 0, 0), (3, 3, 0), (0,), (0, 0), ()],
    ids=str,
)
def test_short_and_empty_sequences_equal_reference(
    kernels, dtype, n_threads, cell, lengths
):
    problem = random_problem(cell, lengths=lengths, n_features=3, hidden_size=5)
    problem = cast(problem, dtype)
    assert_passes_close(
        layer_pass(cell, problem, lengths, n_threads=n_threads),
        reference_pass(cell, problem, lengths),
        10 * TOLERANCE[dtype],
    )


@pytest.mark.parametrize("cell", CELLS)
def test_subnormal_numbers_survive_in_the_caller(kernels, dtype, n_threads, cell):
    problem = random_problem(cell, lengths=RAGGED, n_features=3, hidden_size=5)
    layer_pass(cell, cast(problem, dtype), RAGGED, n_threads=n_threads)
    smallest = np.full(16, np.finfo(dtype).smallest_subnormal)
    assert (smallest * dtype(2)).all()


def test_every_instruction_set_follows_the_best(dtype):
    """Not bit for bit: without fused multiply-add the roundings differ."""
    best, *others = _kernels.supported_isas()
    for cell in CELLS:
        problem = random_problem(cell, lengths=RAGGED, n_features=3, hidden_size=19)
        problem = cast(problem, dtype)
        results = {}
        for isa in (best, *others):
            with pytest.MonkeyPatch.context() as patch:
                variant = {np.dtype(dtype): _kernels.load_variant(dtype, isa)}
                patch.setattr(_kernels, "_loaded", variant)
                results[isa] = layer_pass(cell, problem, RAGGED)
        for isa in others:
            assert_passes_close(
                results[isa], results[best], 10 * TOLERANCE[dtype], f"{cell} {isa}"
            )


def test_packed_matches_the_package():
    """The batch these tests make up is the batch the package makes."""
    rng = np.random.default_rng(0)
    lengths = np.array([1, 6, 4, 3, 4])
    sequences = Sequences(rng.normal(size=(lengths.sum(), 2)), lengths)
    batch = pack_batch(sequences)
    ours = packed(np.sort(lengths)[::-1])
    for name in ("lengths", "offsets", "n_samples", "n_rows"):
        assert_array_equal(getattr(batch, name), getattr(ours, name))
