"""The parameters that every recurrent estimator has, and their defaults.

This file is the place where a default is chosen and where a parameter is added that
all estimators share. Defaults come from cross-validation on training parts.
"""

from numbers import Integral, Real
from typing import ClassVar

import numpy as np
from sklearn.base import BaseEstimator

from .._sklearn_compat import Interval, Options, StrOptions
from .parameters import parameter, recurrent_estimator

STOCHASTIC_SOLVERS = ("adam", "adamw", "rmsprop", "sgd")
_STOCHASTIC = {"solver": STOCHASTIC_SOLVERS}


@recurrent_estimator
class SharedParameters(BaseEstimator):
    """Constructor parameters of every recurrent estimator."""

    _attribute_docs: ClassVar[dict[str, str]] = {}

    # The model.

    cell: str = parameter(
        default="lstm",
        constraints=[StrOptions({"lstm", "gru", "rnn"})],
        doc="""{'lstm', 'gru', 'rnn'}
        Recurrent cell. 'lstm' keeps a cell state behind input, forget and output
        gates; 'gru' has two gates, three quarters of the weights, and often learns
        as much. 'rnn' has no gates and a quarter of the weights: a baseline.
        """,
    )
    hidden_layer_sizes: int | tuple = parameter(
        default=64,
        constraints=["array-like", Interval(Integral, 1, None, closed="left")],
        doc="""int or array-like of int
        Hidden units of each recurrent layer, from the input upwards. An int is one
        layer.
        """,
    )
    projection_size: int | tuple | None = parameter(
        default=None,
        constraints=["array-like", Interval(Integral, 1, None, closed="left"), None],
        doc="""int, array-like of int or None
        Size to which an LSTM projects its hidden state (LSTMP): the recurrence and the
        next layer see this many numbers, the cell keeps all hidden units. An int is for
        every layer.
        """,
        only={"cell": ("lstm",)},
    )
    bidirectional: bool = parameter(
        default=False,
        constraints=["boolean"],
        doc="""bool
        Whether each layer reads the sequences in both directions, with weights of its
        own for each. The second direction starts at each sequence's own last step.
        """,
    )
    peephole: bool = parameter(
        default=False,
        constraints=["boolean"],
        doc="""bool
        Whether the gates of an LSTM see the cell state (peephole connections).
        """,
        only={"cell": ("lstm",)},
    )
    coupled_gates: bool = parameter(
        default=False,
        constraints=["boolean"],
        doc="""bool
        Whether an LSTM's forget gate is one minus its input gate (CIFG): a cell
        forgets exactly what it overwrites, with three quarters of the weights.
        """,
        only={"cell": ("lstm",)},
    )
    reset_after: bool = parameter(
        default=False,
        constraints=["boolean"],
        doc="""bool
        Where the reset gate of a GRU acts: on the previous state (False, as first
        published) or on its product with the recurrent weights (True, as in cuDNN,
        PyTorch and Keras; somewhat faster).
        """,
        only={"cell": ("gru",)},
    )
    activation: str = parameter(
        default="tanh",
        constraints=[StrOptions({"tanh", "relu"})],
        doc="""{'tanh', 'relu'}
        Activation of the hidden units of an RNN.
        """,
        only={"cell": ("rnn",)},
    )

    # Start and regularisation.

    weight_init: str | list = parameter(
        default="orthogonal",
        constraints=[
            StrOptions({"orthogonal", "glorot_uniform", "uniform", "normal"}),
            list,
        ],
        doc="""{'orthogonal', 'glorot_uniform', 'uniform', 'normal'} or list
        How weights are drawn. 'orthogonal' draws recurrent weights that keep lengths
        and input weights as 'glorot_uniform' does. See `init_scale` for the others.

        A list has weights that the recurrent layers start from, in the form of
        `layers_`: an entry for each layer, in it a mapping from names to arrays for
        each direction; or None for a layer whose weights are drawn. Those of other
        libraries are brought into this form by `sklstm.interchange`. The head starts
        anew.
        """,
    )
    init_scale: float | None = parameter(
        default=None,
        constraints=[Interval(Real, 0, None, closed="neither"), None],
        doc="""float or None
        Scale of the first weights: the bound of 'uniform', the standard deviation of
        'normal' (None: 1/sqrt(hidden units)), or a factor on 'orthogonal' and
        'glorot_uniform' (None: 1).
        """,
    )
    forget_bias: float | str = parameter(
        default=1.0,
        constraints=[
            Interval(Real, None, None, closed="neither"),
            StrOptions({"chrono"}),
        ],
        doc="""float or 'chrono'
        Start of the forget gates' bias. Above zero, a cell begins by remembering.
        'chrono' spreads the units' memory from one step up to the longest training
        sequence.
        """,
        only={"cell": ("lstm",)},
    )
    learn_initial_state: bool = parameter(
        default=False,
        constraints=["boolean"],
        doc="""bool
        Whether the states before the first step are learned, instead of zero.
        """,
    )
    dropout: float = parameter(
        default=0.0,
        constraints=[Interval(Real, 0, 1, closed="left")],
        doc="""float
        Share of the outputs of each layer that is dropped in training, between layers
        and before the head. Here and below one mask is drawn for each sequence and
        update, the same at all steps.
        """,
        only=_STOCHASTIC,
    )
    input_noise: float = parameter(
        default=0.0,
        constraints=[Interval(Real, 0, None, closed="left")],
        doc="""float
        Standard deviation of the Gaussian noise that is added to the inputs in
        training, drawn anew for every channel, step and update. For channels on a
        standard scale 0.1 to 0.5 is usual, in speech most of all.
        """,
        only=_STOCHASTIC,
    )
    input_dropout: float = parameter(
        default=0.0,
        constraints=[Interval(Real, 0, 1, closed="left")],
        doc="""float
        Share of the channels that is dropped in training.
        """,
        only=_STOCHASTIC,
    )
    recurrent_dropout: float = parameter(
        default=0.0,
        constraints=[Interval(Real, 0, 1, closed="left")],
        doc="""float
        Share of the hidden state that the gates do not see of the previous step, in
        training.
        """,
        only=_STOCHASTIC,
    )
    zoneout: float = parameter(
        default=0.0,
        constraints=[Interval(Real, 0, 1, closed="left")],
        doc="""float
        Probability with which a unit keeps its previous state at a step, in training.
        In prediction states are mixed as is expected.
        """,
        only=_STOCHASTIC,
    )
    alpha: float = parameter(
        default=1e-4,
        constraints=[Interval(Real, 0, None, closed="left")],
        doc="""float
        Strength of the L2 penalty, ``alpha / 2 * ||weights||**2 / sum(weights of the
        samples)``. Biases are not penalised.
        """,
    )

    # Training.

    solver: str = parameter(
        default="adam",
        constraints=[StrOptions({*STOCHASTIC_SOLVERS, "lbfgs"})],
        doc="""{'adam', 'adamw', 'rmsprop', 'sgd', 'lbfgs'}
        Optimiser. 'adamw' is Adam with `alpha` as decoupled weight decay: each step
        subtracts ``learning_rate * alpha`` times the weights. 'lbfgs'
        is a quasi-Newton method on the full data set in float64, for small data: it
        has no learning rate and treats an integer sample weight exactly as repeated
        samples.
        """,
    )
    learning_rate: str = parameter(
        default="cosine",
        constraints=[StrOptions({"constant", "invscaling", "adaptive", "cosine"})],
        doc="""{'constant', 'invscaling', 'adaptive', 'cosine'}
        Schedule of the learning rate.

        - 'constant' stays at `learning_rate_init`.
        - 'invscaling' divides it by the square root of the number of epochs.
        - 'adaptive' divides it by 5 whenever `n_iter_no_change` epochs have brought
          no improvement of `tol`, and stops when a thousandth of it is left.
        - 'cosine' takes it to zero along half a cosine over `max_iter` epochs, and
          goes on over plateaus of the training loss.
          `partial_fit`, which cannot know how much is to come, stays at
          `learning_rate_init`.
        """,
        only=_STOCHASTIC,
    )
    learning_rate_init: float = parameter(
        default=5e-3,
        constraints=[Interval(Real, 0, None, closed="neither")],
        doc="""float
        Learning rate at the start.
        """,
        only=_STOCHASTIC,
    )
    batch_size: int | str = parameter(
        default="auto",
        constraints=[StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        doc="""int or 'auto'
        Sequences in a mini-batch. 'auto' means 32, and fewer (but not below 8) when
        that would leave less than eight batches in an epoch.
        """,
        only=_STOCHASTIC,
    )
    max_iter: int = parameter(
        default=100,
        constraints=[Interval(Integral, 1, None, closed="left")],
        doc="""int
        Largest number of epochs (for 'lbfgs': of iterations).
        """,
    )
    tol: float = parameter(
        default=1e-5,
        constraints=[Interval(Real, 0, None, closed="left")],
        doc="""float
        Training stops when the loss (or the validation score, with
        `early_stopping`) has not improved by at least `tol` for `n_iter_no_change`
        epochs. A 'cosine' schedule, whose low rates are still to come, ends at a
        plateau of the training loss only if that is below `tol`. For 'lbfgs', the
        largest entry of the gradient at which it stops.
        """,
    )
    n_iter_no_change: int = parameter(
        default=10,
        constraints=[
            Interval(Integral, 1, None, closed="left"),
            Options(Real, {np.inf}),
        ],
        doc="""int
        Epochs without improvement after which training stops (with
        ``learning_rate='cosine'`` and no `early_stopping` only below a loss of `tol`).
        ``np.inf`` never stops. 'lbfgs' has a stopping rule of its own.
        """,
    )
    early_stopping: bool = parameter(
        default=False,
        constraints=["boolean"],
        doc="""bool
        Whether to stop on a validation score and keep the best weights. The
        validation set is the one given to `fit`, otherwise a part of the training
        data (`validation_fraction`).
        """,
        only=_STOCHASTIC,
    )
    validation_fraction: float = parameter(
        default=0.1,
        constraints=[Interval(Real, 0, 1, closed="neither")],
        doc="""float
        Share of the training sequences set aside for `early_stopping`, stratified by
        class. Not used when a validation set is given to `fit`.
        """,
        only=_STOCHASTIC,
    )
    shuffle: bool = parameter(
        default=True,
        constraints=["boolean"],
        doc="""bool
        Whether to draw new mini-batches every epoch.
        """,
        only=_STOCHASTIC,
    )
    momentum: float = parameter(
        default=0.9,
        constraints=[Interval(Real, 0, 1, closed="left")],
        doc="""float
        Momentum of the gradient.
        """,
        only={"solver": ("sgd",)},
    )
    nesterovs_momentum: bool = parameter(
        default=True,
        constraints=["boolean"],
        doc="""bool
        Whether to use Nesterov's momentum.
        """,
        only={"solver": ("sgd",)},
    )
    max_grad_norm: float | None = parameter(
        default=1.0,
        constraints=[Interval(Real, 0, None, closed="neither"), None],
        doc="""float or None
        Gradients with a larger Euclidean norm over all parameters are scaled down to
        it. None does not clip.
        """,
        only=_STOCHASTIC,
    )
    bptt_steps: int | None = parameter(
        default=None,
        constraints=[Interval(Integral, 1, None, closed="left"), None],
        doc="""int or None
        Truncated back-propagation: the gradient goes back to the last multiple of this
        many steps, while states are carried on. Bounds the memory of very long
        sequences. With ``pooling='last'`` it so reaches back between one step and this
        many. None does not truncate.
        """,
        only=_STOCHASTIC,
    )
    checkpoint_steps: int | None = parameter(
        default=None,
        constraints=[Interval(Integral, 1, None, closed="left"), None],
        doc="""int or None
        Keep only the states of every so many steps in training, and compute the steps
        between them a second time: the same weights to the last bit, for a third more
        time and a fraction of the memory. About the square root of the number of steps
        needs the least. None keeps all.
        """,
    )
    warm_start: bool = parameter(
        default=False,
        constraints=["boolean"],
        doc="""bool
        Whether `fit` goes on from the weights of the previous call instead of
        starting anew. What the network, its symbols and its targets are made of cannot
        change then; how it is trained can.
        """,
    )

    # The machine.

    dtype: str = parameter(
        default="float32",
        constraints=[StrOptions({"float32", "float64"})],
        doc="""{'float32', 'float64'}
        Precision of the network and of the sequences it computes on.
        """,
    )
    random_state: int | np.random.RandomState | None = parameter(
        default=None,
        constraints=["random_state"],
        doc="""int, RandomState instance or None
        Source of the first weights, of the validation part, of the mini-batches, and
        of dropout, zoneout and noise.
        An int makes `fit` give the same bits on every call, whatever the number of
        threads.
        """,
    )
    n_jobs: int | None = parameter(
        default=None,
        constraints=[Integral, None],
        doc="""int or None
        Threads of one `fit` or `predict`. None and -1 mean all cores the process may
        use, as told by affinity, container limits, `OMP_NUM_THREADS` and joblib;
        small work uses fewer. Results do not depend on it.
        """,
    )
    verbose: bool | int = parameter(
        default=False,
        constraints=["verbose"],
        doc="""bool or int
        Whether to print one line an epoch.
        """,
    )
