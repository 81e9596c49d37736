"""Looking into fitted networks.

gate_traces.py       gates and states at every step
hidden_gradients.py  how far back in time gradients reach
recurrent_part.py    our estimator in a pipeline or a search
passes.py            batches of bounded size
displays/            pictures
"""

from .displays import (
    AttentionDisplay,
    ForecastDisplay,
    GateActivityDisplay,
    GradientFlowDisplay,
    TrainingCurveDisplay,
    TranscriptionDisplay,
)
from .gate_traces import gate_traces
from .hidden_gradients import hidden_gradient_norms

__all__ = [
    "AttentionDisplay",
    "ForecastDisplay",
    "GateActivityDisplay",
    "GradientFlowDisplay",
    "TrainingCurveDisplay",
    "TranscriptionDisplay",
    "gate_traces",
    "hidden_gradient_norms",
]
