"""scikit-learn's own checks on every estimator, in the forms that take other paths."""

import pytest
from sklearn.utils.estimator_checks import (
    check_param_validation,
    parametrize_with_checks,
)

from sklstm import LSTMClassifier, LSTMRegressor, SequenceTransformer

SMALL = {"hidden_layer_sizes": 8, "random_state": 0}

ESTIMATORS = [
    LSTMClassifier(),
    LSTMClassifier(solver="lbfgs", **SMALL),
    LSTMRegressor(),
    LSTMRegressor(solver="lbfgs", dtype="float64", **SMALL),
    LSTMRegressor(cell="rnn", **SMALL),
    LSTMClassifier(
        coupled_gates=True, peephole=True, projection_size=4, dropout=0.2, **SMALL
    ),
    LSTMRegressor(cell="gru", bidirectional=True, zoneout=0.1, **SMALL),
    SequenceTransformer(),
    SequenceTransformer(solver="lbfgs", **SMALL),
    SequenceTransformer(objective="classification", output="max", **SMALL),
    SequenceTransformer(objective="regression", output="sequence", **SMALL),
]


def expected_failures(estimator):
    """The checks an estimator fails by design, each with its reason."""
    if estimator.solver == "lbfgs":
        return {}
    return {
        "check_sample_weight_equivalence_on_dense_data": (
            "A mini-batch solver makes other batches of repeated samples than of "
            "weighted ones. solver='lbfgs' passes, to the last bit."
        )
    }


@parametrize_with_checks(ESTIMATORS, expected_failed_checks=expected_failures)
def test_scikit_learns_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize(
    "estimator", [LSTMClassifier(), LSTMRegressor(), SequenceTransformer()]
)
def test_every_parameter_is_validated(estimator):
    check_param_validation(type(estimator).__name__, estimator)
