"""All parameters of a network in one flat vector, and named views of it."""

import numpy as np

__all__ = ["ParameterLayout", "read_only"]


class ParameterLayout:
    """Where each parameter stands in the flat vector.

    Parameters
    ----------
    shapes : mapping from key to shape
        In the order of the vector. A key is any hashable; its last item is the
        parameter's name ("weight_ih", "bias", ...).
    """

    def __init__(self, shapes):
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
            key: flat[a:b].reshape(shape) for key, (a, b, shape) in self._places.items()
        }

    def is_weight(self):
        """Mask of the vector: True for weights, False for biases and initial states."""
        mask = np.ones(self.n_parameters, dtype=bool)
        for key, (start, stop, _) in self._places.items():
            if key[-1].startswith("bias") or key[-1].endswith("_0"):
                mask[start:stop] = False
        return mask


def read_only(parameters):
    """Views of arrays by name that cannot be written to."""
    views = {name: array.view() for name, array in parameters.items()}
    for view in views.values():
        view.flags.writeable = False
    return views
