"""Pictures of fitted networks, in scikit-learn's manner.

Each class has a ``from_estimator`` that computes and draws, and a ``plot`` that draws
again. ``figures.py`` is what they share; matplotlib is imported when they draw.
"""

from .attention import AttentionDisplay
from .attribution import AttributionDisplay
from .forecast import ForecastDisplay
from .gate_activity import GateActivityDisplay
from .gradient_flow import GradientFlowDisplay
from .permutation_importance import PermutationImportanceDisplay
from .training_curve import TrainingCurveDisplay
from .transcription import TranscriptionDisplay

__all__ = [
    "AttentionDisplay",
    "AttributionDisplay",
    "ForecastDisplay",
    "GateActivityDisplay",
    "GradientFlowDisplay",
    "PermutationImportanceDisplay",
    "TrainingCurveDisplay",
    "TranscriptionDisplay",
]
