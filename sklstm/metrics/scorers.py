"""The scores as callables of an estimator, for scikit-learn's ``scoring``.

``scorer(estimator, X, y, sample_weight=None)`` predicts and scores; more is better.
They can be pickled, and take part in metadata routing (``set_score_request``).
"""

from sklearn.metrics import make_scorer

from .accuracy import sequence_accuracy, token_accuracy
from .bleu import bleu
from .error_rate import label_error_rate
from .spans import span_f1

__all__ = [
    "bleu_scorer",
    "neg_label_error_rate_scorer",
    "sequence_accuracy_scorer",
    "span_f1_scorer",
    "token_accuracy_scorer",
]

token_accuracy_scorer = make_scorer(token_accuracy)
sequence_accuracy_scorer = make_scorer(sequence_accuracy)
span_f1_scorer = make_scorer(span_f1)
neg_label_error_rate_scorer = make_scorer(label_error_rate, greater_is_better=False)
bleu_scorer = make_scorer(bleu)
