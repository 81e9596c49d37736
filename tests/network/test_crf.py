"""The linear-chain CRF against all paths, finite differences and recursions."""

import numpy as np
import pytest
from crf_problems import WAYS, CRFProblem, tag_counts
from gradient_checks import assert_gradient_matches
from numpy.testing import assert_allclose, assert_array_equal
from reference_crf import NAMES, all_paths, enumerated, path_score, recursions

from sklstm import _kernels
from sklstm.network.memory import Workspace

LOSS_TOLERANCE = {np.float32: 3e-6, np.float64: 1e-13}
GRADIENT_TOLERANCE = {np.float32: 5e-6, np.float64: 1e-13}

each_way = pytest.mark.parametrize("way", WAYS)


@pytest.fixture
def kernels64(isa):
    return _kernels.load_variant(np.float64, isa)


def assert_problem_solved(problem, n_threads=1):
    """Losses and gradients are those of the recursions in float64."""
    dtype = problem.dtype.type
    losses, gradients = problem.run(n_threads)
    expected_losses, expected = problem.expected(recursions)
    assert_allclose(losses, expected_losses, rtol=0, atol=30 * LOSS_TOLERANCE[dtype])
    for name, gradient in gradients.items():
        assert_allclose(
            gradient, expected[name], rtol=0, atol=30 * GRADIENT_TOLERANCE[dtype],
            err_msg=f"{name} of {problem.n_tags} tags",
        )  # fmt: skip


# ---- every path ----


@each_way
@pytest.mark.parametrize("n_tags", [1, 2, 3, 5])
def test_losses_and_marginals_are_those_of_all_paths(kernels, dtype, n_tags, way):
    problem = CRFProblem(kernels, dtype, n_tags, way=way)
    losses, _ = problem.run(weights=None)
    marginals = problem.crf.marginals(
        problem.emissions, problem.batch, problem.parameters
    )
    for sample in range(problem.batch.n_samples):
        rows = problem.rows(sample)
        if not len(rows):
            assert losses[sample] == 0
            continue
        emissions = problem.emissions[rows].astype(np.float64)
        log_partition, wanted, _, _ = enumerated(emissions, problem.parameters)
        wanted_loss = log_partition - path_score(
            emissions, problem.codes[rows], problem.parameters
        )
        assert_allclose(losses[sample], wanted_loss, atol=LOSS_TOLERANCE[dtype])
        assert_allclose(marginals[rows], wanted, atol=GRADIENT_TOLERANCE[dtype])


@pytest.mark.parametrize("n_tags", [1, 2, 3, 5])
def test_viterbi_finds_the_best_of_all_paths(kernels, dtype, n_tags):
    problem = CRFProblem(kernels, dtype, n_tags, seed=n_tags)
    codes, scores = problem.crf.viterbi(
        problem.emissions, problem.batch, problem.parameters, return_scores=True
    )
    assert codes.dtype == np.intp
    for sample in range(problem.batch.n_samples):
        rows = problem.rows(sample)
        if not len(rows):
            assert scores[sample] == 0
            continue
        emissions = problem.emissions[rows].astype(np.float64)
        _, _, path, score = enumerated(emissions, problem.parameters)
        assert_array_equal(codes[rows], path)
        assert_allclose(scores[sample], score, atol=LOSS_TOLERANCE[dtype])


def test_of_equal_paths_viterbi_takes_the_lower_tag_at_the_last_difference(
    kernels, dtype
):
    """Scores are small whole numbers: many paths are equally good."""
    rng = np.random.default_rng(0)
    n_tied = 0
    for seed in range(12):
        problem = CRFProblem(kernels, dtype, 3, seed=seed)
        problem.emissions = rng.integers(2, size=problem.emissions.shape).astype(dtype)
        for array in problem.parameters.values():
            array[...] = rng.integers(2, size=array.shape)
        codes = problem.crf.viterbi(
            problem.emissions, problem.batch, problem.parameters
        )
        for sample in range(problem.batch.n_samples - 1):  # the last has no steps
            rows = problem.rows(sample)
            emissions = problem.emissions[rows].astype(np.float64)
            paths, scores = all_paths(emissions, problem.parameters)
            assert_array_equal(codes[rows], paths[scores.argmax()])
            n_tied += (scores == scores.max()).sum() > 1
    assert n_tied > 20


# ---- gradients ----


@each_way
@pytest.mark.parametrize("n_tags", [2, 3, None], ids=["2", "3", "lanes_and_1"])
def test_gradient_of_every_argument_by_finite_differences(kernels64, n_tags, way):
    n_tags = n_tags or kernels64.lanes() + 1
    problem = CRFProblem(kernels64, np.float64, n_tags, way=way)
    _, gradients = problem.run()
    for name in NAMES:
        assert_gradient_matches(
            gradients[name], problem.loss, problem.parameters[name], name
        )
    assert_gradient_matches(
        gradients["emissions"], problem.loss, problem.emissions, "emissions"
    )


def test_losses_alone_are_the_same_losses(kernels, dtype):
    problem = CRFProblem(kernels, dtype, 5)
    losses, _ = problem.run()
    assert problem.loss() == losses.sum()


@each_way
def test_all_sizes_agree_with_the_recursions(kernels, dtype, way):
    lengths = (1, 5, 2, 9, 5, 1, 0, 3, 7, 4, 6, 8, 2, 1, 3)
    for n_tags in tag_counts(kernels):
        assert_problem_solved(CRFProblem(kernels, dtype, n_tags, lengths, way=way))


def test_seventy_two_tags_agree_with_the_recursions(kernels, dtype):
    lengths = np.random.default_rng(0).integers(1, 15, size=32)
    assert_problem_solved(CRFProblem(kernels, dtype, 72, lengths))


@each_way
def test_a_long_sequence_agrees_with_the_recursions(kernels, dtype, way):
    problem = CRFProblem(kernels, dtype, 7, [700, 3], way=way)
    losses, gradients = problem.run()
    expected_losses, expected = problem.expected(recursions)
    assert_allclose(losses, expected_losses, rtol=100 * GRADIENT_TOLERANCE[dtype])
    tolerance = 100 * GRADIENT_TOLERANCE[dtype]
    assert_allclose(gradients["emissions"], expected["emissions"], atol=tolerance)
    assert_allclose(
        gradients["transitions"], expected["transitions"], atol=30 * tolerance
    )


# ---- large scores ----


@pytest.mark.parametrize("scale", [100.0, 1e4])
def test_large_emissions_neither_overflow_nor_lose_digits(kernels, dtype, scale):
    problem = CRFProblem(kernels, dtype, 6, [4, 9, 1, 12], scale=scale)
    losses, gradients = problem.run()
    expected_losses, expected = problem.expected(recursions)
    resolution = 100 * (np.finfo(dtype).eps + scale * np.finfo(np.float64).eps)
    assert_allclose(losses, expected_losses, rtol=1e-6, atol=resolution)
    for name, gradient in gradients.items():
        assert_allclose(gradient, expected[name], atol=resolution, err_msg=name)


@each_way
def test_enormous_emissions_decide_alone(kernels, dtype, way):
    """Of either sign: the best path has probability one."""
    for sign in (-1, 1):
        problem = CRFProblem(kernels, dtype, 6, [4, 9, 1, 12], way=way, scale=1e30)
        problem.emissions = sign * np.abs(problem.emissions)
        best = problem.emissions.argmax(axis=1)
        problem.all_codes[problem.batch.row_source] = best
        losses, gradients = problem.run(weights=None)
        marginals = problem.crf.marginals(
            problem.emissions, problem.batch, problem.parameters
        )
        assert_allclose(losses, 0, atol=1e-12 * 1e30)
        assert_allclose(marginals, np.eye(6)[best], atol=1e-6)
        for name, gradient in gradients.items():
            assert_allclose(gradient, 0, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("spread", [20.0, 0.99, 1.01, 100.0, 1e4])
def test_large_transitions_are_exact_on_both_sides_of_the_limit(kernels, dtype, spread):
    """Emissions that speak for what the transitions speak against."""
    problem = CRFProblem(kernels, dtype, 5, [6, 4, 9, 2])
    limit = problem.crf._largest_range
    spread = spread * limit if spread < 2 else spread
    signs = np.random.default_rng(0).integers(2, size=(5, 5))
    problem.parameters["transitions"][:] = spread * signs
    problem.parameters["end"][:] = [0, spread, 0, spread, 0]
    for row, code in enumerate(problem.codes):
        # Far down in the scale of a row, and the true path all the same.
        problem.emissions[row, code] += spread * (row % 3)
    losses, gradients = problem.run()
    expected_losses, expected = problem.expected(recursions)
    resolution = np.finfo(dtype).eps * max(spread, 10)
    assert_allclose(losses, expected_losses, rtol=1e-5, atol=30 * resolution)
    for name, gradient in gradients.items():
        assert_allclose(gradient, expected[name], atol=30 * resolution, err_msg=name)


def test_the_way_of_sums_follows_the_range_of_the_scores(kernels, dtype):
    problem = CRFProblem(kernels, dtype, 4)
    for name, position in (("transitions", (1, 2)), ("end", 1), ("start", 1)):
        parameters = {k: np.zeros_like(v) for k, v in problem.parameters.items()}
        ways = []
        for spread in (0.98, 1.02):
            parameters[name][position] = -spread * problem.crf._largest_range
            sums = problem.crf._sums(parameters, Workspace(dtype), 1)
            ways.append(type(sums).__name__)
        other = "_Products" if name == "start" else "_Logarithms"
        assert ways == ["_Products", other]


def test_forbidden_transitions_have_probability_zero(kernels, dtype):
    problem = CRFProblem(kernels, dtype, 3, [4, 3, 1])
    transitions = problem.parameters["transitions"]
    transitions[0, 2] = transitions[1, 0] = -np.inf
    problem.parameters["start"][2] = -np.inf
    problem.parameters["end"][1] = -np.inf
    problem.all_codes = np.zeros_like(problem.all_codes)
    losses, gradients = problem.run(weights=None)
    crf, batch = problem.crf, problem.batch
    marginals = crf.marginals(problem.emissions, batch, problem.parameters)
    codes = crf.viterbi(problem.emissions, batch, problem.parameters)
    for sample in range(batch.n_samples):
        rows = problem.rows(sample)
        emissions = problem.emissions[rows].astype(np.float64)
        log_partition, wanted, path, _ = enumerated(emissions, problem.parameters)
        assert_allclose(marginals[rows], wanted, atol=GRADIENT_TOLERANCE[dtype])
        assert_array_equal(codes[rows], path)
        score = path_score(emissions, problem.codes[rows], problem.parameters)
        assert_allclose(losses[sample], log_partition - score, rtol=1e-5)
    assert gradients["transitions"][0, 2] == gradients["transitions"][1, 0] == 0
    assert gradients["start"][2] == gradients["end"][1] == 0
