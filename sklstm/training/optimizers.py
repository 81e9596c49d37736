"""First-order optimisers on one flat vector, in place, a few passes a step.

Every optimiser is bound to the network's parameter vector and to the gradient vector
when it is made, and walks over both in blocks: the four or five arrays of a block stay
in a core's own cache, so a large network is read from memory once a step and not once a
pass. A step allocates nothing and **uses the gradient as scratch**: its
contents are undefined afterwards. All operations are elementwise, so the result does
not depend on the block size.

The moments are kept unnormalised (``m = beta * m + gradient`` rather than
``beta * m + (1 - beta) * gradient``), which saves two passes; the missing factors are
folded into the step size and epsilon. The updates are those of the papers and of
PyTorch.
"""

import math

import numpy as np

# Elements of one block. Five float32 arrays of this length take 1.3 MB; shorter blocks
# cost more in calls than they save.
BLOCK_SIZE = 65536


class Optimizer:
    """Base of the optimisers: binding, blocks and state.

    Parameters
    ----------
    parameters : ndarray of shape (n_parameters,)
        Updated in place by `step`.
    gradient : ndarray of shape (n_dense,)
        Of the first parameters. Read by `step`, and used by it as scratch.
    state : dict or None, default=None
        What `get_state` returned, to go on from there. Its arrays are copied.

    Attributes
    ----------
    n_updates : int
        Steps taken since the moments were zero.
    """

    # Names of the moment vectors that the optimiser carries from step to step.
    moment_names: tuple[str, ...] = ()

    def __init__(self, parameters, gradient, *, state=None):
        self.n_updates = 0
        self._moments = {name: np.zeros_like(parameters) for name in self.moment_names}
        if state is not None:
            self._set_state(state)
        self._parameters = parameters
        n_dense = len(gradient)
        arrays = (parameters, gradient, *self._moments.values())
        self._blocks = [
            tuple(array[start : min(start + BLOCK_SIZE, n_dense)] for array in arrays)
            for start in range(0, n_dense, BLOCK_SIZE)
        ]

    def step(self, learning_rate, row_gradients=()):
        """Update the parameters once with the gradient that is in the vector.

        Parameters
        ----------
        learning_rate : float
        row_gradients : sequence of RowGradient, default=()
            Of tables beyond the vector: rows that have none stay as they are, their
            moments too. Used as scratch.
        """
        self.n_updates += 1
        factors = self._factors(learning_rate)
        for block in self._blocks:
            self._update(*block, *factors)
        for part in row_gradients:
            self._update_rows(part, factors)

    def _factors(self, learning_rate):
        """Return the numbers that all blocks of a step share."""
        raise NotImplementedError

    def _update(self, parameters, gradient, *moments_and_factors):
        """Update a block, in place; the gradient is scratch."""
        raise NotImplementedError

    def _update_rows(self, part, factors):
        """Take the rows out of their tables, update them, and put them back."""
        tables = [
            part.table_in(vector)
            for vector in (self._parameters, *self._moments.values())
        ]
        n_rows = max(1, BLOCK_SIZE // part.values.shape[1])
        for start in range(0, len(part.rows), n_rows):
            rows = part.rows[start : start + n_rows]
            parameters, *moments = (table[rows] for table in tables)
            gradient = part.values[start : start + n_rows]
            self._update(
                parameters.reshape(-1), gradient.reshape(-1),
                *(moment.reshape(-1) for moment in moments), *factors,
            )  # fmt: skip
            for table, taken in zip(tables, (parameters, *moments), strict=True):
                table[rows] = taken

    def get_state(self):
        """Return the state as plain values: a name, a count and moment vectors.

        The vectors are the live ones, not copies.
        """
        return {
            "name": type(self).__name__,
            "n_updates": self.n_updates,
            **self._moments,
        }

    def _set_state(self, state):
        self.n_updates = state["n_updates"]
        for name, moment in self._moments.items():
            if state[name].shape != moment.shape:
                raise ValueError(
                    f"the state's {name} has {state[name].size} entries, the network"
                    f" has {moment.size} parameters; start a new fit"
                )
            moment[:] = state[name]

    def flush_tiny_moments(self):
        """Set moments next to the subnormal range to zero.

        The moments of a parameter whose gradient is exactly zero (a constant channel)
        decay into subnormal numbers and would stay there, where one multiplication
        takes a hundred times as long. Called once an epoch.
        """
        for moment in self._moments.values():
            moment[np.abs(moment) < 1e8 * np.finfo(moment.dtype).tiny] = 0


class SGD(Optimizer):
    """Stochastic gradient descent with (Nesterov's) momentum.

    With the velocity ``v = momentum * v + gradient``, a step subtracts
    ``learning_rate * v``, or with Nesterov's form
    ``learning_rate * (gradient + momentum * v)``.

    Parameters
    ----------
    parameters, gradient, state
        See `Optimizer`.
    momentum : float, default=0.9
        In [0, 1).
    nesterov : bool, default=True
        Whether to look ahead along the velocity; without effect if `momentum` is 0.
    """

    moment_names = ("velocity",)

    def __init__(
        self, parameters, gradient, *, momentum=0.9, nesterov=True, state=None
    ):
        super().__init__(parameters, gradient, state=state)
        self.momentum = momentum
        self.nesterov = nesterov
        self._scratch = np.empty_like(parameters[:BLOCK_SIZE])

    def _factors(self, learning_rate):
        return (learning_rate,)

    def _update(self, parameters, gradient, velocity, learning_rate):
        momentum = self.momentum
        if momentum == 0:
            np.multiply(gradient, -learning_rate, gradient)
        else:
            np.multiply(velocity, momentum, velocity)
            np.add(velocity, gradient, velocity)
            if self.nesterov:
                ahead = self._scratch[: len(velocity)]
                np.multiply(velocity, momentum, ahead)
                np.add(gradient, ahead, gradient)
                np.multiply(gradient, -learning_rate, gradient)
            else:
                np.multiply(velocity, -learning_rate, gradient)
        np.add(parameters, gradient, parameters)


class RMSprop(Optimizer):
    """Gradient divided by a running root mean square of itself.

    ``s = rho * s + (1 - rho) * gradient**2``; a step subtracts
    ``learning_rate * gradient / (sqrt(s) + epsilon)``.

    Parameters
    ----------
    parameters, gradient, state
        See `Optimizer`.
    rho : float, default=0.9
        Decay of the running mean, in [0, 1).
    epsilon : float, default=1e-8
        Keeps the quotient finite.
    """

    moment_names = ("second_moment",)

    def __init__(self, parameters, gradient, *, rho=0.9, epsilon=1e-8, state=None):
        super().__init__(parameters, gradient, state=state)
        self.rho = rho
        self.epsilon = epsilon
        self._scratch = np.empty_like(parameters[:BLOCK_SIZE])

    def _factors(self, learning_rate):
        root = math.sqrt(1 - self.rho)  # sqrt(s) is root times that of the moment
        return learning_rate / root, self.epsilon / root

    def _update(self, parameters, gradient, second_moment, step_size, epsilon):
        scratch = self._scratch[: len(gradient)]
        np.multiply(gradient, gradient, scratch)
        np.multiply(second_moment, self.rho, second_moment)
        np.add(second_moment, scratch, second_moment)
        np.sqrt(second_moment, scratch)
        np.add(scratch, epsilon, scratch)
        np.divide(gradient, scratch, gradient)
        np.multiply(gradient, -step_size, gradient)
        np.add(parameters, gradient, parameters)


class Adam(Optimizer):
    """Adam (Kingma and Ba 2015), with bias correction.

    Parameters
    ----------
    parameters, gradient, state
        See `Optimizer`.
    beta_1, beta_2 : float, default=0.9 and 0.999
        Decay of the first and second moment, in [0, 1).
    epsilon : float, default=1e-8
        Added to the corrected root of the second moment.
    """

    moment_names = ("first_moment", "second_moment")

    def __init__(
        self,
        parameters,
        gradient,
        *,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        state=None,
    ):
        super().__init__(parameters, gradient, state=state)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def _factors(self, learning_rate):
        """Return step size and epsilon for unnormalised moments."""
        first = (1 - self.beta_1) / (1 - self.beta_1**self.n_updates)
        root = math.sqrt((1 - self.beta_2) / (1 - self.beta_2**self.n_updates))
        return learning_rate * first / root, self.epsilon / root

    def _update(
        self, parameters, gradient, first_moment, second_moment, step_size, epsilon
    ):
        np.multiply(first_moment, self.beta_1, first_moment)
        np.add(first_moment, gradient, first_moment)
        np.multiply(gradient, gradient, gradient)
        np.multiply(second_moment, self.beta_2, second_moment)
        np.add(second_moment, gradient, second_moment)
        np.sqrt(second_moment, gradient)
        np.add(gradient, epsilon, gradient)
        np.divide(first_moment, gradient, gradient)
        np.multiply(gradient, -step_size, gradient)
        np.add(parameters, gradient, parameters)


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019).

    Besides Adam's update, a step subtracts ``learning_rate * weight_decay`` times the
    parameter itself, where `is_weight` is true. The decay does not pass through the
    moments.

    Parameters
    ----------
    parameters, gradient, beta_1, beta_2, epsilon, state
        See `Adam`.
    weight_decay : float, default=0.0
        As in the paper: per step and learning rate, not divided by the number of
        samples.
    is_weight : ndarray of bool of shape (n_parameters,) or None, default=None
        Where to decay; None means everywhere.
    """

    def __init__(
        self, parameters, gradient, *, weight_decay=0.0, is_weight=None, **adam
    ):
        super().__init__(parameters, gradient, **adam)
        decay = np.full_like(gradient, weight_decay)
        if is_weight is not None:
            decay[~is_weight[: len(gradient)]] = 0
        starts = range(0, len(gradient), BLOCK_SIZE)
        self._decays = [
            (
                parameters[: len(gradient)][start : start + BLOCK_SIZE],
                decay[start : start + BLOCK_SIZE],
            )
            for start in starts
        ]
        self._scratch = np.empty_like(parameters[:BLOCK_SIZE])

    def step(self, learning_rate, row_gradients=()):
        """Update the parameters once; rows of tables do not decay."""
        for parameters, decay in self._decays:
            decayed = self._scratch[: len(decay)]
            np.multiply(parameters, decay, decayed)
            np.multiply(decayed, -learning_rate, decayed)
            np.add(parameters, decayed, parameters)
        super().step(learning_rate, row_gradients)


OPTIMIZERS = {"adam": Adam, "adamw": AdamW, "rmsprop": RMSprop, "sgd": SGD}


def make_optimizer(options, parameters, gradient, is_weight, state=None):
    """Return the optimiser that `options` asks for, bound to the two vectors.

    Parameters
    ----------
    options : TrainingOptions
        Its ``solver`` must be a stochastic one.
    parameters, gradient : ndarray of shape (n_parameters,)
        See `Optimizer`.
    is_weight : ndarray of bool of shape (n_parameters,)
        Where "adamw" decays.
    state : dict or None, default=None
        See `Optimizer`. The state of another solver's optimiser means nothing to this
        one, which then starts afresh.

    Returns
    -------
    optimizer : Optimizer
    """
    if state is not None and state["name"] != OPTIMIZERS[options.solver].__name__:
        state = None
    if options.solver == "sgd":
        return SGD(
            parameters,
            gradient,
            momentum=options.momentum,
            nesterov=options.nesterovs_momentum,
            state=state,
        )
    if options.solver == "rmsprop":
        return RMSprop(parameters, gradient, epsilon=options.epsilon, state=state)
    adam = {
        "beta_1": options.beta_1,
        "beta_2": options.beta_2,
        "epsilon": options.epsilon,
        "state": state,
    }
    if options.solver == "adam":
        return Adam(parameters, gradient, **adam)
    return AdamW(
        parameters, gradient, weight_decay=options.alpha, is_weight=is_weight, **adam
    )
