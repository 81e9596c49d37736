"""Constructor parameters of `LSTMSeq2Seq`, besides those all estimators share."""

from numbers import Integral, Real

from .._sklearn_compat import Interval, StrOptions
from .base import RecurrentEstimator
from .parameters import parameter, recurrent_estimator
from .symbol_sources import SOURCES


@recurrent_estimator
class Seq2SeqParameters(RecurrentEstimator):
    """What sources are, how encoder and decoder are built, and how they search."""

    source: str = parameter(
        default="auto",
        constraints=[StrOptions({"auto", *SOURCES})],
        doc="""{'auto', 'symbols', 'vectors', 'vector'}
        What a sample of X is: a sequence of symbols (any hashables; a string is a
        sequence of characters), a sequence of vectors, or one vector. 'auto' takes
        strings, and lists and 1-D arrays of anything but floats, also of integers, for
        symbols, 2-D arrays for one vector a sample, and everything else for sequences
        of vectors.
        """,
        fixed=True,
    )
    attention: str | None = parameter(
        default="general",
        constraints=[StrOptions({"dot", "general", "additive"}), None],
        doc="""{'dot', 'general', 'additive'} or None
        How the decoder compares its state with those of the encoder: by their product
        (both of one size), with a matrix between them, or by a layer of tanh units.
        None: it knows the source by the states it starts from alone. Of no effect
        where a source is one vector.
        """,
        fixed=True,
    )
    encoder_layer_sizes: int | tuple | None = parameter(
        default=None,
        constraints=["array-like", Interval(Integral, 1, None, closed="left"), None],
        doc="""int, array-like of int or None
        Hidden units of the encoder's layers, in each direction. None takes those of
        the decoder, `hidden_layer_sizes`; half of them with two directions. An error
        unless None where a source is one vector.
        """,
    )
    bidirectional: bool = parameter(
        default=True,
        constraints=["boolean"],
        doc="""bool
        Whether the encoder reads in both directions.
        """,
    )
    embedding_size: int = parameter(
        default=64,
        constraints=[Interval(Integral, 1, None, closed="left")],
        doc="""int
        Numbers that stand for a symbol, and units of the layer above the decoder.
        """,
        fixed=True,
    )
    tie_embedding: bool = parameter(
        default=True,
        constraints=["boolean"],
        doc="""bool
        Whether the weights of the output are those that embed the symbols. Fewer
        parameters, and often better.
        """,
        fixed=True,
    )
    label_smoothing: float = parameter(
        default=0.0,
        constraints=[Interval(Real, 0, 1, closed="left")],
        doc="""float
        Share of a target's probability that all symbols share, in the loss.
        """,
    )
    min_count: int = parameter(
        default=1,
        constraints=[Interval(Integral, 1, None, closed="left")],
        doc="""int
        Symbols that occur fewer times in the training data are unknown: all of them
        share one embedding, and none is ever written.
        """,
        fixed=True,
    )
    beam_width: int = parameter(
        default=1,
        constraints=[Interval(Integral, 1, None, closed="left")],
        doc="""int
        Hypotheses of `predict`; 1 is greedy search. See `sklstm.decoding`.
        """,
    )
    length_penalty: float = parameter(
        default=1.0,
        constraints=[Interval(Real, 0, None, closed="left")],
        doc="""float
        The larger, the longer are the sequences that a beam prefers: log-probabilities
        are divided by ``((5 + n) / 6) ** length_penalty``.
        """,
    )
    max_length: int | None = parameter(
        default=None,
        constraints=[Interval(Integral, 1, None, closed="left"), None],
        doc="""int or None
        Most symbols of a prediction. None: twice as many as the longest target has.
        """,
    )
