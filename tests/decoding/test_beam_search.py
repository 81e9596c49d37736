"""Beam search against exhaustive search and against a beam in plain Python."""

from itertools import product

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklstm._kernels import kernels_for
from sklstm.decoding import beam_search

START, END, UNKNOWN = 0, 1, 2


class Model:
    """Log-probabilities that depend on all symbols so far, and on the sample.

    The state is a number for each hypothesis; a step mixes the symbol in.
    """

    def __init__(self, n_symbols, seed=0, sharpness=2.0, ties=False):
        rng = np.random.default_rng(seed)
        self.outputs = sharpness * rng.normal(size=(50, n_symbols))
        if ties:
            self.outputs = np.round(self.outputs)
        self.n_symbols = n_symbols
        self.n_rows = []

    def state_of(self, samples):
        """The start of some samples."""
        return (np.asarray(samples, dtype=np.intp) * 7 % 50,)

    def step(self, symbols, state):
        """One step of all hypotheses."""
        self.n_rows.append(len(symbols))
        mixed = (state[0] * 11 + symbols * 5 + 3) % 50
        return self.outputs[mixed], (mixed,)

    def log_probabilities(self, state, symbol):
        """Of one hypothesis, and its state."""
        outputs, (state,) = self.step(np.array([symbol]), (np.array([state]),))
        row = outputs[0] - outputs[0].max()
        return row - np.log(np.exp(row).sum()), int(state[0])


def search(model, samples, **options):
    options = {"end": END, "forbidden": (START,), **options}
    start = np.full(len(samples), START)
    return beam_search(model.step, model.state_of(samples), start, **options)


def penalty(n_symbols, alpha):
    return ((5 + n_symbols) / 6) ** alpha


def exhaustive(model, sample, max_length, alpha, forbidden):
    """Every sequence that ends, and its score; the best first."""
    allowed = [code for code in range(model.n_symbols) if code not in (END, *forbidden)]
    found = []
    for n_symbols in range(max_length):
        for symbols in product(allowed, repeat=n_symbols):
            state, total, last = int(model.state_of([sample])[0][0]), 0.0, START
            for code in (*symbols, END):
                values, state = model.log_probabilities(state, last)
                total, last = total + values[code], code
            found.append((total / penalty(n_symbols + 1, alpha), symbols))
    return sorted(found, key=lambda item: -item[0])


def plain_beam(model, sample, width, max_length, alpha, forbidden=(START,)):
    """The definition for one sample: finished and cut hypotheses, the best first."""
    beam = [((), 0.0, int(model.state_of([sample])[0][0]), START)]
    finished, cut = [], []
    for n_symbols in range(1, max_length + 1):
        continued = []
        for symbols, total, state, last in beam:
            values, after = model.log_probabilities(state, last)
            continued += [
                ((*symbols, code), total + values[code], after, code)
                for code in range(model.n_symbols)
                if code not in forbidden
            ]
        continued.sort(key=lambda item: -item[1])  # stable
        beam = []
        for item in continued[: width - len(finished)]:
            if item[3] == END:
                finished.append((item[1] / penalty(n_symbols, alpha), item[0][:-1]))
            elif n_symbols == max_length:
                cut.append((item[1] / penalty(n_symbols, alpha), item[0]))
            else:
                beam.append(item)
    return [
        *sorted(finished, key=lambda item: -item[0]),
        *sorted(cut, key=lambda item: -item[0]),
    ]


@pytest.mark.parametrize("alpha", [0.0, 0.6, 1.0, 2.0])
@pytest.mark.parametrize("seed", range(3))
def test_a_wide_beam_finds_what_exhaustive_search_finds(alpha, seed):
    model, max_length, forbidden = Model(5, seed), 4, (START, UNKNOWN)
    found = search(
        model, range(4), max_length=max_length, beam_width=200, n_best=6,
        length_penalty=alpha, forbidden=forbidden,
    )  # fmt: skip
    for sample, hypotheses in enumerate(found):
        wanted = exhaustive(model, sample, max_length, alpha, forbidden)[:6]
        assert [tuple(h.symbols) for h in hypotheses] == [w[1] for w in wanted]
        assert_allclose([h.score for h in hypotheses], [w[0] for w in wanted])
        assert all(h.is_finished for h in hypotheses)


@pytest.mark.parametrize("width", [1, 2, 3, 5])
@pytest.mark.parametrize("ties", [False, True])
def test_the_beam_equals_its_definition(width, ties):
    for seed, alpha in ((0, 1.0), (1, 0.0), (2, 0.7)):
        model = Model(6, seed, ties=ties)
        for n_best in {1, width}:
            found = search(
                model, range(20), max_length=7, beam_width=width, n_best=n_best,
                length_penalty=alpha,
            )  # fmt: skip
            for sample, hypotheses in enumerate(found):
                wanted = plain_beam(model, sample, width, 7, alpha)[:n_best]
                assert [tuple(h.symbols) for h in hypotheses] == [w[1] for w in wanted]
                assert_allclose([h.score for h in hypotheses], [w[0] for w in wanted])


def test_width_one_takes_the_likeliest_symbol_at_every_step():
    model, max_length = Model(7, seed=5), 9
    for sample, [found] in enumerate(search(model, range(30), max_length=max_length)):
        state, last, symbols = int(model.state_of([sample])[0][0]), START, []
        for _ in range(max_length):
            values, state = model.log_probabilities(state, last)
            values[START] = -np.inf
            last = int(values.argmax())
            if last == END:
                break
            symbols.append(last)
        assert found.symbols.tolist() == symbols
        assert found.is_finished == (last == END)


def test_some_hypotheses_end_and_some_are_cut():
    """Otherwise the tests above would test little."""
    for width in (1, 3):
        found = search(Model(7, seed=5), range(30), max_length=9, beam_width=width)
        assert 1 < sum(best.is_finished for [best] in found) <= 30
    found = search(Model(7, seed=5), range(30), max_length=3)
    assert 1 < sum(best.is_finished for [best] in found) < 30
    assert all(len(h.symbols) == 3 for [h] in found if not h.is_finished)
    assert all(len(h.symbols) < 3 for [h] in found if h.is_finished)


@pytest.mark.parametrize("width", [1, 4])
def test_a_sample_gets_the_same_alone_and_in_any_company(width):
    model = Model(6, seed=3, ties=True)
    options = {"max_length": 8, "beam_width": width, "n_best": width}
    together = search(model, range(25), **options)
    order = np.random.default_rng(0).permutation(25)
    shuffled = search(model, order, **options)
    for place, sample in enumerate(order):
        [alone] = search(model, [sample], **options)
        for other in (alone, shuffled[place]):
            assert len(other) == len(together[sample])
            for found, wanted in zip(other, together[sample], strict=True):
                assert_array_equal(found.symbols, wanted.symbols)
                assert found[1:] == wanted[1:]


def test_every_sample_has_its_own_largest_length():
    limits = np.array([1, 5, 3, 8])
    found = search(Model(7, seed=5), range(4), max_length=limits, beam_width=2)
    for sample, limit in enumerate(limits):
        [alone] = search(
            Model(7, seed=5), [sample], max_length=int(limit), beam_width=2
        )
        assert_array_equal(found[sample][0].symbols, alone[0].symbols)
        assert len(found[sample][0].symbols) <= limit


@pytest.mark.parametrize("seed", range(3))
def test_hypotheses_that_must_end_are_all_there_are(seed):
    """As many as there are sequences, each once, with the probability of its end."""
    model, forbidden = Model(5, seed), (START, UNKNOWN)
    options = {"beam_width": 200, "n_best": 200, "forbidden": forbidden}
    found = search(model, range(4), max_length=4, must_end=True, **options)
    for sample, hypotheses in enumerate(found):
        wanted = exhaustive(model, sample, 4, 1.0, forbidden)
        assert [tuple(h.symbols) for h in hypotheses] == [w[1] for w in wanted]
        assert_allclose([h.score for h in hypotheses], [w[0] for w in wanted])
    limits = np.array([1, 2, 4, 3])
    found = search(model, range(4), max_length=limits, must_end=True)
    cut = search(model, range(4), max_length=limits)
    for [one], [other], limit in zip(found, cut, limits, strict=True):
        assert one.is_finished
        assert_array_equal(one.symbols, other.symbols[: limit - 1])


def test_ties_go_to_the_smaller_symbol_and_the_better_hypothesis():
    def step(symbols, state):
        return np.zeros((len(symbols), 5)), state

    [found] = beam_search(
        step, (), np.array([0]), end=4, max_length=2, beam_width=3, n_best=3
    )
    assert [h.symbols.tolist() for h in found] == [[0, 0], [0, 1], [0, 2]]


def test_forbidden_symbols_never_appear_but_keep_their_probability():
    def step(symbols, state):
        outputs = np.log(np.array([[0.1, 0.6, 0.3]]))
        return np.repeat(outputs, len(symbols), axis=0), state

    [[best]] = beam_search(
        step, (), np.array([2]), end=0, max_length=3, forbidden=(1,), length_penalty=0
    )
    assert best.symbols.tolist() == [2, 2, 2]
    assert_allclose(best.log_probability, 3 * np.log(0.3))


def test_longer_sequences_win_with_a_larger_penalty():
    model = Model(6, seed=1, sharpness=0.7)
    lengths = [
        np.mean([
            len(best.symbols)
            for [best] in search(
                model, range(40), max_length=12, beam_width=8, length_penalty=alpha
            )
        ])
        for alpha in (0.0, 1.0, 3.0)
    ]  # fmt: skip
    assert lengths[0] < lengths[1] < lengths[2]


def test_samples_that_are_done_cost_no_more_steps():
    model = Model(6, seed=2)
    found = search(model, range(30), max_length=50)
    assert all(best.is_finished for [best] in found)
    expected = [sum(len(h.symbols) >= n for [h] in found) for n in range(50)]
    assert model.n_rows == [n for n in expected if n]


def test_a_search_stops_when_nothing_better_can_come():
    n_rows = []

    def step(symbols, state):
        n_rows.append(len(symbols))
        outputs = np.log(np.array([[0.9, 0.05, 0.05]]))
        return np.repeat(outputs, len(symbols), axis=0), state

    options = {"end": 0, "max_length": 20, "beam_width": 3}
    [[best]] = beam_search(step, (), np.array([1]), length_penalty=0.5, **options)
    assert best.symbols.tolist() == []
    assert n_rows == [1]


def test_no_samples_have_no_hypotheses():
    assert search(Model(4), [], max_length=3) == []


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_scores_of_both_dtypes_are_taken(dtype):
    model = Model(6, seed=4)
    model.outputs = model.outputs.astype(dtype)
    [[best]] = search(model, [1], max_length=6, beam_width=3)
    wanted = plain_beam(Model(6, seed=4), 1, 3, 6, 1.0)[0]
    assert tuple(best.symbols) == wanted[1]
    assert_allclose(best.score, wanted[0], rtol=1e-6)


def test_nan_is_refused_with_the_sample_and_the_step():
    def step(symbols, state):
        outputs = np.zeros((len(symbols), 4))
        outputs[state[0] + (symbols == 0) * 9 == 2, 2] = np.nan
        return outputs, state

    with pytest.raises(ValueError, match="symbol 1 of sample 2 are NaN"):
        beam_search(
            step, (np.arange(3),), np.zeros(3, int), end=3, max_length=4, forbidden=(0,)
        )


@pytest.mark.parametrize(
    "options, message",
    [
        ({"beam_width": 0}, "beam_width must be at least 1"),
        ({"beam_width": 2.5}, "beam_width must be an int of at least 1, got 2.5"),
        ({"beam_width": "a"}, "beam_width must be an int of at least 1, got 'a'"),
        ({"n_best": 0}, "n_best must be at least 1"),
        ({"beam_width": 2, "n_best": 3}, "n_best must be at most beam_width"),
        ({"length_penalty": -1.0}, "length_penalty must be a finite number of at"),
        ({"length_penalty": np.nan}, "length_penalty must be a finite number of at"),
        ({"length_penalty": "a"}, "length_penalty must be a number, got 'a'"),
        ({"max_length": 0}, "max_length of sample 0 is 0"),
        ({"max_length": 2.5}, "max_length must be an int"),
        ({"max_length": [1, 2, 3]}, r"max_length has shape \(3,\)"),
        ({"forbidden": (4,)}, r"forbidden must be symbols from 0 to 3, got \[4\]"),
        ({"forbidden": (-1,)}, r"forbidden must be symbols from 0 to 3, got \[-1\]"),
        ({"n_threads": 0}, "n_threads must be at least 1"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        search(Model(4), [0, 1], **{"max_length": 3, **options})


@pytest.mark.parametrize(
    "outputs, message",
    [
        (np.zeros(3), r"outputs of step has shape \(3,\)"),
        (np.zeros((1, 4)), r"shape \(1, 4\): expected a row for each of 2 hypotheses"),
        (np.array([["a"] * 4] * 2), "has dtype <U1: expected numbers"),
    ],
)
def test_outputs_of_another_form_are_refused(outputs, message):
    with pytest.raises((ValueError, TypeError), match=message):
        beam_search(
            lambda *given: (outputs, ()), (), np.zeros(2, int), end=1, max_length=3
        )


def test_rows_may_lie_in_any_order_in_memory():
    model = Model(5)
    [[expected]] = search(model, [3], max_length=4)
    step = model.step
    model.step = lambda *given: (np.asfortranarray(step(*given)[0]), step(*given)[1])
    [[found]] = search(model, [3], max_length=4)
    assert found.log_probability == expected.log_probability


def test_best_symbols_equal_a_sorted_log_softmax(kernels, dtype):
    rng = np.random.default_rng(0)
    tolerance = 1e-6 if dtype == np.float32 else 1e-13
    for n_symbols in (1, 2, kernels.lanes(), 2 * kernels.lanes() + 3, 40):
        outputs = np.round(3 * rng.normal(size=(9, n_symbols)), 1).astype(dtype)
        forbidden = np.zeros(n_symbols, dtype=np.uint8)
        forbidden[: n_symbols // 3] = 1
        exact = outputs.astype(np.float64)
        exact -= np.log(np.exp(exact).sum(axis=1, keepdims=True))
        exact[:, forbidden == 1] = -np.inf
        order = np.argsort(-exact, axis=1, kind="stable")[:, :5]
        n_real = min(5, int((forbidden == 0).sum()))
        for n_threads in (1, 2):
            values, codes = np.empty((9, 5)), np.empty((9, 5), dtype=np.intp)
            kernels.best_symbols(outputs, forbidden, values, codes, n_threads)
            assert_array_equal(codes[:, :n_real], order[:, :n_real])
            wanted = np.take_along_axis(exact, order, axis=1)[:, :n_real]
            assert_allclose(values[:, :n_real], wanted, rtol=0, atol=tolerance)
            assert (codes[:, n_real:] == -1).all()
            assert (values[:, n_real:] == -np.inf).all()


def test_best_symbols_have_the_same_bits_for_every_team():
    rng = np.random.default_rng(1)
    outputs = rng.normal(size=(120, 5003)).astype(np.float32)
    results = []
    for n_threads in (1, 2, 3):
        values, codes = np.empty((120, 4)), np.empty((120, 4), dtype=np.intp)
        forbidden = np.zeros(5003, dtype=np.uint8)
        kernels_for(np.float32).best_symbols(
            outputs, forbidden, values, codes, n_threads
        )
        results.append((values, codes))
    for values, codes in results[1:]:
        assert_array_equal(values, results[0][0])
        assert_array_equal(codes, results[0][1])
