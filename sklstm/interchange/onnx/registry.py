"""Which estimator becomes a graph how."""

from sklearn.utils.validation import check_is_fitted

from ...estimators import (
    LSTMClassifier,
    LSTMForecaster,
    LSTMLanguageModel,
    LSTMRegressor,
    LSTMTagger,
    LSTMTranscriber,
    SequenceTransformer,
)
from ...sequences import FrameStacker, SequenceScaler, TimestepTransformer
from .forecaster import ForecasterExport
from .language_model import language_model_export
from .predictors import ClassifierExport, RegressorExport, TransformerExport
from .tagger import tagger_export
from .transcriber import TranscriberExport
from .transformers import FrameStackerExport, SequenceScalerExport, TimestepExport

__all__ = ["CLASSES", "export_of"]

_EXPORTS = {
    FrameStacker: FrameStackerExport,
    LSTMClassifier: ClassifierExport,
    LSTMForecaster: ForecasterExport,
    LSTMLanguageModel: language_model_export,
    LSTMRegressor: RegressorExport,
    LSTMTagger: tagger_export,
    LSTMTranscriber: TranscriberExport,
    SequenceScaler: SequenceScalerExport,
    SequenceTransformer: TransformerExport,
    TimestepTransformer: TimestepExport,
}

CLASSES = tuple(_EXPORTS)


def export_of(estimator):
    """Return the `Export` of a fitted estimator, or None for one that has none."""
    for estimator_class, export in _EXPORTS.items():
        if isinstance(estimator, estimator_class):
            check_is_fitted(estimator)
            return export(estimator)
    return None
