"""Recurrent neural networks as scikit-learn estimators, on Cython kernels."""

from ._show_versions import show_versions
from .estimators import (
    LSTMClassifier,
    LSTMForecaster,
    LSTMRegressor,
    LSTMSeq2Seq,
    LSTMTagger,
    SequenceTransformer,
)
from .sequences import Sequences, TimestepTransformer

__version__ = "0.1.0.dev0"

__all__ = [
    "LSTMClassifier",
    "LSTMForecaster",
    "LSTMRegressor",
    "LSTMSeq2Seq",
    "LSTMTagger",
    "SequenceTransformer",
    "Sequences",
    "TimestepTransformer",
    "show_versions",
]
