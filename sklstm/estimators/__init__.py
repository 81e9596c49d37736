"""The estimators: the user's words in, attributes with a trailing underscore out.

parameters.py         how a constructor parameter is declared and documented
shared_parameters.py  the parameters all estimators have, and their defaults
base.py               the skeleton of fitting and computing; the fitted state
tasks.py, labels.py   what is learned: y checked, encoded, and decoded again
predictor.py          what classifier and regressor share
classifier.py  regressor.py  transformer.py  forecaster.py
forecaster_parameters.py  forecasting.py  forecast_checks.py
                      its parameters, its way from series to the skeleton, its checks
"""

from .classifier import LSTMClassifier
from .forecaster import LSTMForecaster
from .regressor import LSTMRegressor
from .transformer import SequenceTransformer

__all__ = ["LSTMClassifier", "LSTMForecaster", "LSTMRegressor", "SequenceTransformer"]
