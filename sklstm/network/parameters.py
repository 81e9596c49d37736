"""All parameters of a network in one flat vector, and named views of it."""

from dataclasses import dataclass, replace

import numpy as np

from .given_weights import copy_layers

__all__ = ["FlatParameters", "ParameterLayout", "RowGradient", "read_only"]


@dataclass(slots=True)
class RowGradient:
    """Gradient of those rows of a table that a batch has seen.

    Attributes
    ----------
    start, stop : int
        Where the table stands in the flat vector.
    rows : ndarray of intp of shape (n_seen,)
        Which rows, ascending.
    values : ndarray of shape (n_seen, width)
    """

    start: int
    stop: int
    rows: np.ndarray
    values: np.ndarray

    def table_in(self, vector):
        """The table as it stands in a flat vector: of parameters, or of moments."""
        return vector[self.start : self.stop].reshape(-1, self.values.shape[1])


class FlatParameters:
    """What networks have in common: one flat vector, and what is made of it.

    A subclass has a ``config``, builds itself by ``_build(parameters=None)``, which
    sets ``parameters`` and ``dtype``, binds its views of them by ``_bind()``, and
    lists those of its recurrent layers by ``_views_of_layers()``.

    Attributes
    ----------
    parameters : ndarray of shape (n_parameters,)
        The flat vector. After writing into it call `parameters_changed`.
    n_dense : int
        How many parameters, from the first, have a gradient in every pass; those after
        them are rows of tables of which a batch sees some.
    row_gradients : list of RowGradient
        Of these tables, after a backward pass.
    """

    row_gradients = ()

    @classmethod
    def from_config(cls, config, parameters=None):
        """A network of a given configuration, with a copy of parameters or zeros."""
        network = cls.__new__(cls)
        network.config = config
        network._build()
        if parameters is not None:
            network.set_parameters(parameters)
        return network

    @property
    def n_dense(self):
        """Number of parameters that have a gradient in every pass."""
        return self.n_parameters

    @property
    def n_multiplied(self):
        """Number of parameters that a row is multiplied by: those of no table."""
        return self.n_parameters

    def parameters_changed(self):
        """Forget the packed copies of the parameters."""
        self._packed = None

    def set_parameters(self, parameters):
        """Copy a flat vector in, whether or not the present one can be written to."""
        if self.parameters.flags.writeable:
            self.parameters[:] = parameters
            self.parameters_changed()
        else:
            self.parameters = np.array(parameters, dtype=self.dtype)
            self._bind()

    def make_writable(self):
        """Own the parameters, in case they came from a read-only memory map."""
        if not self.parameters.flags.writeable:
            self.set_parameters(self.parameters)

    @property
    def layers(self):
        """Read-only views: a list of layers, each a list of directions, each a dict."""
        return [list(map(read_only, layer)) for layer in self._views_of_layers()]

    def set_layers(self, layers, name="layers"):
        """Copy weights of recurrent layers in.

        Parameters
        ----------
        layers : list of (list of mapping, or None)
            In the form of `layers`. A layer that is None stays as it is.
        name : str, default="layers"
            What to call them in errors.

        Raises
        ------
        TypeError, ValueError
            If they do not fit; see `copy_layers`.
        """
        self.make_writable()
        copy_layers(self._views_of_layers(), layers, name)
        self.parameters_changed()

    def astype(self, dtype):
        """A copy that computes in another dtype."""
        config = replace(self.config, dtype=np.dtype(dtype).name)
        return self.from_config(config, self.parameters)

    def __getstate__(self):
        return {"config": self.config.as_dict(), "parameters": self.parameters}


class ParameterLayout:
    """Where each parameter stands in the flat vector.

    Parameters
    ----------
    shapes : mapping from key to shape
        In the order of the vector. A key is any hashable; its last item is the
        parameter's name ("weight_ih", "bias", ...).
    """

    def __init__(self, shapes):
        self.shapes = dict(shapes)
        self._places = {}
        start = 0
        for key, shape in shapes.items():
            stop = start + int(np.prod(shape))
            self._places[key] = (start, stop, shape)
            start = stop
        self.n_parameters = start

    def views(self, flat):
        """A dict of views, one for every key, shaped like the parameters."""
        return {
            key: flat[a:b].reshape(shape)
            for key, (a, b, shape) in self._places.items()
            if b <= len(flat)  # a gradient may end before the tables
        }

    def start_of(self, key):
        """Where a parameter stands."""
        return self._places[key][0]

    def row_gradient(self, key, rows, values):
        """Gradient of some rows of a table, as a `RowGradient`."""
        start, stop, _ = self._places[key]
        return RowGradient(start, stop, rows, np.ascontiguousarray(values))

    def is_weight(self):
        """True for weights, False for biases, initial states and tables of symbols.

        What a CRF adds to its first and last scores is a bias, too.
        """
        mask = np.ones(self.n_parameters, dtype=bool)
        for (*_, name), (start, stop, _) in self._places.items():
            is_bias = name.startswith("bias") or name in ("start", "end")
            if is_bias or name.startswith("table") or name.endswith("_0"):
                mask[start:stop] = False
        return mask


def read_only(parameters):
    """Views of arrays by name that cannot be written to."""
    views = {name: array.view() for name, array in parameters.items()}
    for view in views.values():
        view.flags.writeable = False
    return views
