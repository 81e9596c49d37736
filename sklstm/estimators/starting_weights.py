"""Networks that start from weights the user has, or need no training at all."""

from sklearn.utils import check_random_state

from ..network.given_weights import is_given
from ..training.state import TrainingState
from .parameters import check_parameters_apply, check_values

__all__ = ["fit_untrained", "initialize"]


def initialize(network, estimator, random_state, max_length):
    """Draw the weights of a new network, and copy in those that are given.

    Parameters
    ----------
    network : RecurrentNetwork or SequenceToSequence
    estimator : RecurrentEstimator
        Its `weight_init`, `init_scale` and `forget_bias` say how.
    random_state : RandomState
    max_length : int
        Longest training sequence.

    Raises
    ------
    TypeError, ValueError
        If given weights do not fit the network, or leave another parameter nothing to
        do.
    """
    weight_init = given = estimator.weight_init
    if isinstance(given, list):
        weight_init = type(estimator).weight_init  # the default
        if is_given(given):
            _check_nothing_else(estimator)
    network.initialize(
        random_state,
        weight_init=weight_init,
        init_scale=estimator.init_scale,
        forget_bias=estimator.forget_bias,
        max_length=max_length,
    )
    if isinstance(given, list):
        network.set_layers(given, "weight_init")


def _check_nothing_else(estimator):
    """Raise if a parameter was set about drawing, and all weights are given."""
    for name in ("init_scale", "forget_bias"):
        value, default = getattr(estimator, name), getattr(type(estimator), name)
        if value != default:
            raise ValueError(
                f"{name}={value!r} has no effect, since weight_init gives the weights "
                f"of all layers. Leave {name} at its default, {default!r}."
            )


def fit_untrained(estimator, X, y, set_weights, classes=None):
    """Give an estimator the state of a fit, with weights that are set, not learned.

    Parameters
    ----------
    estimator : RecurrentEstimator
        Left as it was if anything fails.
    X, y : as for its ``fit``
        Data that show what there is to read and to learn; nothing is learned of them.
    set_weights : callable
        Called with the new network, whose parameters are zero.
    classes : array-like, default=None
        All labels.

    Returns
    -------
    estimator : the same

    Raises
    ------
    ValueError
        If a parameter has no valid value or no effect, or the weights do not fit.
    """
    check_values(estimator, *estimator._parameter_constraints)
    check_parameters_apply(estimator)
    generator = check_random_state(estimator.random_state)
    with estimator._restored_on_error():
        sequences = estimator._read_inputs(X, reset=True)
        task = estimator._new_task(classes)
        task.begin(y, sequences)
        config, make = estimator._network_config(task, sequences)
        network = make(config)
        set_weights(network)
        state = TrainingState(random_state=generator.get_state(legacy=False))
        estimator._keep(network, task, state)
    return estimator
