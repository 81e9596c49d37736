"""A conditional random field in a graph: the best path, and the marginals.

Both are loops over the steps, with what is known of all labels at a step as the state.
Steps of padding pass it on.
"""

import numpy as np

from .graph import Tensor

__all__ = ["add_marginals", "add_viterbi"]


def add_viterbi(graph, emissions, steps, field):
    """Add the search for the likeliest labels of each sequence.

    Parameters
    ----------
    graph : GraphBuilder
    emissions : str
        Of shape (n_timesteps, n_samples, n_tags).
    steps : Steps
    field : mapping from str to ndarray
        ``transitions``, ``start`` and ``end`` of a `CRFHead`.

    Returns
    -------
    codes : str
        Of shape (n_timesteps, n_samples); anything in padding.
    """
    body, field = graph.body(), _in_float32(field)
    n_tags = len(field["start"])
    scores, step, first, real = _of_body(body)
    # (n_samples, from, to)
    paths = body.op(
        "Add", body.op("Unsqueeze", scores, [2]), field["transitions"][np.newaxis]
    )
    best = body.op("ReduceMax", paths, [1], keepdims=0)
    before = body.op("ArgMax", paths, axis=1, keepdims=0)
    best = body.op("Where", first, field["start"][np.newaxis], best)
    best = body.op("Where", real, body.op("Add", best, step), scores)
    before = body.op("Where", real, before, np.arange(n_tags)[np.newaxis])
    wide = "n", n_tags
    last, parents = graph.scan(
        body,
        [Tensor(_zeros(graph, emissions), np.float32, wide)],
        _sequences(graph, emissions, steps, n_tags),
        ([best], [Tensor("", np.int64, wide, before)]),
    )
    final = graph.op("Add", last, field["end"])
    ending = graph.op("ArgMax", final, axis=1, keepdims=1)

    body = graph.body()
    code, before = body.inner("state", 0), body.inner("step", 0)
    previous = body.op("GatherElements", before, code, axis=1)
    handed_out = [Tensor("", np.int64, ("n", 1), code)]
    _, codes = graph.scan(
        body, [Tensor(ending, np.int64, ("n", 1))], [Tensor(parents, np.int64, wide)],
        ([previous], handed_out), backward=True,
    )  # fmt: skip
    return graph.op("Squeeze", codes, [2])


def add_marginals(graph, emissions, steps, field):
    """Add the probability of each label at each step, over all paths.

    Parameters
    ----------
    graph, emissions, steps, field : as for `add_viterbi`

    Returns
    -------
    probabilities : str
        Of shape (n_timesteps, n_samples, n_tags).
    """
    field = _in_float32(field)
    n_tags = len(field["start"])
    wide, sequences = ("n", n_tags), _sequences(graph, emissions, steps, n_tags)

    # What the paths to a label weigh.
    body = graph.body()
    scores, step, first, real = _of_body(body)
    after = _logsumexp(body, scores, field["transitions"])
    after = body.op("Where", first, field["start"][np.newaxis], after)
    after = body.op("Where", real, body.op("Add", after, step), scores)
    _, forward = graph.scan(
        body, [Tensor(_zeros(graph, emissions), np.float32, wide)], sequences,
        ([after], [Tensor("", np.float32, wide, after)]),
    )  # fmt: skip

    # What the paths from a label to the end weigh, without the label's own step.
    body = graph.body()
    scores, step, _, real = _of_body(body)
    ahead = body.op("Add", scores, step)
    ahead = _logsumexp(body, ahead, field["transitions"].T)
    ahead = body.op("Where", real, ahead, scores)
    end = graph.op("Add", _zeros(graph, emissions), field["end"])
    _, backward = graph.scan(
        body, [Tensor(end, np.float32, wide)], sequences,
        ([ahead], [Tensor("", np.float32, wide, scores)]), backward=True,
    )  # fmt: skip
    return graph.op("Softmax", graph.op("Add", forward, backward), axis=2)


def _in_float32(field):
    return {name: np.asarray(array, np.float32) for name, array in field.items()}


def _logsumexp(body, scores, transitions):
    """Sums over the paths that come to each label, in logarithms."""
    paths = body.op("Add", body.op("Unsqueeze", scores, [2]), transitions[np.newaxis])
    return body.op("ReduceLogSumExp", paths, [1], keepdims=0)


def _zeros(graph, emissions):
    """A state of all zeros, (n_samples, n_tags)."""
    shape = graph.op("Shape", emissions, start=1)
    return graph.op("Expand", np.zeros((1, 1), np.float32), shape)


def _sequences(graph, emissions, steps, n_tags):
    """What the loops read: emissions, whether a step is the first, and whether real."""
    numbers = graph.op("Unsqueeze", steps.numbers, [1, 2])
    return [
        Tensor(emissions, np.float32, ("n", n_tags)),
        Tensor(graph.op("Equal", numbers, 0), np.bool_, (1, 1)),
        Tensor(steps.are_real, np.bool_, ("n", 1)),
    ]


def _of_body(body):
    """The state of a loop, and what it reads."""
    return body.inner("state", 0), *(body.inner("step", k) for k in range(3))
