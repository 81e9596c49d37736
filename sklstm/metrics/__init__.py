"""Scores of sequences of labels: functions, and scorers for scikit-learn's ``scoring``.

    accuracy        of steps and of whole sequences
    spans           names, slots and other spans of several steps
    error_rate      edit distance over the number of labels
    bleu            n-grams in common with references
    scorers         all of these as callables of an estimator

Sequences may have different lengths: one list or array of labels a sample, in a list or
an object array.
"""

from .accuracy import sequence_accuracy, token_accuracy
from .bleu import bleu
from .error_rate import label_error_rate
from .scorers import (
    bleu_scorer,
    neg_label_error_rate_scorer,
    sequence_accuracy_scorer,
    span_f1_scorer,
    token_accuracy_scorer,
)
from .spans import extract_spans, span_f1, span_report

__all__ = [
    "bleu",
    "bleu_scorer",
    "extract_spans",
    "label_error_rate",
    "neg_label_error_rate_scorer",
    "sequence_accuracy",
    "sequence_accuracy_scorer",
    "span_f1",
    "span_f1_scorer",
    "span_report",
    "token_accuracy",
    "token_accuracy_scorer",
]
