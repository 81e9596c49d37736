"""What estimators of sequences tell scikit-learn about their targets."""

import numpy as np
import pytest
from sklearn.base import is_classifier, is_regressor
from sklearn.utils import get_tags

from sklstm import LSTMLanguageModel, LSTMSeq2Seq, LSTMTagger, LSTMTranscriber

X = [np.ones((4, 2)), np.zeros((3, 2))]
SMALL = {"hidden_layer_sizes": 3, "max_iter": 1, "random_state": 0}


@pytest.mark.parametrize("estimator", [LSTMTagger, LSTMSeq2Seq, LSTMTranscriber])
def test_targets_are_required(estimator):
    model = estimator(**SMALL)
    assert get_tags(model).target_tags.required
    with pytest.raises(ValueError, match="requires y to be passed, but the target y"):
        model.fit(X, None)


def test_a_language_model_needs_no_targets():
    model = LSTMLanguageModel(**SMALL)
    assert not get_tags(model).target_tags.required
    model.fit(X)


@pytest.mark.parametrize(
    "estimator", [LSTMTagger, LSTMSeq2Seq, LSTMTranscriber, LSTMLanguageModel]
)
def test_ragged_targets_are_neither_classes_nor_numbers(estimator):
    assert not is_classifier(estimator())
    assert not is_regressor(estimator())
