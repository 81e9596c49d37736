"""The loss of sequences of symbols, and how samples and steps weigh in it."""

import numpy as np
import pytest
from gradient_checks import assert_gradient_matches
from numpy.testing import assert_allclose, assert_array_equal

from sklstm.sequences.pairs import SequencePairs
from sklstm.training.symbol_targets import SymbolCrossEntropy, SymbolTargets

LENGTHS = [3, 0, 2, 5]


def make_pairs():
    codes = np.random.default_rng(0).integers(2, 6, size=sum(LENGTHS))
    return SequencePairs(np.zeros((4, 2)), codes, LENGTHS, start=0, end=1)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.7])
@pytest.mark.parametrize("weighted", [False, True])
def test_gradient_equals_finite_differences(smoothing, weighted):
    rng = np.random.default_rng(1)
    outputs, targets = rng.normal(size=(6, 5)), rng.integers(0, 5, size=6)
    weights = rng.uniform(size=6) if weighted else None
    loss = SymbolCrossEntropy(5, smoothing)
    _, gradient = loss.value_and_gradient(outputs, targets, weights, 3.0)
    assert_gradient_matches(
        gradient,
        lambda: loss.value_and_gradient(outputs, targets, weights, 3.0)[0],
        outputs,
        "outputs",
    )


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_loss_and_gradient_equal_torch(smoothing, dtype):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(2)
    outputs, targets = rng.normal(size=(9, 7)).astype(dtype), rng.integers(0, 7, size=9)
    value, gradient = SymbolCrossEntropy(7, smoothing).value_and_gradient(
        outputs, targets, None, 9.0
    )
    theirs = torch.tensor(outputs, requires_grad=True)
    expected = torch.nn.functional.cross_entropy(
        theirs, torch.tensor(targets), label_smoothing=smoothing
    )
    expected.backward()
    assert gradient.dtype == dtype
    assert_allclose(value, expected.item(), rtol=1e-6)
    assert_allclose(gradient, theirs.grad, rtol=0, atol=1e-6)


def test_no_loss_is_below_its_bound():
    for smoothing in (0.0, 0.1, 0.5):
        loss = SymbolCrossEntropy(4, smoothing)
        target = 1 - smoothing + smoothing / 4
        rest = max(smoothing / 4, 1e-12)
        best = np.log(np.array([[target, rest, rest, rest]]))
        value, _ = loss.value_and_gradient(best, np.array([0]), None, 1.0)
        assert_allclose(value, loss.lower_bound, atol=1e-9)


def test_batches_add_up_to_the_loss_of_all():
    """Weighted by their numbers of samples, as the epoch loop does."""
    pairs, rng = make_pairs(), np.random.default_rng(3)
    weights = np.array([1.0, 3.0, 0.5, 2.0])
    targets = SymbolTargets(SymbolCrossEntropy(6, 0.1), pairs, weights)
    targets.prepare(np.dtype(np.float64), np.arange(4))
    outputs = rng.normal(size=(len(pairs.target_codes), 6))

    def value_of(samples):
        batch = pairs.pack(samples)
        rows = outputs[batch.row_source]
        return targets.value_and_gradient(rows, batch)[0] * len(samples)

    parts = value_of([2, 0]) + value_of([1]) + value_of([3])
    assert_allclose(parts, value_of([0, 1, 2, 3]))
    log = outputs - np.log(np.exp(outputs).sum(axis=1, keepdims=True))
    smooth = 0.1 / 6 * log.sum(axis=1)
    of_rows = -0.9 * log[np.arange(len(log)), pairs.target_codes] - smooth
    row_weights = np.repeat(weights / weights.mean(), pairs.target_lengths)
    mean_length = pairs.target_lengths.mean()
    assert_allclose(parts, (of_rows * row_weights).sum() / mean_length)


def test_every_row_has_the_target_and_the_weight_of_its_sample():
    pairs = make_pairs()
    weights = np.array([1.0, 2.0, 4.0, 8.0])
    targets = SymbolTargets(SymbolCrossEntropy(6), pairs, weights)
    targets.prepare(np.dtype(np.float64), np.arange(4))
    batch = pairs.pack([3, 1, 0])
    sample = np.repeat(np.arange(4), pairs.target_lengths)[batch.row_source]
    outputs = np.zeros((batch.n_rows, 6))
    _, codes, of_rows = targets.select(outputs, batch)
    assert_array_equal(codes, pairs.target_codes[batch.row_source])
    assert_allclose(of_rows, weights[sample] / weights.mean())


def test_biases_start_at_log_frequencies_of_the_samples_used():
    class Network:
        output_bias = np.zeros(6)

        def parameters_changed(self):
            pass

    pairs, network = make_pairs(), Network()
    targets = SymbolTargets(SymbolCrossEntropy(6), pairs, np.array([1.0, 0, 2, 0]))
    targets.initialize(network, np.array([0, 2]))
    counts = np.zeros(6)
    sample = np.repeat(np.arange(4), pairs.target_lengths)
    for code, s in zip(pairs.target_codes, sample, strict=True):
        counts[code] += {0: 1, 2: 2}.get(int(s), 0)
    seen = counts > 0
    expected = np.log(counts[seen] / counts.sum())
    assert_allclose(network.output_bias[seen], expected)


def test_a_tally_of_batches_is_that_of_all_rows():
    pairs, rng = make_pairs(), np.random.default_rng(4)
    targets = SymbolTargets(SymbolCrossEntropy(6), pairs, np.array([1.0, 3.0, 0.5, 2]))
    targets.prepare(np.dtype(np.float64), np.arange(4))
    outputs = rng.normal(size=(len(pairs.target_codes), 6))
    tally = targets.tally()
    for samples in ([2, 0], [1], [3]):
        batch = pairs.pack(samples)
        tally.add(outputs[batch.row_source], batch)
    weights = np.repeat([1.0, 3.0, 0.5, 2], pairs.target_lengths)
    log = outputs - np.log(np.exp(outputs).sum(axis=1, keepdims=True))
    codes = pairs.target_codes
    losses, hits = -log[np.arange(len(log)), codes], log.argmax(axis=1) == codes
    expected = [np.average(values, weights=weights) for values in (losses, hits)]
    assert_allclose(tally.result(), expected)


def test_what_cannot_be_written_is_never_a_hit():
    outputs = np.array([[9.0, 8, 1, 2], [9, 8, 2, 1], [0, 0, 1, 0]])
    targets = np.array([0, 2, 2])
    assert SymbolCrossEntropy(4).hits(outputs, targets).tolist() == [True, False, True]
    loss = SymbolCrossEntropy(4, first_written=2)
    assert loss.hits(outputs, targets).tolist() == [False, True, True]
