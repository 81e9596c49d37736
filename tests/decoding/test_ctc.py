"""Best path, beam search and alignment, compared with all paths there are."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from reference_ctc import (
    best_alignment,
    labelling_of,
    labelling_probabilities,
    softmax,
)

from sklstm.decoding import align, best_path, prefix_beam_search

LENGTHS = np.array([6, 1, 5, 0, 6, 3])
N_CLASSES = 3
WIDE_ENOUGH = 200  # more than there are labellings of six steps


@pytest.fixture(params=range(4))
def log_probabilities(request, dtype):
    """Rows of a few samples; flat enough that many paths matter."""
    rng = np.random.default_rng(request.param)
    outputs = rng.normal(size=(LENGTHS.sum(), N_CLASSES))
    return np.log(softmax(outputs)).astype(dtype)


def samples_of(rows, lengths=LENGTHS):
    return np.split(rows, np.cumsum(lengths)[:-1])


def test_best_path_is_the_likeliest_class_of_each_step_collapsed(
    isa, log_probabilities
):
    found = best_path(log_probabilities, LENGTHS)
    for labels, rows in zip(found, samples_of(log_probabilities), strict=True):
        assert tuple(labels) == labelling_of(rows.argmax(axis=1), N_CLASSES - 1)


@pytest.mark.parametrize(
    "path, labels",
    [
        ([0, 0, 0], [0]),
        ([0, 2, 0], [0, 0]),
        ([2, 2, 2], []),
        ([0, 1, 0], [0, 1, 0]),
        ([2, 1, 1, 2, 2, 1], [1, 1]),
    ],
)
def test_repetitions_are_one_label_unless_a_blank_lies_between(isa, path, labels):
    rows = np.log(0.7 * np.eye(3)[path] + 0.1)
    lengths = np.array([len(path)])
    assert best_path(rows, lengths)[0].tolist() == labels
    assert prefix_beam_search(rows, lengths)[0][0].tolist() == labels


def test_wide_beam_finds_the_most_probable_labelling(isa, log_probabilities):
    found, scores = prefix_beam_search(log_probabilities, LENGTHS, WIDE_ENOUGH)
    samples = samples_of(log_probabilities)
    for labels, score, rows in zip(found, scores, samples, strict=True):
        probabilities = labelling_probabilities(rows)
        best = max(probabilities, key=probabilities.get)
        assert tuple(labels) == best
        assert_allclose(np.exp(score), probabilities[best], rtol=1e-5)


def test_narrow_beam_keeps_the_best_prefixes_of_every_step(isa, log_probabilities):
    for beam_width in (1, 2, 3, 7):
        found, scores = prefix_beam_search(log_probabilities, LENGTHS, beam_width)
        samples = samples_of(log_probabilities)
        for labels, score, rows in zip(found, scores, samples, strict=True):
            expected, total = prefix_search(rows.astype(np.float64), beam_width)
            assert tuple(labels) == expected
            assert_allclose(score, total, rtol=1e-5, atol=1e-6)


def prefix_search(rows, beam_width):
    """Prefix beam search over dictionaries from prefix to (p_blank, p_label)."""
    blank = rows.shape[1] - 1
    beam = {(): (1.0, 0.0)}
    for row in np.exp(rows):
        following = {}
        for prefix, (p_blank, p_label) in beam.items():
            add(following, prefix, row[blank] * (p_blank + p_label), 0.0)
            if prefix:
                add(following, prefix, 0.0, row[prefix[-1]] * p_label)
            for k in range(blank):
                repeats = prefix and prefix[-1] == k
                mass = p_blank if repeats else p_blank + p_label
                add(following, (*prefix, k), 0.0, row[k] * mass)
        ordered = sorted(following, key=lambda prefix: -sum(following[prefix]))
        beam = {prefix: following[prefix] for prefix in ordered[:beam_width]}
    best = max(beam, key=lambda prefix: sum(beam[prefix]))
    return best, np.log(sum(beam[best]))


def add(beam, prefix, p_blank, p_label):
    before = beam.get(prefix, (0.0, 0.0))
    beam[prefix] = before[0] + p_blank, before[1] + p_label


def test_a_prefix_that_comes_back_is_the_one_that_left(isa):
    """Many steps, few prefixes: what left the beam returns while its children stay."""
    rng = np.random.default_rng(3)
    for _ in range(20):
        outputs = rng.normal(scale=0.7, size=(40, 4))
        rows = np.log(softmax(outputs))
        for beam_width in (3, 5, 8):
            [labels], [score] = prefix_beam_search(rows, np.array([40]), beam_width)
            expected, total = prefix_search(rows, beam_width)
            assert tuple(labels) == expected
            assert_allclose(score, total)


def test_alignment_is_the_most_probable_path_of_the_labels(isa, log_probabilities):
    labels = [[0, 0], [1], [], [], [1, 0, 1], [0]]
    spans, scores = align(log_probabilities, LENGTHS, labels)
    samples = samples_of(log_probabilities)
    for b, rows in enumerate(samples):
        assert spans[b].shape == (len(labels[b]), 2)
        if len(rows) == 0:
            assert scores[b] == 0
            continue
        path, score = best_alignment(rows, labels[b])
        assert_allclose(scores[b], score, rtol=1e-5)
        assert_array_equal(spans[b], spans_of(path))


def spans_of(path):
    """First and last step of each label of a path without blanks as class 2."""
    edges = [0, *(t for t in range(1, len(path)) if path[t] != path[t - 1]), len(path)]
    spans = [
        (a, b - 1)
        for a, b in zip(edges[:-1], edges[1:], strict=True)
        if path[a] != N_CLASSES - 1
    ]
    return np.array(spans).reshape(-1, 2)


def test_labels_that_do_not_fit_have_no_alignment(isa, dtype):
    rows = np.log(softmax(np.zeros((5, 3)))).astype(dtype)
    spans, scores = align(rows, np.array([2, 3]), [[1, 1], [1, 1]])
    assert_array_equal(spans[0], [[-1, -1], [-1, -1]])
    assert_array_equal(spans[1], [[0, 0], [2, 2]])
    assert scores[0] == -np.inf
    assert np.isfinite(scores[1])


def test_decoders_have_the_same_result_alone_and_in_every_team(isa, dtype):
    rng = np.random.default_rng(8)
    lengths = rng.integers(0, 40, size=150)
    rows = np.log(softmax(rng.normal(size=(lengths.sum(), 30)))).astype(dtype)
    labels = [rng.integers(0, 29, size=length // 3) for length in lengths]
    together = decode_all(rows, lengths, labels, 1)
    for n_threads in (2, 3):
        assert_same(decode_all(rows, lengths, labels, n_threads), together)
    for b in (0, 42, 149):
        part = samples_of(rows, lengths)[b]
        alone = decode_all(part, lengths[b : b + 1], labels[b : b + 1], 1)
        assert_same(alone, [answer[b : b + 1] for answer in together])


def decode_all(rows, lengths, labels, n_threads):
    return [
        best_path(rows, lengths, n_threads),
        *prefix_beam_search(rows, lengths, 5, n_threads),
        *align(rows, lengths, labels, n_threads),
    ]


def assert_same(found, expected):
    for answers, others in zip(found, expected, strict=True):
        assert len(answers) == len(others)
        for answer, other in zip(answers, others, strict=True):
            assert_array_equal(answer, other)


@pytest.mark.parametrize("decode", [best_path, lambda *a: prefix_beam_search(*a)[0]])
def test_no_samples_have_no_labels(decode):
    assert decode(np.empty((0, 3)), np.empty(0, dtype=int)) == []


def test_alignment_of_no_samples_is_empty():
    spans, scores = align(np.empty((0, 3)), np.empty(0, dtype=int), [])
    assert spans == []
    assert scores.shape == (0,)


DECODERS = {
    "best_path": best_path,
    "prefix_beam_search": prefix_beam_search,
    "align": lambda rows, lengths, **how: align(
        rows, lengths, [[]] * len(lengths), **how
    ),
}
DECODER = pytest.mark.parametrize("decode", DECODERS.values(), ids=DECODERS)


@DECODER
@pytest.mark.parametrize(
    "rows, lengths, message",
    [
        (np.zeros((4, 3)), [5], "lengths add up to 5 steps, .* 4 rows"),
        (np.zeros((4, 3)), [6, -2], r"lengths\[1\] is -2"),
        (np.zeros((4, 3)), [2.0, 2.0], "lengths is .*expected whole numbers of steps"),
        (np.zeros((4, 3)), [[4]], "lengths is .*expected whole numbers of steps"),
        (np.zeros(4), [4], r"has shape \(4,\): expected a row for each step"),
        (np.zeros((4, 0)), [4], r"has shape \(4, 0\): expected a row for each step"),
        (np.full((4, 3), "a"), [4], "has dtype <U1: expected numbers"),
    ],
)
def test_rows_and_lengths_are_checked(decode, rows, lengths, message):
    with pytest.raises((ValueError, TypeError), match=message):
        decode(rows, lengths)


@DECODER
@pytest.mark.parametrize(
    "n_threads, error", [(0, ValueError), (-1, ValueError), (1.5, TypeError)]
)
def test_the_number_of_threads_is_checked(decode, n_threads, error):
    with pytest.raises(error, match="n_threads must be"):
        decode(np.zeros((4, 3)), [4], n_threads=n_threads)


@pytest.mark.parametrize(
    "beam_width, message",
    [
        (0, "beam_width must be at least 1, got 0"),
        (-1, "beam_width must be at least 1, got -1"),
        (2.5, "beam_width must be an int of at least 1, got 2.5"),
        ("a", "beam_width must be an int of at least 1, got 'a'"),
        (None, "beam_width must be an int of at least 1, got None"),
        (True, "beam_width must be an int of at least 1, got True"),
    ],
)
def test_the_width_of_a_beam_is_checked(beam_width, message):
    with pytest.raises((ValueError, TypeError), match=message):
        prefix_beam_search(np.zeros((5, 3)), [5], beam_width=beam_width)


@pytest.mark.parametrize(
    "labels, message",
    [
        ([[2], []], r"labels\[0\]\[0\] is 2: labels must be codes from 0 to 1"),
        ([[0], [1, -1]], r"labels\[1\]\[1\] is -1: labels must be codes from 0 to 1"),
        ([[0]], "labels has 1 sequences and lengths has 2"),
        ([[0], [0.5]], r"labels\[1\] is \[0.5\]: expected integer codes"),
        ([[0], 1], r"labels\[1\] is 1: expected integer codes"),
        (None, "labels must be a list of sequences of codes, got None"),
    ],
)
def test_labels_to_be_aligned_are_checked(labels, message):
    with pytest.raises((ValueError, TypeError), match=message):
        align(np.zeros((4, 3)), [2, 2], labels)


@pytest.mark.parametrize("decode", [DECODERS["prefix_beam_search"], DECODERS["align"]])
def test_searches_refuse_nan(decode):
    rows = np.zeros((4, 3))
    rows[3, 1] = np.nan
    with pytest.raises(ValueError, match="of sample 1 are NaN at step 1"):
        decode(rows, [2, 2])


@pytest.mark.parametrize(
    "offsets", [[0, 2, 3, 5], [0, 2], [0, 1, 3], [0, 2, 100], [1, 3, 4]]
)
def test_offsets_must_be_those_of_packed_rows(offsets):
    rows = np.eye(3)[[0, 1, 2, 1]]
    assert len(best_path(rows, [3, 1], offsets=[0, 2, 3, 4])) == 2
    with pytest.raises(ValueError, match="offsets do not belong to lengths"):
        best_path(rows, [3, 1], offsets=offsets)
    with pytest.raises(ValueError, match="offsets do not belong to lengths"):
        best_path(rows, [1, 3], offsets=[0, 2, 3, 4])


def test_rows_may_be_lists_and_lie_in_any_order_in_memory():
    rows = np.log(softmax(np.random.default_rng(0).normal(size=(6, 3))))
    for decode in DECODERS.values():
        for other in (rows.tolist(), np.asfortranarray(rows), rows.astype(">f8")):
            assert str(decode(other, [6])) == str(decode(rows, [6]))
