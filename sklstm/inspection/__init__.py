"""Looking into fitted networks, and explaining what they say.

gate_traces.py       gates and states at every step
hidden_gradients.py  how far back in time gradients reach
gradients.py         how what is said changes with what is read
integrated_gradients.py  occlusion.py   what each input contributes; baselines.py
permutation.py       what a score owes to channels and windows; pieces.py
responses.py         the number that is explained: links.py, paths.py, targets.py;
                     answers.py of any estimator
diagnosis.py         what may be wrong, and what to change; symptoms/
reading.py           what the layers read, and back to the user's layout
recurrent_part.py    our estimator in a pipeline or a search
passes.py            batches of bounded size
displays/            pictures
"""

from .diagnosis import diagnose
from .displays import (
    AttentionDisplay,
    AttributionDisplay,
    ForecastDisplay,
    GateActivityDisplay,
    GradientFlowDisplay,
    PermutationImportanceDisplay,
    TrainingCurveDisplay,
    TranscriptionDisplay,
)
from .gate_traces import gate_traces
from .gradients import input_gradients
from .hidden_gradients import hidden_gradient_norms
from .integrated_gradients import integrated_gradients
from .occlusion import occlusion
from .permutation import permutation_importance
from .symptoms.findings import Diagnosis, Finding

__all__ = [
    "AttentionDisplay",
    "AttributionDisplay",
    "Diagnosis",
    "Finding",
    "ForecastDisplay",
    "GateActivityDisplay",
    "GradientFlowDisplay",
    "PermutationImportanceDisplay",
    "TrainingCurveDisplay",
    "TranscriptionDisplay",
    "diagnose",
    "gate_traces",
    "hidden_gradient_norms",
    "input_gradients",
    "integrated_gradients",
    "occlusion",
    "permutation_importance",
]
