"""``set_output`` for transformers whose result is a table only sometimes."""

from typing import Self

from .._sklearn_compat import _get_container_adapter


class TableOutputMixin:
    """Wrap 2-D results in the data frame the user asked for, and nothing else.

    scikit-learn's own mixin would hand 3-D arrays and arrays of sequences to pandas,
    which fails; refusing ``set_output`` would break every pipeline that sets it. A
    class that inherits from this one must come before ``TransformerMixin``, which is
    given ``auto_wrap_output_keys=None``, and pass its results through
    `_as_configured`.
    """

    def set_output(self, *, transform: str | None = None) -> Self:
        """Set the container of 2-D results.

        Results of more dimensions, arrays of sequences and `Sequences` have no form
        as a data frame and are returned as they are.

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
        # Not only ndarrays have ndim: an array of sequences has 1.
        if adapter is None or getattr(X_out, "ndim", 0) != 2:
            return X_out
        return adapter.create_container(X_out, X, columns=self.get_feature_names_out)
