"""What users pass and get, as types: the names that stand in public signatures.

Shapes are not part of a type: they stand in the docstrings. scikit-learn ships no types
of its own, so that a type checker knows of its base classes nothing but their names.
"""

from collections.abc import Hashable, Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
from narwhals.typing import IntoDataFrame, IntoSeries
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "Array",
    "ArrayLike",
    "InputsLike",
    "IntoDataFrame",
    "LabelSequencesLike",
    "ObjectArray",
    "RandomState",
    "SequencesLike",
    "SeriesLike",
    "StepWeightsLike",
    "SymbolSequencesLike",
]

Array: TypeAlias = NDArray[Any]


class SequenceContainer(Protocol):
    """What `Sequences` has: the steps of all sequences end to end, and lengths."""

    values: Array
    lengths: Array
    offsets: Array


# One sequence of symbols, labels or words a sample: outputs of different lengths.
ObjectArray: TypeAlias = NDArray[np.object_]

# An array (n_samples, n_timesteps, n_features), a list of arrays or frames, our
# container, or a table of univariate series.
SequencesLike: TypeAlias = (
    ArrayLike | SequenceContainer | IntoDataFrame | Sequence[IntoDataFrame]
)

# Strings are sequences of characters; words are lists of strings.
SymbolSequencesLike: TypeAlias = Sequence[Sequence[Hashable]] | Array

# What estimators read that take either.
InputsLike: TypeAlias = SequencesLike | SymbolSequencesLike

# One weight a sequence, or one a step.
StepWeightsLike: TypeAlias = ArrayLike | Sequence[ArrayLike]

# One label a step: lists of labels, or arrays of them.
LabelSequencesLike: TypeAlias = (
    Sequence[Sequence[Hashable]] | Sequence[Array] | Array | IntoDataFrame
)

# One or several series, time down the first axis; a long frame holds several.
SeriesLike: TypeAlias = ArrayLike | IntoDataFrame | IntoSeries | Sequence[ArrayLike]

RandomState: TypeAlias = int | np.random.RandomState | None
