"""One layer with a projection, in reverse, with recurrent dropout and with zoneout.

The plain cells are in ``test_layer.py``. Here a covering list of combinations goes
through the same tests: gradients, equality with the reference, bits.
"""

from dataclasses import dataclass

import numpy as np
import pytest
from gradient_checks import assert_gradient_matches
from layer_passes import (
    assert_passes_close,
    assert_passes_equal,
    cast,
    drawn_zoneout,
    layer_pass,
    reference_pass,
    sample_keys,
)
from numpy.testing import assert_array_equal
from reference_layers import arguments_of, packed_offsets, random_problem

from sklstm._kernels import kernels_for

TOLERANCE = {np.float32: 2e-5, np.float64: 3e-14}
RAGGED = (6, 4, 4, 3, 1)
RATE = 0.375  # of dropout and zoneout: exact in both dtypes


@dataclass(frozen=True)
class Variant:
    """A cell and its options."""

    cell: str
    projection: int | None = None
    reverse: bool = False
    masked: bool = False
    zoneout: bool = False

    def __str__(self):
        options = [
            name
            for name in ("projection", "reverse", "masked", "zoneout")
            if getattr(self, name)
        ]
        return "-".join([self.cell, *options])

    def problem(self, lengths=RAGGED, *, n_features=3, hidden_size=5, **choices):
        """A random problem of the reference."""
        return random_problem(
            self.cell, lengths=lengths, n_features=n_features, hidden_size=hidden_size,
            projection_size=self.projection, **choices,
        )  # fmt: skip

    def mask(self, problem):
        """A recurrent mask for each sequence, or None."""
        if not self.masked:
            return None
        hidden = problem["initial"]["hidden"]
        keys = problem.get("sample_keys", sample_keys(len(hidden)))
        drawn = [np.random.default_rng(k).random(hidden.shape[1]) for k in keys]
        return (np.reshape(drawn, hidden.shape) >= RATE) / (1 - RATE)

    def run(self, problem, lengths=RAGGED, **how):
        """The package's pass."""
        return layer_pass(
            self.cell, problem, lengths, reverse=self.reverse,
            recurrent_mask=self.mask(problem),
            zoneout=RATE if self.zoneout else 0.0, **how,
        )  # fmt: skip

    def expected(self, problem, lengths=RAGGED):
        """The reference's pass, with the same draws."""
        options = {"reverse": self.reverse, "recurrent_mask": self.mask(problem)}
        if self.zoneout:
            dtype = problem["x"].dtype
            options["zoneout"] = drawn_zoneout(
                kernels_for(dtype), RATE, problem, lengths, dtype
            )
        return reference_pass(self.cell, problem, lengths, **options)


VARIANTS = [
    # Each option for each cell it means something for ...
    Variant("lstm", projection=3),
    Variant("lstm", projection=7),  # wider than the units
    Variant("lstm", reverse=True),
    Variant("lstm", masked=True),
    Variant("lstm", zoneout=True),
    Variant("gru", reverse=True),
    Variant("gru", masked=True),
    Variant("gru", zoneout=True),
    Variant("gru_reset_after", reverse=True, masked=True),
    Variant("gru_reset_after", zoneout=True),
    Variant("rnn_tanh", masked=True, zoneout=True),
    Variant("rnn_relu", reverse=True, zoneout=True),
    # ... and the members of the LSTM's family with several of them.
    Variant("lstm_coupled", projection=4, zoneout=True),
    Variant("lstm_coupled", reverse=True, masked=True),
    Variant("lstm_peephole", projection=4, reverse=True),
    Variant("lstm_peephole", zoneout=True, masked=True),
    Variant("lstm_coupled_peephole", projection=3, masked=True),
    Variant("lstm_coupled_peephole", zoneout=True, reverse=True),
    Variant("lstm_peephole", 3, True, True, True),
    Variant("gru", None, True, True, True),
    Variant("gru_reset_after", None, True, True, True),
]

all_variants = pytest.mark.parametrize("variant", VARIANTS, ids=str)


# Gradients ----


@all_variants
def test_backward_matches_central_difference(variant):
    """With the best instruction set; the others equal the reference below."""
    problem = variant.problem(seed=1)

    def loss():
        result = variant.run(problem, gradients=False)
        total = np.vdot(problem["d_hidden"], result.hidden)
        return total + sum(
            np.vdot(problem["d_final"][name], result.final[name])
            for name in result.final
        )

    gradients = variant.run(problem).gradients
    arguments = arguments_of(problem)
    assert set(gradients) == set(arguments)
    for name, array in arguments.items():
        assert_gradient_matches(gradients[name], loss, array, name)


# Equality with the reference ----


@all_variants
def test_layer_equals_reference_around_the_vector_length(kernels, dtype, variant):
    lanes = kernels.lanes()
    for hidden_size in sorted({1, max(1, lanes - 1), lanes, lanes + 1, 4 * lanes + 1}):
        scale = 1 / np.sqrt(max(hidden_size, 4))
        problem = variant.problem(hidden_size=hidden_size, scale=scale)
        problem = cast(problem, dtype)
        assert_passes_close(
            variant.run(problem),
            variant.expected(problem),
            TOLERANCE[dtype],
            f"{hidden_size} units",
        )


@pytest.mark.parametrize("projection_size", [1, 15, 16, 17, 35, 70])
def test_projections_of_any_width_equal_reference(kernels, dtype, projection_size):
    variant = Variant("lstm", projection=projection_size, masked=True, zoneout=True)
    problem = cast(variant.problem(hidden_size=19, scale=0.2), dtype)
    assert_passes_close(
        variant.run(problem), variant.expected(problem), TOLERANCE[dtype]
    )


@all_variants
def test_layer_equals_reference_at_every_tile_height(kernels, dtype, variant):
    for n_samples in (1, 2, kernels.tile_rows() + 1, 2 * kernels.tile_rows() + 1, 49):
        rng = np.random.default_rng(n_samples)
        lengths = np.sort(rng.integers(0, 7, size=n_samples))[::-1]
        problem = cast(variant.problem(lengths, n_features=2), dtype)
        assert_passes_close(
            variant.run(problem, lengths),
            variant.expected(problem, lengths),
            10 * TOLERANCE[dtype],
            f"{n_samples} sequences",
        )


@all_variants
def test_long_sequences_equal_reference(isa, variant):
    """More rows than one chunk of the weight gradient, sequences that come and go."""
    lengths = (170, 141, 141, 90, 3)
    problem = variant.problem(lengths, scale=0.4)
    result, expected = (
        variant.run(problem, lengths),
        variant.expected(problem, lengths),
    )
    assert_passes_close(result, expected, 1e-11)


@pytest.mark.parametrize("lengths", [(1,), (3, 2, 0, 0), (0,), (0, 0), ()], ids=str)
@all_variants
def test_short_and_empty_sequences_equal_reference(variant, lengths):
    problem = variant.problem(lengths)
    assert_passes_close(
        variant.run(problem, lengths), variant.expected(problem, lengths), 1e-13
    )


@all_variants
def test_inference_takes_the_expectation(kernels, dtype, variant):
    """No mask, and each state as the mean of the kept and the new one."""
    problem = cast(variant.problem(), dtype)
    inferred = variant.run(problem, training=False, draws=False)
    zoneout = None
    if variant.zoneout:
        zoneout = {
            name: np.full((len(problem["x"]), state.shape[1]), RATE)
            for name, state in problem["initial"].items()
        }
    expected = reference_pass(
        variant.cell, problem, RAGGED, reverse=variant.reverse, zoneout=zoneout
    )
    for name, state in expected.final.items():
        np.testing.assert_allclose(
            inferred.final[name], state, rtol=0, atol=TOLERANCE[dtype]
        )


# Bits ----


@all_variants
def test_bits_do_not_depend_on_threads_or_blocks(kernels, dtype, variant):
    lengths = np.sort(np.random.default_rng(3).integers(0, 9, size=23))[::-1]
    problem = variant.problem(lengths, hidden_size=kernels.lanes() + 1)
    problem = cast(problem, dtype)
    one = variant.run(problem, lengths)
    for how in ({"n_threads": 2}, {"n_threads": 3}, {"blocks": [0, 1, 9, 9, 23]}):
        assert_passes_equal(variant.run(problem, lengths, **how), one, str(how))


@all_variants
def test_bits_of_a_sequence_do_not_depend_on_its_companions(kernels, dtype, variant):
    lengths = np.array([9, 8, 8, 5, 5, 4, 2, 2, 1])
    problem = cast(variant.problem(lengths, hidden_size=kernels.lanes() + 1), dtype)
    together = variant.run(problem, lengths)
    offsets = packed_offsets(lengths)
    for b in (0, 4, 8):
        own = offsets[: lengths[b]] + b
        alone = {
            "x": problem["x"][own],
            "d_hidden": problem["d_hidden"][own],
            "parameters": problem["parameters"],
            "sample_keys": sample_keys(len(lengths))[b : b + 1],
        }
        for key in ("initial", "d_final"):
            alone[key] = {
                name: value[b : b + 1] for name, value in problem[key].items()
            }
        result = variant.run(alone, lengths[b : b + 1])
        assert_array_equal(result.hidden, together.hidden[own])
        assert_array_equal(result.gradients["x"], together.gradients["x"][own])
        for name, state in result.final.items():
            assert_array_equal(state[0], together.final[name][b])


def test_both_dtypes_draw_the_same_units(isa):
    numbers = {}
    for dtype in (np.float32, np.float64):
        numbers[dtype] = np.empty(64, dtype=dtype)
        kernels_for(dtype).random_numbers(1, 2, 3, 1, 20000, numbers[dtype])
    assert_array_equal(numbers[np.float32], numbers[np.float64])
    assert 5 < numbers[np.float32].sum() < 40


def test_nan_stays_in_its_sequence(kernels, dtype):
    variant = Variant("lstm_peephole", 3, True, True, True)
    clean = cast(variant.problem(), dtype)
    offsets = packed_offsets(RAGGED)
    spoiled = dict(clean, x=clean["x"].copy())
    spoiled["x"][offsets[2] + 1] = np.nan
    result, expected = variant.run(spoiled), variant.run(clean)
    others = np.ones(len(clean["x"]), dtype=bool)
    others[offsets[: RAGGED[1]] + 1] = False
    assert_array_equal(result.hidden[others], expected.hidden[others])
    # In reverse the steps before the spoiled one follow it.
    assert np.isnan(result.hidden[offsets[0] + 1]).any()
    assert np.isnan(result.gradients["weight_ih"]).any()
