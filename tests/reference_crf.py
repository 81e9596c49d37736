"""Linear-chain conditional random fields in plain NumPy: every path, and recursions.

Everything here is float64 and takes one sequence at a time.
"""

from itertools import product

import numpy as np

NAMES = ("transitions", "start", "end")


def random_parameters(n_tags, rng, scale=1.0):
    """Scores of a chain, by name."""
    shapes = {"transitions": (n_tags, n_tags), "start": n_tags, "end": n_tags}
    return {name: scale * rng.normal(size=shape) for name, shape in shapes.items()}


def path_score(emissions, path, parameters):
    """The score of one sequence of tags."""
    path = np.asarray(path)
    if not len(path):
        return 0.0
    score = emissions[np.arange(len(path)), path].sum(dtype=np.float64)
    score += parameters["transitions"][path[:-1], path[1:]].sum(dtype=np.float64)
    return (
        score + float(parameters["start"][path[0]]) + float(parameters["end"][path[-1]])
    )


def all_paths(emissions, parameters):
    """Every sequence of tags, the last tag first in the order, and its score."""
    length, n_tags = emissions.shape
    paths = [path[::-1] for path in product(range(n_tags), repeat=length)]
    return paths, np.array([path_score(emissions, p, parameters) for p in paths])


def enumerated(emissions, parameters):
    """log Z, marginals and the best path, from the list of all paths.

    Of equally good paths the first one of the list, which has the lower tag where they
    differ last.
    """
    paths, scores = all_paths(emissions, parameters)
    log_partition = np.logaddexp.reduce(scores)
    marginals = np.zeros(emissions.shape)
    for path, score in zip(paths, scores, strict=True):
        marginals[np.arange(len(path)), path] += np.exp(score - log_partition)
    best = scores.argmax()
    return log_partition, marginals, paths[best], scores[best]


def recursions(emissions, parameters):
    """log Z, marginals and expected pairs by forward-backward in log space."""
    emissions = np.asarray(emissions, dtype=np.float64)
    transitions, start, end = (np.asarray(parameters[k], np.float64) for k in NAMES)
    length, n_tags = emissions.shape
    alpha, beta = np.empty((2, length, n_tags))
    alpha[0] = start + emissions[0]
    for t in range(1, length):
        alpha[t] = emissions[t] + log_sum(alpha[t - 1][:, np.newaxis] + transitions, 0)
    beta[-1] = end
    for t in range(length - 2, -1, -1):
        beta[t] = log_sum(transitions + emissions[t + 1] + beta[t + 1], 1)
    log_partition = log_sum(alpha[-1] + end, 0)
    pairs = np.zeros((n_tags, n_tags))
    for t in range(1, length):
        inner = alpha[t - 1][:, np.newaxis] + transitions + emissions[t] + beta[t]
        pairs += np.exp(inner - log_partition)
    return log_partition, np.exp(alpha + beta - log_partition), pairs


def log_sum(values, axis):
    """log sum exp along an axis; -infinity where all are."""
    return np.logaddexp.reduce(values, axis=axis)
