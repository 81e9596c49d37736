"""The estimators: the user's words in, attributes with a trailing underscore out.

parameters.py         how a constructor parameter is declared and documented
shared_parameters.py  the parameters all estimators have, and their defaults
base.py               the skeleton of fitting and computing; the fitted state
tasks.py, labels.py   what is learned: y checked, encoded, and decoded again
predictor.py          what classifier and regressor share
symbol_task.py        sequences of symbols as targets
transcription_task.py  labels in order whose times are not known
symbol_sources.py     what a sequence-to-sequence estimator reads
forecaster_parameters.py  forecasting.py  forecast_checks.py
                      the forecaster's parameters, its way to the skeleton, its checks
tagging_task.py, step_inputs.py
                      labels of steps; vectors or symbols to be labelled
language_task.py, generating.py
                      steps to be predicted, and going on with sequences
classifier.py  regressor.py  transformer.py  seq2seq.py  transcriber.py  forecaster.py
tagger.py  language_model.py
"""

from .classifier import LSTMClassifier
from .forecaster import LSTMForecaster
from .language_model import LSTMLanguageModel
from .regressor import LSTMRegressor
from .seq2seq import LSTMSeq2Seq
from .tagger import LSTMTagger
from .transcriber import LSTMTranscriber
from .transformer import SequenceTransformer

__all__ = [
    "LSTMClassifier",
    "LSTMForecaster",
    "LSTMLanguageModel",
    "LSTMRegressor",
    "LSTMSeq2Seq",
    "LSTMTagger",
    "LSTMTranscriber",
    "SequenceTransformer",
]
