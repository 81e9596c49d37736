"""Running a network over data that are more than one pass."""

from ..sequences.packing import pack_batch
from ..sequences.streams import StreamWindow


def predictions(network, sequences, passes, n_threads, *, with_states=False):
    """Run a network over data in passes.

    Parameters
    ----------
    network : RecurrentNetwork
    sequences : Sequences or the like
    passes : list of ndarray, or of StreamWindow
    n_threads : int
    with_states : bool, default=False
        Whether to yield the states at the end of each window, too.

    Yields
    ------
    outputs : ndarray of shape (n_rows, n_outputs)
    batch : PackedBatch
    states : list of dict
        Only if they are wanted, of `StreamWindow` passes.
    """
    states = None
    for part in passes:
        batch = pack_batch(sequences, part)
        if isinstance(part, StreamWindow):
            outputs, states = network.run(
                batch, n_threads, part.states_of(states), wants_states=True
            )
        else:
            outputs = network.predict(batch, n_threads=n_threads)
        yield (outputs, batch, states) if with_states else (outputs, batch)
