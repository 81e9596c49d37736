"""Recurrent neural networks as scikit-learn estimators, on Cython kernels."""

from ._show_versions import show_versions
from .estimators import (
    LSTMClassifier,
    LSTMForecaster,
    LSTMLanguageModel,
    LSTMRegressor,
    LSTMSeq2Seq,
    LSTMTagger,
    LSTMTranscriber,
    SequenceTransformer,
)
from .sequences import Sequences, TimestepTransformer

__version__ = "0.1.0.dev0"

__all__ = [
    "LSTMClassifier",
    "LSTMForecaster",
    "LSTMLanguageModel",
    "LSTMRegressor",
    "LSTMSeq2Seq",
    "LSTMTagger",
    "LSTMTranscriber",
    "SequenceTransformer",
    "Sequences",
    "TimestepTransformer",
    "show_versions",
]
