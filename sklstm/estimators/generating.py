"""Going on with sequences, step by step."""

import math
from numbers import Integral, Real

import numpy as np

from .._threads import effective_n_threads
from ..decoding import draw_binary, draw_symbols
from ..sequences import Sequences
from ..sequences.streams import Streams, StreamWindow
from ..sequences.symbol_input import read_sequence, read_symbols
from ..training.predictions import predictions

__all__ = ["Generator"]


class Generator:
    """Reads beginnings and draws what follows.

    Parameters
    ----------
    network : RecurrentNetwork
        Without pooling.
    task : LanguageTask
    estimator : LSTMLanguageModel
    """

    def __init__(self, network, task, estimator):
        self._network, self._task, self._estimator = network, task, estimator

    # ---- beginnings ----------------------------------------------------------------

    def outputs_after(self, X):
        """Outputs of the network after each of some beginnings.

        Parameters
        ----------
        X : like that of `LSTMLanguageModel.fit`

        Returns
        -------
        outputs : ndarray of shape (n_samples, n_outputs)
        """
        task = self._task
        if task.table is None:
            return self._read(task.checked_vectors(self._estimator, X))[0]
        beginnings = read_symbols(X, "X", task.table)
        return self._read(self.encoded(beginnings, "X[{}]"))[0]

    def encoded(self, beginnings, name):
        """Codes of some beginnings as `Sequences`, at least one step each.

        Parameters
        ----------
        beginnings : list of str, list or tuple
            Checked.
        name : str
            What the user calls one of them, with a place for its number.

        Returns
        -------
        sequences : Sequences
        """
        codes, lengths = self._task.table.encode(beginnings)
        sequences = self._task.marked(codes, lengths, ended=False)
        if sequences.lengths.min() == 0:
            raise ValueError(
                f"{name.format(int(np.argmin(sequences.lengths)))} is empty, and this "
                "model has no beginnings (mark_ends=False): give it a symbol to begin "
                "with."
            )
        return sequences

    def _read(self, sequences):
        """Outputs at the last step of each sequence, and the states there."""
        network, n_samples = self._network, len(sequences)
        # One step more than there is, so that all steps are read.
        rows = int(sequences.offsets[-1])
        values = np.zeros((rows + n_samples, sequences.n_features), sequences.dtype)
        lengths = np.asarray(sequences.lengths)
        is_step = np.ones(len(values), dtype=bool)
        is_step[np.cumsum(lengths + 1) - 1] = False
        values[is_step] = sequences.values
        streams = Streams(Sequences(values, lengths + 1))
        n_threads = effective_n_threads(
            self._estimator.n_jobs, min(rows, 8192) * network.n_multiplied
        )
        last = np.cumsum(lengths + 1) - 2
        sample_of = np.full(len(values), -1)
        sample_of[last] = np.arange(n_samples)
        outputs, states = None, None
        passes = streams.passes(n_outputs=network.config.n_outputs)
        for of_pass, batch, at_end in predictions(
            network, streams, passes, n_threads, with_states=True
        ):
            if outputs is None:
                outputs = np.empty((n_samples, of_pass.shape[1]), of_pass.dtype)
                states = [
                    {
                        name: np.empty((n_samples, part.shape[1]), part.dtype)
                        for name, part in of_layer.items()
                    }
                    for of_layer in at_end
                ]
            samples = sample_of[batch.row_source]
            outputs[samples[samples >= 0]] = of_pass[samples >= 0]
            for kept, of_layer in zip(states, at_end, strict=True):
                for name, part in of_layer.items():
                    kept[name][batch.index] = part
        return outputs, states

    # ---- drawing -------------------------------------------------------------------

    def generate(self, prime, length, n_samples, generator, **how):
        """Draw sequences; see `LSTMLanguageModel.generate`.

        Returns
        -------
        sequences : list of str, list or ndarray
        """
        _check(length, n_samples, **how)
        if self._task.table is None:
            return self._generate_vectors(prime, length, n_samples, generator, **how)
        task = self._task
        prime = self._first_symbol(generator) if prime is None else prime
        prime = read_sequence(prime, "prime", task.table)
        outputs, states = self._read(self.encoded([prime], "prime"))
        outputs = np.repeat(outputs, n_samples, axis=0)
        states = _taken(states, np.zeros(n_samples, dtype=np.intp))
        written, alive = [[] for _ in range(n_samples)], np.arange(n_samples)
        for step in range(length):
            codes = draw_symbols(self._allowed(outputs), generator, **how)
            goes_on = codes != task.end
            codes, alive = codes[goes_on], alive[goes_on]
            for sample, code in zip(alive, codes, strict=True):
                written[sample].append(code)
            if step == length - 1 or len(alive) == 0:
                break
            outputs, states = self._step(codes, _taken(states, goes_on))
        head = "".join(map(str, prime)) if task.table.joins else list(prime)
        return [head + task.table.decode(codes) for codes in written]

    def _first_symbol(self, generator):
        """What a sequence begins with when nothing is given."""
        task = self._task
        if task.mark_ends:
            return "" if task.table.joins else []
        [code] = draw_symbols(np.log(task.frequencies[np.newaxis] + 1e-300), generator)
        return task.table.decode([code])

    def _allowed(self, outputs):
        """Outputs as scores, -inf where a symbol cannot be written."""
        scores = outputs.astype(np.float64)
        scores[:, list(self._task.forbidden)] = -math.inf
        if not self._task.mark_ends:
            scores[:, self._task.end] = -math.inf
        return scores

    def _generate_vectors(
        self, prime, length, n_samples, generator, *, temperature, top_k, top_p
    ):
        if top_k is not None or top_p is not None:
            raise ValueError(
                "top_k and top_p choose among symbols, but this model draws each "
                "channel of a vector on its own: leave them at None, and use "
                "temperature."
            )
        n_channels = self._network.config.n_features
        if prime is None:
            prime = np.zeros((1, n_channels))
        _check_vectors(prime, n_channels)
        sequences = self._task.checked_vectors(self._estimator, [prime])
        outputs, states = self._read(sequences)
        outputs = np.repeat(outputs, n_samples, axis=0)
        states = _taken(states, np.zeros(n_samples, dtype=np.intp))
        drawn = np.empty((n_samples, length, n_channels))
        for step in range(length):
            drawn[:, step] = draw_binary(outputs, generator, temperature=temperature)
            if step < length - 1:
                values = drawn[:, step].astype(self._network.dtype)
                outputs, states = self._step(values, states)
        head = np.asarray(sequences.values, dtype=np.float64)
        return [np.concatenate([head, part]) for part in drawn]

    def _step(self, rows, states):
        """Read one step of each sequence."""
        n_rows = len(rows)
        values = rows.reshape(n_rows, -1)
        streams = Streams(Sequences(values, np.ones(n_rows, dtype=np.intp)))
        places = np.arange(n_rows, dtype=np.intp)
        window = StreamWindow(places, places, places, np.ones_like(places), False)
        n_threads = effective_n_threads(
            self._estimator.n_jobs, n_rows * self._network.n_multiplied
        )
        return self._network.run(
            streams.pack(window), n_threads, states, wants_states=True
        )


def _taken(states, index):
    return [{name: part[index] for name, part in one.items()} for one in states]


def _check_vectors(prime, n_channels):
    try:
        shape = np.shape(prime)
    except ValueError:  # lists of unequal lengths
        shape = "of no array"
    if len(shape) != 2 or shape[0] == 0 or shape[1] != n_channels:
        raise ValueError(
            f"prime has the shape {shape}: expected one vector or more of {n_channels} "
            f"channels, (n_steps, {n_channels}). None begins with zeros."
        )


def _check(length, n_samples, *, temperature, top_k, top_p):
    for name, value, least in (
        ("length", length, 0),
        ("n_samples", n_samples, 1),
        ("top_k", top_k, 1),
    ):
        if value is not None and not (isinstance(value, Integral) and value >= least):
            raise ValueError(
                f"{name} must be an int of at least {least}, got {value!r}."
            )
    if not (isinstance(temperature, Real) and 0 <= temperature < math.inf):
        raise ValueError(
            f"temperature must be 0 or positive, and finite, got {temperature!r}."
        )
    if top_p is not None and not (isinstance(top_p, Real) and 0 < top_p <= 1):
        raise ValueError(f"top_p must be in (0, 1], got {top_p!r}.")
