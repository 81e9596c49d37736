"""Recurrent neural networks as scikit-learn estimators, on Cython kernels."""

from ._show_versions import show_versions
from ._version import __version__ as __version__
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
