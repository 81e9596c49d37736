"""Attention: weights, contexts, and the way back."""

import numpy as np
import pytest
from attention_problems import QUERY_LENGTHS, AttentionProblem
from gradient_checks import assert_gradient_matches
from numpy.testing import assert_allclose, assert_array_equal

from sklstm import _kernels

TOLERANCE = {np.float32: 2e-6, np.float64: 1e-13}
KINDS = {
    "dot_shared": (False, True),
    "dot": (False, False),
    "additive_shared": (True, True),
    "additive": (True, False),
}
every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


def sizes_around(lanes):
    sizes = sorted({1, max(1, lanes - 1), lanes, lanes + 1, 4 * lanes, 6 * lanes + 3})
    return [(size, 1 + (3 * size) % (5 * lanes + 1)) for size in sizes]


@every_kind
def test_weights_and_context_equal_their_definition(kernels, dtype, kind):
    for sizes in sizes_around(kernels.lanes()):
        problem = AttentionProblem(kernels, dtype, *kind, sizes)
        for found, wanted in zip(problem.forward(), problem.reference(), strict=True):
            assert_allclose(found, wanted, rtol=0, atol=sizes[0] * TOLERANCE[dtype])


@every_kind
def test_gradients_equal_finite_differences(isa, kind):
    kernels = _kernels.load_variant(np.float64, isa)
    problem = AttentionProblem(kernels, np.float64, *kind)
    for name, gradient in problem.backward().items():
        if name == "score_weight":
            gradient = gradient.sum(axis=0)
        size = 5 if name == "values" else 7
        real = getattr(problem, name)[..., :size]
        changed = np.array(real)

        def loss(real=real, changed=changed):
            real[...] = changed
            return problem.loss()

        assert_gradient_matches(gradient[..., :size], loss, changed, name)
        real[...] = changed
        assert not gradient[..., size:].any(), f"{name}: padding has a gradient"


@every_kind
def test_gradients_of_both_dtypes_agree(kernels, dtype, isa, kind):
    exact = _kernels.load_variant(np.float64, isa)
    for size in (5, 2 * kernels.lanes() + 3):
        problem = AttentionProblem(kernels, dtype, *kind, (size, size + 2))
        found = problem.backward()
        wanted = AttentionProblem(exact, np.float64, *kind, (size, size + 2))
        for name, gradient in wanted.backward().items():
            width = min(gradient.shape[1], found[name].shape[1])
            tolerance = 10 * TOLERANCE[dtype] * max(1, np.abs(gradient).max())
            assert_allclose(
                found[name][:, :width], gradient[:, :width], rtol=0, atol=tolerance,
                err_msg=name,
            )  # fmt: skip


@every_kind
def test_every_team_gives_the_same_bits(kernels, dtype, kind):
    """Enough work that every thread has some."""
    rng = np.random.default_rng(3)
    queries, memory = (np.sort(rng.integers(0, 30, size=40))[::-1] for _ in range(2))
    memory[-1] = 0
    problem = AttentionProblem(
        kernels, dtype, *kind, (40, 33), queries, memory, rng.permutation(40)
    )
    one, back = problem.forward(), problem.backward()
    for n_threads in (2, 3):
        for found, wanted in zip(problem.forward(n_threads), one, strict=True):
            assert_array_equal(found, wanted)
        for name, gradient in problem.backward(n_threads).items():
            assert_array_equal(gradient, back[name], err_msg=name)


@every_kind
def test_a_sample_has_the_same_bits_alone(kernels, dtype, kind):
    together = AttentionProblem(kernels, dtype, *kind, (19, 11))
    weights, context = together.forward()
    gradients = together.backward()
    for sample in range(len(QUERY_LENGTHS)):
        rows, of_memory = together.rows(sample)
        alone = AttentionProblem(
            kernels, dtype, *kind, (19, 11), [len(rows)], [len(of_memory)], [0]
        )
        for name in ("queries", "d_context"):
            setattr(alone, name, getattr(together, name)[rows])
        alone.keys, alone.values = together.keys[of_memory], together.values[of_memory]
        alone.score_weight = together.score_weight
        found, found_context = alone.forward()
        assert_array_equal(found, weights[rows, : found.shape[1]])
        assert_array_equal(found_context, context[rows])
        places = {"queries": rows, "score_weight": [sample]}
        for name, gradient in alone.backward().items():
            wanted = gradients[name][places.get(name, of_memory)]
            assert_array_equal(gradient, wanted, err_msg=name)


def test_several_queries_may_look_at_one_memory(kernels, dtype):
    """As the hypotheses of a beam do."""
    problem = AttentionProblem(
        kernels, dtype, False, True, query_lengths=[1] * 5, memory_lengths=[4, 2],
        place=[1, 0, 0, 1, 0],
    )  # fmt: skip
    for found, wanted in zip(problem.forward(2), problem.reference(), strict=True):
        assert_allclose(found, wanted, rtol=0, atol=10 * TOLERANCE[dtype])


@every_kind
def test_weights_are_probabilities_and_zero_beyond_the_memory(kernels, dtype, kind):
    problem = AttentionProblem(kernels, dtype, *kind)
    weights, context = problem.forward()
    for sample in range(len(QUERY_LENGTHS)):
        rows, of_memory = problem.rows(sample)
        n_memory = len(of_memory)
        assert_allclose(weights[rows].sum(axis=1), float(n_memory > 0), rtol=1e-6)
        assert not weights[rows, n_memory:].any()
        if n_memory == 0:
            assert not context[rows].any()


def test_scores_that_overflow_exp_are_no_harm(kernels, dtype):
    problem = AttentionProblem(kernels, dtype, False, True)
    problem.queries *= 1e4
    weights, context = problem.forward()
    assert np.isfinite(weights).all()
    assert np.isfinite(context).all()
    assert all(np.isfinite(g).all() for g in problem.backward().values())


@every_kind
def test_nan_stays_with_its_sample(kernels, dtype, kind):
    problem = AttentionProblem(kernels, dtype, *kind)
    clean = problem.forward()[1]
    rows, of_memory = problem.rows(1)
    problem.keys[of_memory[4], 2] = np.nan
    weights, context = problem.forward()
    assert np.isnan(weights[rows, : len(of_memory)]).all()
    others = np.setdiff1d(np.arange(len(clean)), rows)
    assert np.isnan(context[rows]).any(axis=1).all()
    assert_array_equal(context[others], clean[others])


@pytest.mark.parametrize(
    "lengths, memory, place", [([0, 0], [3, 1], [1, 0]), ([2], [0], [0]), ([], [], [])]
)
def test_without_queries_or_memory_everything_is_zero(
    kernels, dtype, lengths, memory, place
):
    problem = AttentionProblem(
        kernels, dtype, True, False, (5, 3), lengths, memory, place
    )
    assert not problem.forward()[1].any()
    assert not any(gradient.any() for gradient in problem.backward().values())
