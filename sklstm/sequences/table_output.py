"""``set_output`` for transformers whose result is a table only sometimes."""

from typing import Self

import numpy as np

from .._sklearn_compat import _get_container_adapter
from .container import as_object_array


class TableOutputMixin:
    """Wrap results in the data frames the user asked for, where they have that form.

    scikit-learn's own mixin would hand 3-D arrays and arrays of sequences to pandas,
    which fails; refusing ``set_output`` would break every pipeline that sets it. A
    class that inherits from this one must come before ``TransformerMixin``, which is
    given ``auto_wrap_output_keys=None``, and pass its results through
    `_as_configured`.
    """

    def set_output(self, *, transform: str | None = None) -> Self:
        """Set the container of results.

        A 2-D result becomes a data frame; of an array of sequences each sequence does,
        so that the next step of a pipeline knows the names of the channels. 3-D arrays
        have no form as a data frame and `Sequences` have names of their own: they are
        returned as they are.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"}, default=None
            The container; None leaves it unchanged.

        Returns
        -------
        self : object
            The estimator.
        """
        if transform is not None:
            # scikit-learn's attribute: clone and its global configuration know it.
            config = {**getattr(self, "_sklearn_output_config", {})}
            self._sklearn_output_config = {**config, "transform": transform}
        return self

    def _as_configured(self, X_out, X):
        """X_out in the container configured for the estimator or globally."""
        adapter = _get_container_adapter("transform", self)
        if adapter is None or not isinstance(X_out, np.ndarray) or X_out.ndim > 2:
            return X_out
        if not hasattr(self, "get_feature_names_out"):  # the wrapped one has none
            return X_out
        columns = self.get_feature_names_out()
        if X_out.ndim == 2:
            return adapter.create_container(X_out, X, columns=columns)
        if any(x.shape[1] != len(columns) for x in X_out):  # those of 2-D input
            return X_out
        return as_object_array(
            [
                # The index of a frame is kept if its steps are.
                adapter.create_container(
                    x, old if len(old) == len(x) else None, columns
                )
                for x, old in zip(X_out, X, strict=True)
            ]
        )
