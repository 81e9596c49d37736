"""Loss and gradient of connectionist temporal classification."""

import numpy as np
import pytest
from ctc_problem import CTCProblem, random_problem
from gradient_checks import assert_gradient_matches
from numpy.testing import assert_allclose, assert_array_equal
from reference_ctc import ctc_value, softmax

TOLERANCE = {np.float32: 2e-6, np.float64: 1e-13}

# Labels: none, one, repeated, repeated with others between, as many as fit at all.
CASES = [
    (6, [0]),
    (6, [1, 0]),
    (6, [0, 0, 0]),
    (5, [1, 1, 0]),
    (5, [0, 1, 0]),
    (5, []),
    (4, [1, 1, 0]),
    (4, [0, 1, 0, 1]),
    (3, [1, 1]),
    (2, [1]),
    (1, [0]),
    (1, []),
]


def all_cases(kernels, dtype, **options):
    lengths, labels = zip(*CASES, strict=True)
    return CTCProblem(kernels, dtype, lengths, labels, n_classes=3, **options)


@pytest.mark.parametrize("packed", [True, False], ids=["packed", "sample_by_sample"])
def test_loss_is_that_of_the_sum_over_all_paths(kernels, dtype, packed):
    problem = all_cases(kernels, dtype, packed=packed)
    losses, _ = problem.loss()
    without_gradient, _ = problem.loss(with_gradient=False)
    assert_array_equal(without_gradient, losses)
    for b, (_, labels) in enumerate(CASES):
        expected = ctc_value(problem.sample(b), labels)
        assert_allclose(losses[b], expected, rtol=TOLERANCE[dtype], err_msg=str(labels))


def states_around_the_register(kernels):
    """Numbers of labels whose states just fill registers, or just do not."""
    lanes = kernels.lanes()
    counts = {(n + d) // 2 for n in (lanes, 2 * lanes) for d in (-3, -1, 0, 1, 3)}
    return sorted(count for count in counts if count >= 0)


def test_gradient_is_that_of_finite_differences(isa):
    from sklstm._kernels import load_variant

    kernels = load_variant(np.float64, isa)
    counts = states_around_the_register(kernels)
    rng = np.random.default_rng(5)
    for n_labels in counts:
        labels = [rng.integers(0, 2, size=n).tolist() for n in (n_labels, 1, 0)]
        n_steps = 2 * n_labels + 1
        lengths = [n_steps, min(n_steps, 3), 1]
        problem = CTCProblem(kernels, np.float64, lengths, labels, 3, seed=n_labels)
        problem.factors = np.array([1.0, 0.3, 2.0])

        def total(problem=problem):
            return (problem.loss(with_gradient=False)[0] * problem.factors).sum()

        assert_gradient_matches(
            problem.loss()[1], total, problem.outputs, f"outputs, {n_labels} labels"
        )


def test_gradient_reaches_every_width_of_the_softmax(kernels, dtype):
    """Posteriors add up to one, so every row of the gradient adds up to zero."""
    lanes = kernels.lanes()
    for n_classes in {2, max(2, lanes - 1), lanes, lanes + 1, 2 * lanes + 3}:
        problem = random_problem(kernels, dtype, n_samples=6, n_classes=n_classes)
        losses, d_outputs = problem.loss()
        assert np.isfinite(losses).all()
        assert_allclose(d_outputs.sum(axis=1), 0, atol=30 * TOLERANCE[dtype])
        unused = np.setdiff1d(np.arange(n_classes - 1), problem.labels)
        probabilities = softmax(problem.outputs)
        assert_allclose(
            d_outputs[:, unused], probabilities[:, unused], rtol=20 * TOLERANCE[dtype]
        )


def test_float32_keeps_the_digits_of_long_sequences(isa):
    from sklstm._kernels import load_variant

    rng = np.random.default_rng(2)
    labels = [rng.integers(0, 10, size=100).tolist()]
    single, double = (
        CTCProblem(load_variant(dtype, isa), dtype, [1500], labels, 11)
        for dtype in (np.float32, np.float64)
    )
    double.outputs[:] = single.outputs
    (loss,), d_outputs = single.loss()
    (exact,), exact_gradient = double.loss()
    assert_allclose(loss, exact, rtol=1e-6)
    assert_allclose(d_outputs, exact_gradient, atol=1e-4)


@pytest.mark.parametrize("steps, labels", [(0, [0]), (1, [0, 1]), (3, [1, 0, 0])])
def test_labels_that_do_not_fit_cost_infinitely_much(kernels, dtype, steps, labels):
    """Two equal labels in a row need a blank between them."""
    problem = CTCProblem(kernels, dtype, [5, steps], [[0, 1], labels], 3)
    losses, d_outputs = problem.loss()
    assert np.isfinite(losses[0])
    assert losses[1] == np.inf
    assert np.isnan(d_outputs[problem.rows(1)]).all()
    assert np.isfinite(d_outputs[problem.rows(0)]).all()
    assert_array_equal(problem.loss(with_gradient=False)[0], losses)


def test_nothing_costs_nothing_when_nothing_is_to_be_said(kernels, dtype):
    losses, d_outputs = CTCProblem(kernels, dtype, [0], [[]], 3).loss()
    assert_array_equal(losses, [0.0])
    assert d_outputs.shape == (0, 3)


@pytest.mark.parametrize("position", [0, 3, 7])
@pytest.mark.parametrize("column", [0, 1, 2])
def test_nan_stays_nan_and_in_its_sample(kernels, dtype, position, column):
    problem = CTCProblem(kernels, dtype, [8, 8, 7], [[0, 0], [0], [0]], 3)
    expected, expected_gradient = problem.loss()
    problem.outputs[problem.rows(1)[position], column] = np.nan
    losses, d_outputs = problem.loss()
    assert_array_equal(np.isnan(losses), [False, True, False])
    assert np.isnan(d_outputs[problem.rows(1)][:, [0, 2]]).all()  # label and blank
    assert np.isnan(d_outputs[problem.rows(1)[position]]).all()
    for b in (0, 2):
        rows = problem.rows(b)
        assert losses[b] == expected[b]
        assert_array_equal(d_outputs[rows], expected_gradient[rows])


def test_certain_outputs_neither_overflow_nor_lose_the_loss(kernels, dtype):
    problem = CTCProblem(kernels, dtype, [4, 4], [[0, 1], [1, 0]], 3)
    path = np.array([0, 2, 1, 1])
    outputs = np.where(np.arange(3) == path[:, None], 500.0, -500.0)
    for b in range(2):
        problem.outputs[problem.rows(b)] = outputs
    losses, d_outputs = problem.loss()
    # The second one disagrees with the outputs at two steps at least.
    assert_allclose(losses, [0, 2000], atol=1)
    assert losses[0] == 0
    assert np.isfinite(d_outputs).all()
    assert_array_equal(d_outputs[problem.rows(0)], 0)


def test_an_impossible_class_is_no_class(kernels, dtype):
    """Outputs of minus infinity: the loss is that without the class."""
    problem = CTCProblem(kernels, dtype, [6, 6], [[1, 1], [0, 1]], 3)
    problem.outputs[:, 0] = -np.inf
    losses, d_outputs = problem.loss()
    without = CTCProblem(kernels, dtype, [6], [[0, 0]], 2)
    without.outputs[:] = problem.sample(0)[:, 1:]
    expected, expected_gradient = without.loss()
    assert_allclose(losses, [expected[0], np.inf], rtol=TOLERANCE[dtype])
    assert_allclose(d_outputs[problem.rows(0), 1:], expected_gradient, rtol=1e-4)
    assert_array_equal(d_outputs[problem.rows(0), 0], 0)


def test_factors_scale_the_gradient_and_not_the_losses(kernels, dtype):
    problem = all_cases(kernels, dtype)
    losses, d_outputs = problem.loss()
    problem.factors = np.linspace(0, 2, len(CASES)).astype(dtype)
    scaled_losses, scaled = problem.loss()
    assert_array_equal(scaled_losses, losses)
    for b, factor in enumerate(problem.factors):
        rows = problem.rows(b)
        assert_allclose(
            scaled[rows], factor * d_outputs[rows], rtol=1e-4, atol=TOLERANCE[dtype]
        )


def test_bits_do_not_depend_on_threads_or_companions(kernels, dtype):
    problem = random_problem(kernels, dtype, n_samples=200)
    losses, d_outputs = problem.loss()
    for n_threads in (2, 3):
        again, d_again = problem.loss(n_threads)
        assert_array_equal(again, losses)
        assert_array_equal(d_again, d_outputs)
    for b in (0, 77, 199):
        alone = CTCProblem(
            kernels, dtype, [problem.lengths[b]], [problem.label_lists[b]], 6
        )
        alone.outputs[:] = problem.sample(b)
        [loss], d_alone = alone.loss()
        assert loss == losses[b]
        assert_array_equal(d_alone, d_outputs[problem.rows(b)])
