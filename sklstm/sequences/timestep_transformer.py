"""`TimestepTransformer`: a transformer of tables, applied to the steps of sequences."""

from typing import Any, NamedTuple, Self

import narwhals.stable.v2 as nw
import numpy as np
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.utils import get_tags
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from .._sklearn_callbacks import CallbackSupport, FitTasks, with_callbacks
from .._sklearn_compat import _check_feature_names_in
from .._typing import ArrayLike, ObjectArray, SequencesLike
from ..persistence import VersionedState
from .container import Sequences, offsets_of
from .layouts import (
    InputLayout,
    is_list_of_frames,
    names_of_columns,
    read_frames,
    restore_layout,
)
from .lifting import lift_metadata, lift_target
from .table_output import TableOutputMixin
from .validation import (
    check_finite,
    check_sequences,
    compare_channels,
    record_features,
    validate_sequences,
)


class _Steps(NamedTuple):
    """The steps of all sequences as the table the wrapped transformer gets."""

    rows: object  # array or data frame (n_total_timesteps, n_features)
    sequences: Sequences  # their lengths; without values if rows are a data frame
    layout: InputLayout


def _wrapped_has(method):
    """For `available_if`: whether the wrapped transformer has a method."""

    def check(self):
        return hasattr(getattr(self, "transformer_", self.transformer), method)

    return check


class TimestepTransformer(  # type: ignore[call-arg]
    VersionedState,
    TableOutputMixin,
    TransformerMixin,
    CallbackSupport,
    BaseEstimator,
    auto_wrap_output_keys=None,
):
    """Apply a transformer of 2-D data to every time step of sequences.

    All steps of all sequences become the rows of one table, on which the transformer
    is fitted and which it transforms; padding takes no part. Scaling, imputation,
    encoding, PCA and whole pipelines of such steps then work on sequences, with
    nothing learned from test folds when this stands in a `Pipeline`.

    What comes back has the layout of what was passed in: 3-D arrays give 3-D arrays
    (padded with NaN where the input was), lists and object arrays give a 1-D object
    array of 2-D arrays, `Sequences` give `Sequences`, and 2-D input
    (n_samples, n_timesteps), which is one channel, gives 2-D output unless the
    transformer makes several features of one.

    A list of data frames reaches the transformer as a data frame, so that a
    `ColumnTransformer` can choose columns by name and encode strings.

    Parameters
    ----------
    transformer : estimator
        Any scikit-learn transformer of 2-D data that keeps the number of rows. It is
        cloned before it is fitted.

    Attributes
    ----------
    transformer_ : estimator
        The fitted transformer.
    n_features_in_ : int
        Number of channels; of columns for 2-D input.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features seen during `fit`, where there were any.

    See Also
    --------
    sklearn.compose.ColumnTransformer : Apply transformers to chosen columns.

    Notes
    -----
    In 3-D arrays, steps at the end that are NaN in all channels are padding and stay
    NaN. NaN elsewhere is passed on if the transformer allows it, as scalers and
    imputers do.

    Weights and targets of the sequences are repeated for each of their steps. A `y`
    that has one entry a step is passed on as it is, any other form of `y` only
    matters to transformers that need it, and is an error for them.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklstm.sequences import TimestepTransformer
    >>> X = [np.array([[0.0, 10.0], [2.0, 30.0]]), np.array([[4.0, 20.0]])]
    >>> scaler = TimestepTransformer(StandardScaler(with_std=False)).fit(X)
    >>> scaler.transform(X)[0]
    array([[ -2., -10.],
           [  0.,  10.]])
    """

    def __init__(self, transformer: Any):
        self.transformer = transformer

    def fit(self, X: SequencesLike, y: Any = None, **params: Any) -> Self:
        """Fit the transformer on all time steps of all sequences.

        Parameters
        ----------
        X : array, data frame, list or Sequences
            Sequences in any layout, see `check_sequences`.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Targets, repeated for each step of a sequence; or a list of arrays with
            one target a step.
        **params : dict
            Metadata for the transformer, such as ``sample_weight``. What has one
            entry a sequence is repeated for each of its steps.

        Returns
        -------
        self : TimestepTransformer

        Raises
        ------
        ValueError
            If `X` is not valid, `y` or `sample_weight` have another length, or the
            transformer does not take weights.
        """
        self._fit("fit", X, y, params)
        return self

    def fit_transform(self, X: SequencesLike, y: Any = None, **params: Any) -> Any:
        """Fit the transformer and transform the same sequences.

        Parameters
        ----------
        X : array, data frame, list or Sequences
            Sequences, as for `fit`.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Targets, as for `fit`.
        **params : dict
            Metadata for the transformer, as for `fit`.

        Returns
        -------
        X_out : ndarray or Sequences
            In the layout of `X`, see `transform`.
        """
        if not hasattr(self.transformer, "fit_transform"):
            return self.fit(X, y, **params).transform(X)
        rows_out, steps = self._fit("fit_transform", X, y, params)
        return self._as_configured(self._restore(rows_out, steps), X)

    @available_if(_wrapped_has("partial_fit"))
    def partial_fit(self, X: SequencesLike, y: Any = None, **params: Any) -> Self:
        """Go on fitting with further sequences.

        Parameters
        ----------
        X : array, data frame, list or Sequences
            Sequences, as for `fit`.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Targets, as for `fit`.
        **params : dict
            Metadata for the transformer, as for `fit`.

        Returns
        -------
        self : TimestepTransformer
        """
        self._fit("partial_fit", X, y, params)
        return self

    def transform(self, X: SequencesLike) -> Any:
        """Transform every time step.

        Parameters
        ----------
        X : array, data frame, list or Sequences
            Sequences in any layout, with the features seen during `fit`.

        Returns
        -------
        X_out : ndarray or Sequences
            In the layout of `X`, with as many steps.
        """
        check_is_fitted(self, "transformer_")
        steps = self._read_steps(X, reset=False)
        rows_out = self.transformer_.transform(steps.rows)
        return self._as_configured(self._restore(rows_out, steps), X)

    @available_if(_wrapped_has("inverse_transform"))
    def inverse_transform(self, X: SequencesLike) -> Any:
        """Undo `transform` for every time step.

        Parameters
        ----------
        X : array, data frame, list or Sequences
            Sequences as `transform` returns them.

        Returns
        -------
        X_original : ndarray or Sequences
            In the layout of `X`.
        """
        check_is_fitted(self, "transformer_")
        sequences, layout = check_sequences(
            X,
            dtype=None,
            estimator_name=type(self).__name__,
            min_length=0,
            allow_nan=self._allows_nan(),
        )
        if layout.kind == "3d" and self._input_is_2d and sequences.n_features > 1:
            # transform made several features of each column: back to a table.
            layout = layout._replace(kind="2d")
        rows_out = self.transformer_.inverse_transform(sequences.values)
        return self._restore(rows_out, _Steps(sequences.values, sequences, layout))

    @available_if(_wrapped_has("get_feature_names_out"))
    def get_feature_names_out(
        self, input_features: ArrayLike | None = None
    ) -> ObjectArray:
        """Names of the features of each time step after `transform`.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the input features; those seen in `fit` if None.

        Returns
        -------
        names : ndarray of str
            The names the transformer gives. After a fit on 2-D input whose output is
            2-D as well, one name a column.
        """
        check_is_fitted(self, "transformer_")
        names = _check_feature_names_in(self, input_features)
        name_features = self.transformer_.get_feature_names_out
        if not self._input_is_2d:
            return name_features(names)
        of_columns = [name_features([name]) for name in names]
        if len(of_columns[0]) != 1:
            return name_features(None)
        of_columns = np.concatenate(of_columns)
        if len(set(of_columns)) < len(names):  # such as "pca0" for every column
            of_columns = [f"{a}_{b}" for a, b in zip(of_columns, names, strict=True)]
        return np.asarray(of_columns, dtype=object)

    def get_metadata_routing(self) -> Any:
        """Describe how metadata reaches the wrapped transformer.

        Returns
        -------
        routing : MetadataRouter
        """
        mapping = MethodMapping().add(caller="fit", callee="fit")
        if hasattr(self.transformer, "partial_fit"):
            mapping.add(caller="partial_fit", callee="partial_fit")
        composite = hasattr(self.transformer, "fit_transform")
        callee = "fit_transform" if composite else "fit"
        mapping.add(caller="fit_transform", callee=callee)
        return MetadataRouter(owner=self).add(
            transformer=self.transformer, method_mapping=mapping
        )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        wrapped = get_tags(self.transformer)
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = wrapped.input_tags.allow_nan
        tags.input_tags.positive_only = wrapped.input_tags.positive_only
        tags.target_tags = wrapped.target_tags
        tags.non_deterministic = wrapped.non_deterministic
        if wrapped.transformer_tags is not None:
            tags.transformer_tags = wrapped.transformer_tags
        return tags

    @with_callbacks
    def _fit(self, method, X, y, params):
        """Call a fitting method of the transformer; return its result and the steps."""
        tasks = FitTasks(self, X, y)
        _check_transformer(self.transformer)
        first = method != "partial_fit" or not hasattr(self, "transformer_")
        steps = self._read_steps(X, reset=first)
        y = lift_target(y, steps.sequences, self.transformer)
        params = lift_metadata(params, steps.sequences, self, method)
        if first:
            self.transformer_ = clone(self.transformer)
        result = getattr(self.transformer_, method)(steps.rows, y, **params)
        tasks.end()
        return result, steps

    def _read_steps(self, X, *, reset):
        if is_list_of_frames(X):
            steps = self._read_steps_of_frames(X, reset)
        else:
            sequences, layout = validate_sequences(
                self,
                X,
                reset=reset,
                dtype=None,
                min_length=0,
                allow_nan=self._allows_nan(),
                return_layout=True,
            )
            steps = _Steps(sequences.values, sequences, layout)
        if steps.sequences.offsets[-1] == 0:
            raise ValueError(
                f"None of the {len(steps.sequences)} sequences of X has a time step: "
                f"there is nothing {type(self).__name__} could work on."
            )
        return steps

    def _read_steps_of_frames(self, X, reset):
        """The steps as one data frame, for transformers that choose columns by name."""
        frames, columns = read_frames(X)
        lengths = np.array([len(frame) for frame in frames], dtype=np.intp)
        offsets = offsets_of(lengths)
        names = names_of_columns(columns)
        table = nw.concat(frames)
        layout = InputLayout("ragged")
        numeric = table.select(nw.selectors.numeric())
        if numeric.columns:
            values = numeric.to_numpy()
            numbers = Sequences.trusted(values, lengths, offsets, numeric.columns)
            check_finite(numbers, layout, X, type(self).__name__, self._allows_nan())
        hollow = np.empty((offsets[-1], len(columns)), dtype="V0")  # needs no memory
        sequences = Sequences.trusted(hollow, lengths, offsets, names)
        if reset:
            record_features(self, len(columns), names)
        else:
            compare_channels(self, sequences, layout)
        return _Steps(table.to_native(), sequences, layout)

    def _restore(self, rows_out, steps):
        """Rows that came out of the transformer, in the layout of the input."""
        rows_out = rows_out.toarray() if issparse(rows_out) else np.asarray(rows_out)
        if rows_out.ndim == 1:
            rows_out = rows_out[:, np.newaxis]
        sequences, name = steps.sequences, type(self.transformer_).__name__
        if len(rows_out) != sequences.offsets[-1]:
            raise ValueError(
                f"{name} returned {len(rows_out)} rows for {sequences.offsets[-1]} "
                "time steps. Only transformers that keep the number of rows can be "
                "applied to the steps of sequences."
            )
        names = None
        if steps.layout.kind == "sequences" and hasattr(self, "get_feature_names_out"):
            names = self.get_feature_names_out()
            names = names if len(names) == rows_out.shape[1] else None
        result = Sequences.trusted(
            np.ascontiguousarray(rows_out), sequences.lengths, sequences.offsets, names
        )
        return restore_layout(result, steps.layout)

    def _allows_nan(self):
        return get_tags(self.transformer).input_tags.allow_nan


def _check_transformer(transformer):
    if not isinstance(transformer, type) and all(
        hasattr(transformer, method) for method in ("fit", "transform")
    ):
        return
    raise TypeError(
        "transformer must be an instance of a scikit-learn transformer, such as "
        f"StandardScaler(), got {transformer!r}."
    )
