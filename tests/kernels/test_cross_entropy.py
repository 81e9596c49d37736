"""The fused softmax cross-entropy against its definition and finite differences."""

import math

import numpy as np
import pytest
from gradient_checks import assert_gradient_matches
from numpy.testing import assert_allclose, assert_array_equal

TOLERANCE = {np.float32: 2e-6, np.float64: 1e-13}
FACTOR = 0.3


def run(kernels, outputs, targets, weights=None, smoothing=0.0, n_threads=1, out=None):
    losses = np.full(len(targets), np.nan)
    out = np.full(outputs.shape, np.nan, outputs.dtype) if out is None else out
    kernels.cross_entropy(
        outputs, targets, weights, FACTOR, smoothing, losses, out, n_threads
    )
    return losses, out


def reference(outputs, targets, weights=None, smoothing=0.0):
    """Row by row, in Python's floats."""
    losses, gradients = [], []
    n_classes = outputs.shape[1]
    for row, (scores, target) in enumerate(zip(outputs.tolist(), targets, strict=True)):
        wanted = [smoothing / n_classes] * n_classes
        wanted[target] += 1 - smoothing
        largest = max(scores)
        total = math.fsum(math.exp(score - largest) for score in scores)
        log_total = largest + math.log(total)
        losses.append(
            math.fsum(q * (log_total - x) for q, x in zip(wanted, scores, strict=True))
        )
        weight = 1.0 if weights is None else float(weights[row])
        gradients.append(
            [
                weight * FACTOR * (math.exp(x - log_total) - q)
                for q, x in zip(wanted, scores, strict=True)
            ]
        )
    return np.array(losses), np.array(gradients)


def problem(n_rows, n_classes, dtype=np.float64, scale=3.0, seed=0):
    rng = np.random.default_rng(seed)
    outputs = rng.normal(scale=scale, size=(n_rows, n_classes)).astype(dtype)
    return outputs, rng.integers(0, n_classes, n_rows).astype(np.intp)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_equals_the_definition_at_every_width(kernels, dtype, smoothing):
    lanes = kernels.lanes()
    widths = {1, 2, max(1, lanes - 1), lanes, lanes + 1, 2 * lanes + 3, 65}
    for n_classes in sorted(widths):
        outputs, targets = problem(9, n_classes, dtype)
        weights = np.linspace(0.5, 2, 9).astype(dtype)
        losses, gradients = run(kernels, outputs, targets, weights, smoothing)
        expected = reference(outputs, targets, weights, smoothing)
        assert_allclose(losses, expected[0], rtol=0, atol=10 * TOLERANCE[dtype])
        assert_allclose(gradients, expected[1], rtol=0, atol=TOLERANCE[dtype])
        assert gradients.dtype == dtype


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_gradient_is_that_of_finite_differences(isa, smoothing):
    from sklstm._kernels import kernels_for

    kernels = kernels_for(np.dtype(np.float64))
    outputs, targets = problem(4, 11)
    weights = np.array([0.5, 0.0, 1.5, 2.0])
    _, gradients = run(kernels, outputs, targets, weights, smoothing)

    def loss():
        losses, _ = run(kernels, outputs, targets, weights, smoothing)
        return FACTOR * (weights * losses).sum()

    assert_gradient_matches(gradients, loss, outputs, "outputs")
    assert not gradients[1].any()


def test_no_score_is_too_large(kernels, dtype):
    outputs = np.array([[1e4, 0, -1e4], [-1e4, -1e4, -2e4], [3e4, 3e4, 0]], dtype)
    losses, gradients = run(kernels, outputs, np.array([0, 1, 2]))
    assert_allclose(losses, [0, np.log(2), 3e4 + np.log(2)], rtol=1e-6)
    expected = FACTOR * np.array([[0, 0, 0], [0.5, -0.5, 0], [0.5, 0.5, -1]])
    assert_allclose(gradients, expected, rtol=1e-6)


def test_what_cannot_come_has_no_probability(kernels, dtype):
    outputs = np.array([[0, -np.inf, 0]], dtype)
    losses, gradients = run(kernels, outputs, np.array([2]))
    assert_allclose(losses, np.log(2), rtol=1e-6)
    assert_allclose(gradients, [[FACTOR / 2, 0, -FACTOR / 2]], rtol=1e-6)
    assert run(kernels, outputs, np.array([1]))[0] == np.inf


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_bad_score_spoils_its_own_row_only(kernels, dtype, bad):
    n_classes = kernels.lanes() + 3
    outputs, targets = problem(3, n_classes, dtype)
    good = run(kernels, outputs, targets)
    for column in range(n_classes):
        spoiled = outputs.copy()
        spoiled[1, column] = bad
        losses, gradients = run(kernels, spoiled, targets)
        assert np.isnan(losses[1])
        assert np.isnan(gradients[1]).any()
        assert_array_equal(losses[[0, 2]], good[0][[0, 2]])
        assert_array_equal(gradients[[0, 2]], good[1][[0, 2]])


def test_a_row_does_not_depend_on_threads_and_companions(kernels, dtype):
    outputs, targets = problem(2000, 37, dtype)
    alone = run(kernels, outputs, targets, smoothing=0.1)
    for n_threads in (2, 3):
        together = run(kernels, outputs, targets, smoothing=0.1, n_threads=n_threads)
        for one, other in zip(alone, together, strict=True):
            assert_array_equal(one, other)
    some = slice(700, 703)
    losses, gradients = run(kernels, outputs[some], targets[some], smoothing=0.1)
    assert_array_equal(losses, alone[0][some])
    assert_array_equal(gradients, alone[1][some])


def test_rows_may_be_apart_and_be_overwritten(kernels, dtype):
    wide = np.full((5, 24), 1e9, dtype)
    outputs, targets = problem(5, 19, dtype)
    wide[:, :19] = outputs
    expected = run(kernels, outputs, targets, smoothing=0.1)
    losses, _ = run(kernels, wide[:, :19], targets, smoothing=0.1, out=wide[:, :19])
    assert_array_equal(losses, expected[0])
    assert_array_equal(wide[:, :19], expected[1])
    assert (wide[:, 19:] == dtype(1e9)).all()


def test_nothing_is_nothing(kernels, dtype):
    losses, gradients = run(
        kernels, np.empty((0, 4), dtype), np.empty(0, dtype=np.intp)
    )
    assert len(losses) == len(gradients) == 0


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_equals_pytorch(kernels, dtype, smoothing):
    torch = pytest.importorskip("torch")
    outputs, targets = problem(6, 21, dtype)
    leaf = torch.tensor(outputs, requires_grad=True)
    theirs = torch.nn.functional.cross_entropy(
        leaf, torch.tensor(targets), reduction="none", label_smoothing=smoothing
    )
    (FACTOR * theirs.sum()).backward()
    losses, gradients = run(kernels, outputs, targets, smoothing=smoothing)
    tolerance = TOLERANCE[dtype]
    assert_allclose(losses, theirs.detach().numpy(), rtol=10 * tolerance)
    assert_allclose(gradients, leaf.grad.numpy(), rtol=0, atol=tolerance)
