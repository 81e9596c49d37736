"""Gradients that vanish or explode over time, or on their way down the layers."""

import numpy as np

from ..hidden_gradients import hidden_gradient_norms
from .findings import Finding

__all__ = ["findings_on_gradients"]

VANISHED = 1e-4  # of the norm at lag 0
EXPLODED = 1e2
LOST_BETWEEN_LAYERS = 1e-3
SHORT = 10  # steps: nothing to vanish over


def findings_on_gradients(estimator, X):
    """Look at how gradients of the outputs reach back.

    Parameters
    ----------
    estimator : estimator instance
        Fitted; reads forward only.
    X : array, data frame, list or Sequences

    Returns
    -------
    findings : list of Finding
    norms : list of ndarray of shape (n_lags,)
        Of each layer, the mean over the sequences that are long enough.
    """
    config = estimator._fitted_network().config
    norms = []
    for layer in range(len(config.hidden_layer_sizes)):
        of_sequences = hidden_gradient_norms(estimator, X, layer=layer)
        enough = (~np.isnan(of_sequences)).mean(axis=0) >= 0.5
        norms.append(np.nanmean(of_sequences[:, enough], axis=0))
    findings = _over_time(norms[-1], len(norms) - 1, config)
    return findings + _over_layers(norms), norms


def _over_time(norms, layer, config):
    relative = norms / norms[0] if norms[0] > 0 else np.ones_like(norms)
    largest = int(relative.argmax())
    if relative[largest] > EXPLODED:
        return [
            Finding(
                "exploding gradients",
                "problem",
                f"The gradient of the output grows {relative[largest]:.3g} times over "
                f"{largest} steps back.",
                "Lower learning_rate_init, init_scale and max_grad_norm; an RNN has "
                "this by nature: use cell='lstm' or 'gru'.",
                {"layer": layer, "lag": largest},
            )
        ]
    # With pooled states each step has a way of its own to the output.
    if config.pooling in ("mean", "max") or len(norms) < SHORT:
        return []
    vanished = np.flatnonzero(relative < VANISHED)
    if len(vanished) == 0 or vanished[0] > len(norms) // 2:
        return []
    advice = (
        "If they matter: pooling='mean' or 'max', bidirectional=True, or "
        "forget_bias='chrono' for longer memories."
    )
    if config.pooling is None:
        advice = "If they matter: bidirectional=True, or forget_bias='chrono'."
    if config.cell.startswith("rnn"):
        advice = "Use cell='lstm' or 'gru', which were made for this. " + advice
    return [
        Finding(
            "vanishing gradients",
            "hint",
            f"The gradient of the output has fallen below {VANISHED:g} of its norm "
            f"{vanished[0]} steps back, but sequences have {len(norms)} steps: the "
            "earlier ones have next to no influence.",
            advice,
            {"layer": layer, "lag": int(vanished[0])},
        )
    ]


def _over_layers(norms):
    sizes = [norm.max() for norm in norms]
    for layer in range(len(sizes) - 1, 0, -1):
        if sizes[layer - 1] < LOST_BETWEEN_LAYERS * sizes[layer]:
            return [
                Finding(
                    "gradients lost between layers",
                    "problem",
                    f"The gradient is {sizes[layer]:.3g} at the states of layer "
                    f"{layer} and {sizes[layer - 1]:.3g} at those of layer "
                    f"{layer - 1}: the layers below hardly learn.",
                    "Use fewer layers; look for saturated gates in the layer above.",
                    {"layer": layer - 1},
                )
            ]
    return []
