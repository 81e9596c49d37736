"""Beam search: sequences of symbols that a model thinks likely, step by step.

**The beam.** Of all continuations of a sample's hypotheses, the ``beam_width``
likeliest are kept. One that ends leaves the beam and takes its place along: the beam
gets narrower by it, as in Bahdanau et al. (2015), so a beam of width 1 is greedy
search. Hypotheses that have not ended at the largest length are cut there, or made to
end (`must_end`).

**Length.** The log-probability of a sequence falls with every symbol, so short ones
would win. Hypotheses that ended are compared by their log-probability divided by
``((5 + n) / 6) ** length_penalty`` (Wu et al. 2016), with n symbols, the end included:
0 compares log-probabilities, 1 nearly their means a symbol; the plain mean would let
very short sequences win by one lucky symbol. A search is over before the beam is empty
when no continuation, whatever its symbols, can be among the best any more: stopping
there changes no result.

**Ties.** Of equally likely continuations that of the better hypothesis comes first, and
of the same hypothesis the smaller symbol; of equal scores the hypothesis that ended
first. No result depends on the other samples of a call.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from .._kernels import kernels_for
from .._typing import ArrayLike
from .checks import check_codes, check_count, check_number, check_rows

__all__ = ["Hypothesis", "beam_search"]


class Hypothesis(NamedTuple):
    """A sequence that a search found.

    Parameters
    ----------
    symbols : ndarray of intp of shape (n_symbols,)
        Without the end symbol.
    score : float
        Log-probability, end included, divided by the penalty of the length.
    log_probability : float
        Of the symbols and the end.
    is_finished : bool
        Whether it ended; otherwise it was cut at the largest length.
    """

    symbols: np.ndarray
    score: float
    log_probability: float
    is_finished: bool


def beam_search(
    step: Callable[..., Any], state: Any, symbols: ArrayLike, *, end: int,
    max_length: int | ArrayLike, beam_width: int = 1, length_penalty: float = 1.0,
    n_best: int = 1, forbidden: Iterable[int] = (), must_end: bool = False,
    n_threads: int = 1,
) -> list[list[Hypothesis]]:  # fmt: skip
    """Search for the likeliest sequences of some samples.

    Parameters
    ----------
    step : callable
        ``outputs, state = step(symbols, state)``: takes the last symbol of every
        hypothesis, an array of shape (n_rows,), and the state that belongs to it;
        returns scores of shape (n_rows, n_symbols) whose softmax are the probabilities
        of the next symbol, and the new state. A row must not depend on the others.
    state : tuple of ndarray
        At the start, with one row a sample. The search copies, drops and reorders rows.
    symbols : ndarray of int of shape (n_samples,)
        The symbol that each sample starts from.
    end : int
        The symbol that ends a sequence.
    max_length : int or ndarray of int of shape (n_samples,)
        Most symbols of a sequence, its end included; at least 1.
    beam_width : int, default=1
        Hypotheses kept; 1 is greedy search.
    length_penalty : float, default=1.0
        Exponent of the length, at least 0: the larger, the longer the results.
    n_best : int, default=1
        Hypotheses to return, at most ``beam_width``.
    forbidden : sequence of int, default=()
        Symbols that are never taken. Their probability is not given to others.
    must_end : bool, default=False
        Whether the last symbol of a sequence of `max_length` is its end, however
        unlikely: all results end then, and no two are the same.
    n_threads : int, default=1
        Threads that compute the probabilities; no result depends on them.

    Returns
    -------
    hypotheses : list of list of Hypothesis
        For each sample, the best first, at most ``n_best``: those that ended before
        those that were cut at the largest length.

    Raises
    ------
    TypeError, ValueError
        If a score is NaN, `step` returns rows of another form, or an option is out of
        range.

    Examples
    --------
    A model that likes 2 after 1 and 0, the end, after 2:

    >>> import numpy as np
    >>> from sklstm.decoding import beam_search
    >>> probabilities = np.array(
    ...     [[1.0, 0.0, 0.0], [0.1, 0.2, 0.7], [0.6, 0.3, 0.1]])
    >>> def step(symbols, state):
    ...     return np.log(np.maximum(probabilities[symbols], 1e-9)), state
    >>> [[best]] = beam_search(step, (), np.array([1]), end=0, max_length=9)
    >>> best.symbols, round(float(np.exp(best.log_probability)), 2)
    (array([2]), 0.42)
    """
    symbols = check_codes(symbols, "symbols")
    limits = _checked_limits(max_length, symbols)
    beam_width = check_count(beam_width, "beam_width")
    n_best = check_count(n_best, "n_best")
    if n_best > beam_width:
        raise ValueError(
            f"n_best must be at most beam_width, got n_best={n_best} and "
            f"beam_width={beam_width}"
        )
    length_penalty = check_number(length_penalty, "length_penalty")
    n_threads = check_count(n_threads, "n_threads")
    forbidden = check_codes(list(forbidden), "forbidden")
    beam = _Beam(symbols, limits, beam_width, length_penalty, n_best, end)
    blocked = None
    while len(beam.sample):
        outputs, state = step(beam.last, state)
        outputs = check_rows(outputs, "outputs of step")
        if blocked is None:
            blocked = _blocked(forbidden, outputs.shape[1])
        if outputs.shape != (len(beam.sample), len(blocked)):
            raise ValueError(
                f"outputs of step have shape {outputs.shape}: expected a row for each "
                f"of {len(beam.sample)} hypotheses and {len(blocked)} symbols"
            )
        values, codes = _best(outputs, beam_width, blocked, n_threads, beam)
        if must_end and (last := beam.is_last).any():
            but_the_end = np.ones_like(blocked)
            but_the_end[end] = 0
            values[last], codes[last] = _best(
                outputs[last], beam_width, but_the_end, n_threads, beam
            )
        rows = beam.advance(values, codes)
        state = tuple(array[rows] for array in state)
    return beam.results()


def _checked_limits(max_length, symbols):
    """The largest length of each sample."""
    limits = np.asarray(max_length)
    if limits.dtype.kind not in "iu":
        raise TypeError(
            f"max_length must be an int, or one a sample; got {max_length!r}"
        )
    if limits.ndim and limits.shape != symbols.shape:
        raise ValueError(
            f"max_length has shape {limits.shape}: expected an int, or one for each of "
            f"{len(symbols)} samples"
        )
    limits = np.broadcast_to(limits.astype(np.intp), symbols.shape)
    if len(limits) and limits.min() < 1:
        sample = int(np.argmin(limits))
        raise ValueError(
            f"max_length of sample {sample} is {limits[sample]}, expected at least 1"
        )
    return limits


def _blocked(forbidden, n_symbols):
    """One for each symbol that is never taken."""
    if len(forbidden) and not 0 <= forbidden.min() <= forbidden.max() < n_symbols:
        raise ValueError(
            f"forbidden must be symbols from 0 to {n_symbols - 1}, got "
            f"{forbidden.tolist()}"
        )
    blocked = np.zeros(n_symbols, dtype=np.uint8)
    blocked[forbidden] = 1
    return blocked


def _best(outputs, n_best, blocked, n_threads, beam):
    """Log-probabilities and codes of the likeliest symbols of each row."""
    values = np.empty((len(outputs), n_best))
    codes = np.empty((len(outputs), n_best), dtype=np.intp)
    kernels_for(outputs.dtype).best_symbols(outputs, blocked, values, codes, n_threads)
    if np.isnan(values).any():
        row = int(np.argmax(np.isnan(values).any(axis=1)))
        raise ValueError(
            f"the model's scores of symbol {beam.n_symbols} of sample "
            f"{beam.sample[row]} are NaN or infinite"
        )
    return values, codes


class _Beam:
    """Hypotheses that have not ended, one a row, and those that have.

    Rows are ordered by sample, those of a sample from the likeliest down.
    """

    def __init__(self, symbols, limits, width, length_penalty, n_best, end):
        n_samples = len(symbols)
        self.limits, self.width, self.n_best, self.end = limits, width, n_best, end
        self.length_penalty = length_penalty
        self.sample = np.arange(n_samples)
        self.last = symbols
        self.history = np.empty((n_samples, 0), dtype=np.intp)
        self.log_probability = np.zeros(n_samples)
        self.places = np.full(n_samples, width)  # left in the beam of each sample
        self.ended = [[] for _ in range(n_samples)]
        self.cut = [[] for _ in range(n_samples)]

    @property
    def n_symbols(self):
        """Symbols of every hypothesis."""
        return self.history.shape[1]

    @property
    def is_last(self):
        """Whether the next symbol of each hypothesis is the last one it may have."""
        return self.limits[self.sample] == self.n_symbols + 1

    def penalty(self, n_symbols):
        """What the log-probability of so many symbols, the end included, is over."""
        return ((5.0 + n_symbols) / 6.0) ** self.length_penalty

    def advance(self, values, codes):
        """Continue all hypotheses by one symbol; the rows that go on come from these.

        Parameters
        ----------
        values, codes : ndarray of shape (n_rows, width)
            Log-probabilities and codes of the likeliest symbols of each row.

        Returns
        -------
        rows : ndarray of intp
        """
        rows, choice = self._choose(values)
        code = codes[rows, choice]
        self.log_probability = self.log_probability[rows] + values[rows, choice]
        self.sample, self.last = self.sample[rows], code
        self.history = np.column_stack([self.history[rows], code])
        ends = code == self.end
        is_cut = ~ends & (self.n_symbols >= self.limits[self.sample])
        self._finish(np.flatnonzero(ends), self.ended)
        self._finish(np.flatnonzero(is_cut), self.cut)
        going = np.flatnonzero(~ends & ~is_cut)
        self._keep(going)
        hopeful = self._can_still_win()
        self._keep(hopeful)
        return rows[going[hopeful]]

    def _finish(self, rows, where):
        """Take rows out of the beam, with their places."""
        is_finished = where is self.ended
        penalty = self.penalty(self.n_symbols)
        for row in rows:
            symbols = self.history[row, : self.n_symbols - is_finished].copy()
            log_probability = float(self.log_probability[row])
            where[self.sample[row]].append(
                Hypothesis(
                    symbols, log_probability / penalty, log_probability, is_finished
                )
            )
            self.places[self.sample[row]] -= 1

    def _keep(self, rows):
        self.history, self.last = self.history[rows], self.last[rows]
        self.sample = self.sample[rows]
        self.log_probability = self.log_probability[rows]

    def _choose(self, values):
        """Rows and choices of the likeliest continuations, in the order of the rows."""
        n_rows, width = values.shape
        is_first = np.empty(n_rows, dtype=bool)
        is_first[0], is_first[1:] = True, self.sample[1:] != self.sample[:-1]
        first_row, group = np.flatnonzero(is_first), np.cumsum(is_first) - 1
        rank = np.arange(n_rows) - first_row[group]
        totals = np.full((len(first_row), width, width), -np.inf)
        totals[group, rank] = self.log_probability[:, np.newaxis] + values
        totals = totals.reshape(len(first_row), -1)
        order = np.argsort(-totals, axis=1, kind="stable")[:, :width]
        places = self.places[self.sample[first_row]]
        taken = np.arange(order.shape[1]) < places[:, np.newaxis]
        taken &= np.take_along_axis(totals, order, axis=1) > -np.inf
        chosen_group, k = np.nonzero(taken)
        chosen = order[chosen_group, k]
        return first_row[chosen_group] + chosen // width, chosen % width

    def _can_still_win(self):
        """Rows of samples whose best continuation could be among the results."""
        is_first = np.ones(len(self.sample), dtype=bool)
        is_first[1:] = self.sample[1:] != self.sample[:-1]
        hopeful = np.ones(len(self.ended), dtype=bool)
        for row in np.flatnonzero(is_first):
            sample = self.sample[row]
            scores = sorted((found.score for found in self.ended[sample]), reverse=True)
            if len(scores) >= self.n_best:
                bound = self.log_probability[row] / self.penalty(self.limits[sample])
                hopeful[sample] = scores[self.n_best - 1] < bound
        return np.flatnonzero(hopeful[self.sample])

    def results(self):
        """The best of each sample."""
        return [
            (
                sorted(ended, key=lambda found: -found.score)
                + sorted(cut, key=lambda found: -found.score)
            )[: self.n_best]
            for ended, cut in zip(self.ended, self.cut, strict=True)
        ]
