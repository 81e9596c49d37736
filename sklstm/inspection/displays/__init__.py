"""Pictures of fitted networks, in scikit-learn's manner.

Each class has a ``from_estimator`` that computes and draws, and a ``plot`` that draws
again. ``figures.py`` is what they share; matplotlib is imported when they draw.
"""

from .attention import AttentionDisplay
from .forecast import ForecastDisplay
from .gate_activity import GateActivityDisplay
from .gradient_flow import GradientFlowDisplay
from .training_curve import TrainingCurveDisplay
from .transcription import TranscriptionDisplay

__all__ = [
    "AttentionDisplay",
    "ForecastDisplay",
    "GateActivityDisplay",
    "GradientFlowDisplay",
    "TrainingCurveDisplay",
    "TranscriptionDisplay",
]
