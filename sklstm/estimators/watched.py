"""What others see of a fit on its way: callbacks, and the file it is saved in."""

from numbers import Integral

from .._sklearn_callbacks import CallbackSupport, FitTasks
from ..callbacks.checkpoint import checkpoint_of
from ..callbacks.fit_record import identity_of


class WatchedFits(CallbackSupport):
    """Fits that tell callbacks of every epoch, and can be saved on the way.

    An estimator has `_fitted_attributes`, which says what it would be if training ended
    now.
    """

    _can_be_saved_in_fit = True
    # Attributes drawn before training: a fit that goes on keeps those of its beginning.
    _drawn: tuple[str, ...] = ()

    def _fitted_attributes(self, network, task, state):
        """Return the attributes of the fitted estimator, by name."""
        raise NotImplementedError

    def _tasks(self, X, y, sample_weight, *, incremental=False):
        """Begin to tell callbacks of a fit; return what goes on telling them."""
        return FitTasks(
            self,
            X,
            X if y is None else y,  # targets are later steps of the same sequences
            sample_weight,
            task_name="partial-fit" if incremental else "fit",
            epoch_name="iteration" if self.solver == "lbfgs" else "epoch",
            n_epochs=1 if incremental else self.max_iter,
        )

    def _hooks(self, tasks, network, task):
        """Return the hooks of `train` by which callbacks are told."""
        if not tasks.are_watched:
            return {}

        def on_epoch(state):
            def attributes():
                # Training goes on writing into the network and the moments.
                copied = network.from_config(network.config, network.parameters)
                return self._fitted_attributes(copied, task, state.as_ended())

            return tasks.epoch_ended(attributes)

        return {"on_epoch_begin": tasks.epoch_begins, "on_epoch": on_epoch}

    def _record(self, network, tasks, data, *, state, validation, incremental, **_):
        """Return the record of this fit for `train`, or None if it is not to be saved.

        Parameters
        ----------
        network : RecurrentNetwork
            As training starts from it.
        tasks : FitTasks
            Told of the epochs that are done already.
        data : dict
            What training learns from, by the names of the user.
        state, validation, incremental
            See `train`.
        """
        checkpoint = checkpoint_of(self)
        if checkpoint is None:
            return None
        if incremental:
            raise ValueError(
                f"{checkpoint} is for fit. A call of partial_fit is one epoch: save "
                "the estimator between calls, for instance with pickle, and it goes on "
                "to the same bits."
            )
        start = None
        if state is not None:
            start = (network.parameters, state.n_epochs, state.n_updates)
        data = data | {"validation data": validation}
        record = checkpoint.open(
            identity_of(self, data, start),
            seeded=isinstance(self.random_state, Integral) or state is not None,
            drawn={name: getattr(self, name) for name in self._drawn},
            kernels=network.kernels.__name__.rpartition(".")[-1],
        )
        if record.saved is not None:
            vars(self).update(record.saved.drawn)
            tasks.skip(record.saved.state.n_iter)
        return record
