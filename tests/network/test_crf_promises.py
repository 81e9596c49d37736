"""What the CRF promises: the same bits in any company, NaN that stays, weights."""

from types import SimpleNamespace

import numpy as np
import pytest
from crf_problems import WAYS, CRFProblem, tag_counts
from gradient_checks import assert_same_gradient
from numpy.testing import assert_allclose, assert_array_equal
from reference_crf import NAMES

from sklstm import _kernels
from sklstm.network.crf import CRF
from sklstm.network.memory import Workspace
from sklstm.sequences.packing import pack_batch

each_way = pytest.mark.parametrize("way", WAYS)


@pytest.fixture
def kernels64(isa):
    return _kernels.load_variant(np.float64, isa)


@each_way
def test_marginals_sum_to_one(kernels, dtype, way):
    for n_tags in tag_counts(kernels):
        problem = CRFProblem(kernels, dtype, n_tags, way=way)
        marginals = problem.crf.marginals(
            problem.emissions, problem.batch, problem.parameters
        )
        assert_allclose(marginals.sum(axis=1), 1, rtol=8 * np.finfo(dtype).eps)
        assert (marginals >= 0).all()


@each_way
def test_every_team_gives_the_same_bits(kernels, dtype, way):
    lengths = np.random.default_rng(0).integers(1, 25, size=41)
    problem = CRFProblem(kernels, dtype, 33, lengths, way=way)
    losses, gradients = problem.run()
    crf, inputs = problem.crf, (problem.emissions, problem.batch, problem.parameters)
    marginals, codes = crf.marginals(*inputs), crf.viterbi(*inputs)
    for n_threads in (2, 3):
        others, other_gradients = problem.run(n_threads)
        assert_array_equal(others, losses)
        for name, gradient in gradients.items():
            assert_array_equal(other_gradients[name], gradient, err_msg=name)
        assert_array_equal(crf.marginals(*inputs, n_threads), marginals)
        assert_array_equal(crf.viterbi(*inputs, n_threads), codes)


@each_way
@pytest.mark.parametrize("n_tags", [3, 40])
def test_a_sequence_gets_the_same_bits_in_any_company(kernels, dtype, n_tags, way):
    problem = CRFProblem(kernels, dtype, n_tags, (5, 2, 9, 5, 1, 7, 7, 3), way=way)
    crf, parameters = problem.crf, problem.parameters

    def by_sample(order):
        problem.set_batch(pack_batch(problem.sequences, np.array(order)))
        losses, gradients = problem.run()
        inputs = problem.emissions, problem.batch, parameters
        marginals, codes = crf.marginals(*inputs), crf.viterbi(*inputs)
        return {
            sample: (losses[b], gradients["emissions"][problem.rows(b)],
                     marginals[problem.rows(b)], codes[problem.rows(b)])
            for b, sample in enumerate(problem.batch.index)
        }  # fmt: skip

    together = by_sample(range(8))
    for order in ([5, 3, 0, 7, 1, 2, 6, 4], *([sample] for sample in range(8))):
        for sample, results in by_sample(order).items():
            for found, wanted in zip(results, together[sample], strict=True):
                assert_array_equal(found, wanted)


@each_way
def test_weights_count_repetitions(kernels64, way):
    problem = CRFProblem(kernels64, np.float64, 4, way=way)
    problem.all_weights[:] = [2, 1, 0, 1, 3, 1]
    _, weighted = problem.run()
    repeated = np.repeat(np.arange(6), problem.all_weights.astype(int))
    problem.set_batch(pack_batch(problem.sequences, repeated))
    _, gradients = problem.run(weights=None)
    for name in NAMES:
        assert_same_gradient(weighted[name], gradients[name], name)


@each_way
def test_nothing_comes_from_a_sequence_of_zero_weight(kernels, dtype, way):
    problem = CRFProblem(kernels, dtype, 4, way=way)
    spoiled = 1
    weights = problem.weights
    weights[spoiled] = 0
    rows = problem.rows(spoiled)
    losses, gradients = problem.run(weights=weights)
    assert losses[spoiled] == 0
    assert not gradients["emissions"][rows].any()
    problem.emissions[rows] = np.nan
    others, other_gradients = problem.run(weights=weights)
    assert_array_equal(others, losses)
    for name, gradient in gradients.items():
        assert_array_equal(other_gradients[name], gradient, err_msg=name)


@each_way
@pytest.mark.parametrize("step", [0, 2, 3], ids=["first", "inner", "last"])
def test_nan_stays_in_its_sequence_and_reaches_the_parameters(
    kernels, dtype, way, step
):
    problem = CRFProblem(kernels, dtype, 3, way=way)
    crf, parameters, batch = problem.crf, problem.parameters, problem.batch
    losses, gradients = problem.run()
    codes = crf.viterbi(problem.emissions, batch, parameters)
    rows = problem.rows(1)
    problem.emissions[rows[step], 2] = np.nan
    spoiled, spoiled_gradients = problem.run()
    marginals = crf.marginals(problem.emissions, batch, parameters)
    found, scores = crf.viterbi(
        problem.emissions, batch, parameters, return_scores=True
    )
    others = np.setdiff1d(np.arange(batch.n_rows), rows)
    assert_array_equal(np.flatnonzero(np.isnan(spoiled)), [1])
    assert_array_equal(np.delete(spoiled, 1), np.delete(losses, 1))
    assert_array_equal(np.flatnonzero(np.isnan(scores)), [1])
    assert np.isnan(spoiled_gradients["emissions"][rows]).any(axis=1).all()
    assert np.isnan(marginals[rows]).any(axis=1).all()
    assert_array_equal(
        spoiled_gradients["emissions"][others], gradients["emissions"][others]
    )
    assert_array_equal(found[others], codes[others])
    assert ((found >= 0) & (found < 3)).all()
    for name in NAMES:
        assert np.isnan(spoiled_gradients[name]).any(), name


@pytest.mark.parametrize("name", NAMES)
def test_nan_among_the_parameters_comes_out(kernels, dtype, name):
    problem = CRFProblem(kernels, dtype, 3)
    problem.parameters[name][1] = np.nan
    losses, _ = problem.run()
    codes, scores = problem.crf.viterbi(
        problem.emissions, problem.batch, problem.parameters, return_scores=True
    )
    touched = problem.batch.lengths > (1 if name == "transitions" else 0)
    assert_array_equal(np.isnan(losses[touched]), True)
    assert_array_equal(np.isnan(scores), problem.batch.lengths > 0)
    assert ((codes >= 0) & (codes < 3)).all()


@each_way
def test_what_lies_between_the_rows_of_a_view_is_not_read(kernels, dtype, way):
    problem = CRFProblem(kernels, dtype, kernels.lanes() + 1, way=way)
    losses, gradients = problem.run()
    codes = problem.crf.viterbi(problem.emissions, problem.batch, problem.parameters)
    n_rows, n_tags = problem.emissions.shape
    wide = np.full((n_rows, n_tags + 5), np.nan, dtype=dtype)
    wide[:, :n_tags] = problem.emissions
    problem.emissions = wide[:, :n_tags]
    found, found_gradients = problem.run()
    assert_array_equal(found, losses)
    for name, gradient in gradients.items():
        assert_array_equal(found_gradients[name], gradient, err_msg=name)
    assert_array_equal(
        problem.crf.viterbi(problem.emissions, problem.batch, problem.parameters), codes
    )


@each_way
@pytest.mark.parametrize("lengths", [(), (0, 0)], ids=["no_samples", "no_steps"])
def test_nothing_gives_nothing(kernels, dtype, way, lengths):
    crf = CRF(3, dtype, kernels)
    crf._largest_range = WAYS[way]
    batch = SimpleNamespace(
        n_samples=len(lengths), n_rows=0, lengths=np.array(lengths, dtype=np.intp),
        offsets=np.zeros(1, dtype=np.intp),
    )  # fmt: skip
    emissions, codes = np.empty((0, 3), dtype=dtype), np.empty(0, dtype=np.intp)
    parameters = {k: np.ones(s, dtype) for k, s in crf.parameter_shapes.items()}
    gradients = {k: np.full_like(v, np.nan) for k, v in parameters.items()}
    losses, d_emissions = crf.negative_log_likelihood(
        emissions, batch, codes, None, parameters, gradients, Workspace(dtype)
    )
    assert_array_equal(losses, np.zeros(len(lengths)))
    assert d_emissions.shape == (0, 3)
    assert not any(gradient.any() for gradient in gradients.values())
    assert crf.marginals(emissions, batch, parameters).shape == (0, 3)
    assert crf.viterbi(emissions, batch, parameters).shape == (0,)


@pytest.mark.parametrize("code", [-1, 3])
def test_a_code_without_a_tag_is_refused(code):
    problem = CRFProblem(_kernels.kernels_for(np.float64), np.float64, 3)
    problem.all_codes[problem.batch.row_source[4]] = code
    with pytest.raises(ValueError, match=rf"codes\[4\] is {code}: .* 0 to 2"):
        problem.run()
