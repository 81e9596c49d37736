"""What belongs to sequences (targets, weights), repeated for their time steps."""

import numpy as np
from sklearn import get_config
from sklearn.utils import get_tags
from sklearn.utils.metadata_routing import process_routing
from sklearn.utils.validation import has_fit_parameter

from .container import Sequences
from .validation import check_targets


def lift_target(y, sequences, transformer):
    """Targets of the time steps: those of their sequences, or their own.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, n_outputs), list of arrays, \
            or None
        One entry a sequence, or for each sequence one entry a step.
    sequences : Sequences
    transformer : estimator
        Its tags say whether it can do without.

    Returns
    -------
    y : ndarray of shape (n_total_timesteps, ...) or None
        None also if `y` has neither form and is not needed: a pipeline hands every
        step the targets of its last one.
    """
    if y is None:
        return None
    if isinstance(y, Sequences):
        y = [of_one[:, 0] if y.n_features == 1 else of_one for of_one in y]
    check_targets(sequences, y)
    if _is_array_of_arrays(y):
        if all(
            len(of_one) == n for of_one, n in zip(y, sequences.lengths, strict=True)
        ):
            return np.concatenate([np.asarray(of_one) for of_one in y])
        if len({len(of_one) for of_one in y}) > 1:
            if not get_tags(transformer).target_tags.required:
                return None  # what a model translates to says nothing about steps
            raise ValueError(
                f"{type(transformer).__name__} needs y, which must have one entry a "
                "sequence or one entry a time step."
            )
    return np.repeat(np.asarray(y), sequences.lengths, axis=0)


def lift_metadata(params, sequences, estimator, method):
    """Keyword arguments of a method of the wrapped transformer, one entry a step.

    Parameters
    ----------
    params : dict
        What the user passed to `method` of `estimator`.
    sequences : Sequences
    estimator : estimator
        A router with the parameter ``transformer``.
    method : {"fit", "fit_transform", "partial_fit"}

    Returns
    -------
    params : dict
        With what has one entry a sequence repeated for each of its steps.
    """
    params = {name: value for name, value in params.items() if value is not None}
    if "sample_weight" in params:
        params["sample_weight"] = _checked_weights(params["sample_weight"], sequences)
    if get_config()["enable_metadata_routing"]:
        params = process_routing(estimator, method, **params)["transformer"][method]
    elif "sample_weight" in params and not has_fit_parameter(
        estimator.transformer, "sample_weight"
    ):
        raise ValueError(
            f"sample_weight was passed, but {type(estimator.transformer).__name__} "
            "does not take weights. (A pipeline passes them to its steps when metadata "
            "routing is enabled.)"
        )
    return {
        name: np.repeat(np.asarray(value), sequences.lengths, axis=0)
        if np.ndim(value) and len(value) == len(sequences)
        else value
        for name, value in params.items()
    }


def _checked_weights(weights, sequences):
    """Weights of sequences (n_samples,)."""
    weights = np.asarray(weights)
    if weights.ndim == 0:
        return np.full(len(sequences), weights)
    if weights.ndim > 1:
        raise ValueError(
            "Sample weights must be 1D array or scalar: one weight a sequence, "
            f"repeated for its time steps. Got shape {weights.shape}."
        )
    check_targets(sequences, weights, "sample_weight")
    return weights


def _is_array_of_arrays(y):
    """Whether y is a list or object array of arrays or lists."""
    is_object = isinstance(y, np.ndarray) and y.dtype == object and y.ndim == 1
    listed = isinstance(y, list | tuple) or is_object
    return listed and all(isinstance(of_one, list | tuple | np.ndarray) for of_one in y)
