"""An encoder-decoder network in inference: sources read once, symbols step by step."""

from types import SimpleNamespace

import numpy as np

from .attention import Places
from .sequence_to_sequence_passes import SequenceToSequencePass, Workspaces
from .steps import make_plan

__all__ = ["StepDecoder"]


class StepDecoder:
    """What `sklstm.decoding.beam_search` needs of a network and some sources.

    A row's results do not depend on the others, to the last bit.

    Parameters
    ----------
    network : SequenceToSequence
    batch : PairedBatch
        Only its sources are read.
    n_threads : int, default=1

    Attributes
    ----------
    state : tuple of ndarray
        At the start, one row a sample, in the order of the batch: the place of its
        memory, then hidden and cell states of every layer.
    """

    def __init__(self, network, batch, n_threads=1):
        self._network, self._n_threads = network, n_threads
        self._packed, self._workspaces = network.packed(), Workspaces(network.dtype)
        self._pass = SequenceToSequencePass(
            network, batch, self._packed, self._workspaces, n_threads
        )
        initial = self._pass.start()
        place = np.arange(batch.n_samples, dtype=np.intp)
        if self._pass.places is not None:
            place = self._pass.places.memory_place
        self.state = (place, *(array for one in initial for array in one.values()))

    def step(self, symbols, state):
        """Scores of the symbols after these, and the next state.

        Parameters
        ----------
        symbols : ndarray of intp of shape (n_rows,)
        state : tuple of ndarray
            As in `state`.

        Returns
        -------
        scores : ndarray of shape (n_rows, n_symbols)
        state : tuple of ndarray
        """
        network, place, n_rows = self._network, state[0], len(symbols)
        offsets = np.array([0, n_rows], dtype=np.intp)
        lengths = np.ones(n_rows, dtype=np.intp)
        one_step = SimpleNamespace(
            n_samples=n_rows, n_rows=n_rows, offsets=offsets, lengths=lengths
        )
        plan = make_plan(one_step, self._n_threads, True)
        rows = network.embedding.forward(
            symbols, network.views["embedding"], self._workspaces["embedding"]
        )
        after, parts = [place], iter(state[1:])
        workspaces = self._workspaces.of("decoder")
        for layer_place, layer in network.decoder.layers.items():
            names = ("hidden_0", "cell_0")[: 1 + layer.cell.has_cell_state]
            states = layer.forward(
                plan, rows, self._packed["decoder"][layer_place],
                workspaces[layer_place], training=False,
                **{name: next(parts) for name in names},
            )  # fmt: skip
            hidden = states.hidden[n_rows:]
            rows = hidden[:, : layer.output_size]
            after += layer.last_states(plan, states).values()
        places = None
        if self._pass.places is not None:
            memory = self._pass.places[2:4]
            places = Places(offsets, lengths, *memory, np.ascontiguousarray(place))
        return self._pass.score(hidden, places), tuple(after)
