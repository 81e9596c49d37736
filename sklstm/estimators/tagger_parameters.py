"""Constructor parameters of `LSTMTagger`, besides those all estimators share."""

from numbers import Integral, Real

from .._sklearn_compat import Interval, StrOptions
from .base import RecurrentEstimator
from .parameters import parameter, recurrent_estimator, with_default
from .shared_parameters import SharedParameters
from .step_inputs import INPUTS


@recurrent_estimator
class TaggerParameters(RecurrentEstimator):
    """What steps are, how they are read, and how labels are decided."""

    inputs: str = parameter(
        default="auto",
        constraints=[StrOptions({"auto", *INPUTS})],
        doc="""{'auto', 'symbols', 'vectors'}
        What a step of X is: a symbol (any hashable, such as a word; a string is a
        sequence of characters) or a vector. 'auto' takes strings, and lists and 1-D
        arrays of anything but floats, also of integers, for symbols, and everything
        else for vectors.
        """,
        fixed=True,
    )
    output: str = parameter(
        default="softmax",
        constraints=[StrOptions({"softmax", "crf"})],
        doc="""{'softmax', 'crf'}
        How labels are decided: each step by itself, or all of a sequence together by a
        conditional random field, which learns what label follows which.
        """,
        fixed=True,
    )
    bidirectional: bool = with_default(SharedParameters, "bidirectional", default=True)
    class_weight: dict | str | None = parameter(
        default=None,
        constraints=[dict, StrOptions({"balanced"}), None],
        doc="""dict, 'balanced' or None
        Weights of the labels, multiplied with the sample weights of the steps.
        'balanced' makes all labels weigh the same. Not for ``output='crf'``.
        """,
    )
    embedding_size: int = parameter(
        default=64,
        constraints=[Interval(Integral, 1, None, closed="left")],
        doc="""int
        Numbers that stand for a symbol.
        """,
        fixed=True,
    )
    min_count: int = parameter(
        default=1,
        constraints=[Interval(Integral, 1, None, closed="left")],
        doc="""int
        Symbols that occur fewer times in the training data are unknown: all of them
        share one embedding.
        """,
        fixed=True,
    )
    lowercase: bool = parameter(
        default=False,
        constraints=["boolean"],
        doc="""bool
        Whether words that differ in case only share an embedding. Characters, if they
        are read, keep their case.
        """,
        fixed=True,
    )
    character_size: int | None = parameter(
        default=None,
        constraints=[Interval(Integral, 1, None, closed="left"), None],
        doc="""int or None
        Hidden units of each direction of a small recurrent layer that reads the
        characters of each word; its last states stand beside the word's embedding, so
        that endings and capitals tell the label of words never seen. None reads words
        as a whole.
        """,
        fixed=True,
    )
    character_embedding_size: int = parameter(
        default=32,
        constraints=[Interval(Integral, 1, None, closed="left")],
        doc="""int
        Numbers that stand for a character. Of no effect unless characters are read.
        """,
        fixed=True,
    )
    unknown_rate: float = parameter(
        default=0.5,
        constraints=[Interval(Real, 0, None, closed="left")],
        doc="""float
        How often symbols are read as the unknown one in training, so that its embedding
        is learned, and the surroundings have to tell the label: one that occurs n times
        with probability ``unknown_rate / (unknown_rate + n)``.
        """,
    )
