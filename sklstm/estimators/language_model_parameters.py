"""Constructor parameters of `LSTMLanguageModel`, besides those all estimators share."""

from numbers import Integral

from .._sklearn_compat import Interval, StrOptions
from .base import RecurrentEstimator
from .parameters import parameter, recurrent_estimator


@recurrent_estimator
class LanguageModelParameters(RecurrentEstimator):
    """How symbols are embedded and predicted, and how long texts are read."""

    embedding_size: int = parameter(
        default=64,
        constraints=[Interval(Integral, 1, None, closed="left")],
        doc="""int
        Numbers that stand for a symbol.
        """,
        fixed=True,
    )
    tie_embedding: bool = parameter(
        default=False,
        constraints=["boolean"],
        doc="""bool
        Whether the weights of the output are those that embed the symbols. The last
        entry of `hidden_layer_sizes` (or of `projection_size`) must be
        `embedding_size` then.
        """,
        fixed=True,
    )
    n_negatives: int | None = parameter(
        default=None,
        constraints=[Interval(Integral, 1, None, closed="left"), None],
        doc="""int or None
        Symbols that an update draws beside those it has to predict, instead of
        computing all: for vocabularies of many thousands, where the softmax takes most
        of the time. Only training is approximate, and a thousand come close to the
        exact loss; scores and probabilities are of all symbols. None computes all.
        """,
        fixed=True,
    )
    min_count: int = parameter(
        default=1,
        constraints=[Interval(Integral, 1, None, closed="left")],
        doc="""int
        Symbols that occur fewer times in the training data are unknown.
        """,
        fixed=True,
    )
    mark_ends: bool | str = parameter(
        default="auto",
        constraints=["boolean", StrOptions({"auto"})],
        doc="""bool or 'auto'
        Whether the beginning and the end of a sequence are symbols of their own: the
        first symbol is predicted, too, and the end, where `generate` stops. 'auto' is
        true for more than one sequence of symbols. Without them, as always for vectors,
        the first step is not predicted.
        """,
        fixed=True,
    )
    bptt_steps: int | None = parameter(
        default=100,
        constraints=[Interval(Integral, 1, None, closed="left"), None],
        doc="""int or None
        Steps of a window: the gradient ends there and there is one update for each,
        while states are carried on. None reads whole sequences.
        """,
    )
