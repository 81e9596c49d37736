"""Constructor parameters of `LSTMLanguageModel`, besides those all estimators share."""

from numbers import Integral

from .._sklearn_compat import Interval, StrOptions
from .base import RecurrentEstimator
from .parameters import parameter, recurrent_estimator


@recurrent_estimator
class LanguageModelParameters(RecurrentEstimator):
    """How symbols are embedded and predicted, and how long texts are read."""

    embedding_size: int = parameter(
        64,
        [Interval(Integral, 1, None, closed="left")],
        """int
        Numbers that stand for a symbol.
        """,
        fixed=True,
    )
    tie_embedding: bool = parameter(
        False,
        ["boolean"],
        """bool
        Whether the weights of the output are those that embed the symbols. The last
        entry of `hidden_layer_sizes` (or of `projection_size`) must be
        `embedding_size` then.
        """,
        fixed=True,
    )
    n_negatives: int | None = parameter(
        None,
        [Interval(Integral, 1, None, closed="left"), None],
        """int or None
        Symbols that an update draws beside those it has to predict, instead of
        computing all: for vocabularies of many thousands, where the softmax takes most
        of the time. Only training is approximate, and a thousand come close to the
        exact loss; scores and probabilities are of all symbols. None computes all.
        """,
        fixed=True,
    )
    min_count: int = parameter(
        1,
        [Interval(Integral, 1, None, closed="left")],
        """int
        Symbols that occur fewer times in the training data are unknown.
        """,
        fixed=True,
    )
    mark_ends: bool | str = parameter(
        "auto",
        ["boolean", StrOptions({"auto"})],
        """bool or 'auto'
        Whether the beginning and the end of a sequence are symbols of their own: the
        first symbol is predicted, too, and the end, where `generate` stops. 'auto' is
        true for more than one sequence of symbols. Without them, as always for vectors,
        the first step is not predicted.
        """,
        fixed=True,
    )
    bptt_steps: int | None = parameter(
        100,
        [Interval(Integral, 1, None, closed="left"), None],
        """int or None
        Steps of a window: the gradient ends there and there is one update for each,
        while states are carried on. None reads whole sequences.
        """,
    )
