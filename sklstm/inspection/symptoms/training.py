"""What curves of the loss tell, and a score against what a constant would get."""

import numpy as np

from .findings import Finding

__all__ = ["findings_on_curves", "findings_on_scores"]

# Of the whole fall of the loss.
STILL_FALLING = 0.02
WENT_UP = 0.25
OVERFITTED = 0.1
# Of its first value.
NO_PROGRESS = 0.01


def findings_on_curves(estimator):
    """Look at the training and validation curves of a fitted estimator.

    Parameters
    ----------
    estimator : estimator instance

    Returns
    -------
    findings : list of Finding
    """
    loss = np.asarray(estimator.loss_curve_, dtype=float)
    findings = []
    if len(loss) >= 2:
        findings += _on_training_loss(estimator, loss)
    validation = estimator.validation_loss_curve_
    if validation is not None and len(validation) >= 5:
        findings += _on_validation_loss(estimator, np.asarray(validation, dtype=float))
    return findings


def _on_training_loss(estimator, loss):
    fall, best = loss[0] - loss.min(), int(loss.argmin())
    if len(loss) >= 5 and fall < NO_PROGRESS * abs(loss[0]):
        return [
            Finding(
                "no progress",
                "problem",
                f"The loss was {loss[0]:.4g} after the first of {len(loss)} epochs, "
                f"and {loss.min():.4g} at best.",
                "Raise learning_rate_init, check that X and y belong together, and "
                "scale the inputs; a smaller alpha or less dropout if they are large.",
                {"epoch": len(loss) - 1},
            )
        ]
    if loss[-1] - loss[best] > WENT_UP * fall:
        return [
            Finding(
                "diverging loss",
                "problem",
                f"The loss was {loss[best]:.4g} at best, in epoch {best}, and is "
                f"{loss[-1]:.4g} in the last one, {len(loss) - 1}.",
                "Lower learning_rate_init (by a factor of 3 to 10) or max_grad_norm, "
                "or enlarge batch_size; learning_rate='adaptive' lowers it by itself.",
                {"epoch": best},
            )
        ]
    tail = max(2, len(loss) // 10)
    if len(loss) < 2 * tail or estimator._state.stop_reason != "max_iter":
        return []
    before, last = loss[-2 * tail : -tail].mean(), loss[-tail:].mean()
    if before - last <= STILL_FALLING * fall:
        return []
    return [
        Finding(
            "not converged",
            "problem",
            f"Training ended at max_iter, after {len(loss)} epochs, while the loss was "
            f"still falling: from {before:.4g} to {last:.4g} over the last {tail}.",
            "Raise max_iter (warm_start=True goes on from here) or learning_rate_init.",
            {"epoch": len(loss) - 1},
        )
    ]


def _on_validation_loss(estimator, validation):
    best = int(validation.argmin())
    fall = validation[0] - validation[best]
    rise = validation[-1] - validation[best]
    late = len(validation) - 1 - best
    if rise <= OVERFITTED * max(fall, 1e-12) or late < max(3, len(validation) // 10):
        return []
    loss = estimator.loss_curve_
    kept = (
        "The best weights were kept."
        if estimator.early_stopping
        else "The weights of the last epoch were kept."
    )
    return [
        Finding(
            "overfitting",
            "hint" if estimator.early_stopping else "problem",
            f"The validation loss was {validation[best]:.4g} at best, in epoch {best}, "
            f"and {validation[-1]:.4g} {late} epochs later, while the training loss "
            f"ended at {loss[-1]:.4g}. {kept}",
            "early_stopping=True keeps the best epoch; raise dropout, "
            "recurrent_dropout or alpha, use fewer units, or more data.",
            {"epoch": best},
        )
    ]


def findings_on_scores(estimator, X, y, is_classifier):
    """Compare the score with that of a constant.

    Parameters
    ----------
    estimator : estimator instance
        With one target a sequence.
    X : array, data frame, list or Sequences
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
    is_classifier : bool

    Returns
    -------
    findings : list of Finding
    scores : dict
        Of the estimator, and of the best constant.
    """
    scores = {"estimator": float(estimator.score(X, y)), "constant": 0.0}
    if is_classifier:
        _, counts = np.unique(np.asarray(y), axis=0, return_counts=True)
        scores["constant"] = float(counts.max() / counts.sum())
    if scores["estimator"] > scores["constant"]:
        return [], scores
    return [
        Finding(
            "no better than a constant",
            "problem",
            f"The score on X and y is {scores['estimator']:.3f}; always predicting "
            f"{'the most frequent label' if is_classifier else 'the mean'} has "
            f"{scores['constant']:.3f}.",
            "Check that X and y belong together; look at the other findings first, "
            "then try other hidden_layer_sizes, pooling and learning_rate_init.",
            {},
        )
    ], scores
