"""Class labels: checked, encoded for a loss, decoded again, weighted by class."""

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import check_array, column_or_1d, compute_class_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from ..sequences import check_targets


class Labels:
    """Class labels, and how a network's outputs stand for them.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
        The sorted labels; with several labels a sequence, the column numbers.
    multilabel : bool
        Whether a sequence has any number of the labels, given as an indicator matrix.
    """

    def __init__(self, classes, multilabel):
        self.classes = classes
        self.multilabel = multilabel

    @classmethod
    def from_targets(
        cls, y, sequences, *, estimator_name, classes=None, incremental=False
    ):
        """Find out from y, or from the classes given to ``partial_fit``.

        Parameters
        ----------
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Labels, or an indicator matrix of zeros and ones.
        sequences : Sequences
            What they belong to.
        estimator_name : str
            For error messages.
        classes : array-like of shape (n_classes,), default=None
            All labels that may ever come. None takes those in y.
        incremental : bool, default=False
            Whether y is a piece of the data, so that `classes` must be given.

        Returns
        -------
        labels : Labels
        codes : ndarray
            y, encoded; see :meth:`encode`.

        Raises
        ------
        ValueError
            If y is missing, continuous, of another length or of one class only.
        """
        y, multilabel = _check_labels(y, sequences, estimator_name, "y")
        if multilabel:
            known = np.arange(y.shape[1])
            if classes is not None and not np.array_equal(np.sort(classes), known):
                raise ValueError(
                    f"y marks {y.shape[1]} labels by column; classes must then be the "
                    f"column numbers 0 to {y.shape[1] - 1}, got {classes!r}."
                )
            return cls(known, True), y
        if incremental and classes is None:
            raise ValueError(
                "classes must be passed on the first call to partial_fit: the labels "
                "of this piece of the data may not be all that will come."
            )
        known = np.unique(y if classes is None else column_or_1d(classes))
        if len(known) < 2:
            raise ValueError(
                f"{estimator_name} needs at least two classes, but y contains 1 class "
                f"only: {known.tolist()[0]!r}."
            )
        labels = cls(known, False)
        return labels, labels._codes_of(y, "y")

    def encode(self, y, sequences, *, estimator_name, name="y"):
        """Turn labels into what the loss is computed on.

        Parameters
        ----------
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            The user's labels.
        sequences : Sequences
            What they belong to.
        estimator_name, name : str
            For error messages.

        Returns
        -------
        codes : ndarray of shape (n_samples,) or (n_samples, n_labels)
            Positions in `classes` (intp), or zeros and ones (float64) for labels that
            are marked by column.

        Raises
        ------
        ValueError
            If y has labels that are not in `classes`, or the other form.
        """
        y, multilabel = _check_labels(y, sequences, estimator_name, name)
        if multilabel != self.multilabel:
            forms = ("one label a sequence", "a matrix of zeros and ones")
            raise ValueError(
                f"{name} holds {forms[multilabel]}, but the fit before it had "
                f"{forms[self.multilabel]}."
            )
        if not multilabel:
            return self._codes_of(y, name)
        if y.shape[1] != len(self.classes):
            raise ValueError(
                f"{name} has {y.shape[1]} columns, one a label; expected "
                f"{len(self.classes)}."
            )
        return y

    def decode(self, outputs):
        """Turn the network's outputs into labels.

        Parameters
        ----------
        outputs : ndarray of shape (n_samples, n_outputs)
            Before the link: log odds, or softmax inputs.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_labels)
        """
        if self.multilabel:
            return (outputs > 0).astype(np.intp)
        if self.binary:
            return self.classes[(outputs[:, 0] > 0).astype(np.intp)]
        return self.classes[outputs.argmax(axis=1)]

    @property
    def n_outputs(self):
        """Outputs of the network: one for two classes, one a class otherwise."""
        return 1 if self.binary else len(self.classes)

    @property
    def binary(self):
        """Whether there are two classes, of which every sequence has one."""
        return len(self.classes) == 2 and not self.multilabel

    def weights_of(self, codes, class_weight, sample_weight):
        """Multiply sample weights by class weights.

        Parameters
        ----------
        codes : ndarray of shape (n_samples,) or (n_samples, n_labels)
            See :meth:`encode`.
        class_weight : dict, list of dict, "balanced" or None
            As the user gave it; one dict a column for labels marked by column.
        sample_weight : ndarray of shape (n_samples,)
            Weights of the sequences.

        Returns
        -------
        weights : ndarray of shape (n_samples,)

        Raises
        ------
        ValueError
            If the form of `class_weight` does not suit y.
        """
        if class_weight is None:
            return sample_weight
        if not self.multilabel:
            _check_is_not_list(class_weight)
            classes, y = self.classes, self.classes[codes]
            if isinstance(classes[0], tuple):  # scikit-learn does not read them
                class_weight = _by_code(class_weight, classes)
                classes, y = np.arange(len(classes)), codes
            weight_of_class = _class_weights(class_weight, classes, y, sample_weight)
            return sample_weight * weight_of_class[codes]
        n_labels = codes.shape[1]
        if isinstance(class_weight, dict) or (
            isinstance(class_weight, list) and len(class_weight) != n_labels
        ):
            raise ValueError(
                f"class_weight must be 'balanced' or a list of {n_labels} dicts of the "
                "form {0: weight, 1: weight}, one for each column of y."
            )
        weights = sample_weight
        for column, mark in enumerate(codes.T.astype(np.intp)):
            one = class_weight if class_weight == "balanced" else class_weight[column]
            marks = np.unique(mark)
            weight_of_mark = _class_weights(one, marks, mark, sample_weight)
            weights = weights * weight_of_mark[np.searchsorted(marks, mark)]
        return weights

    def _codes_of(self, y, name):
        unknown = np.setdiff1d(y, self.classes)
        if len(unknown):
            first = int(np.flatnonzero(np.isin(y, unknown))[0])
            raise ValueError(
                f"{name} contains labels that are not among the classes: "
                f"{unknown.tolist()} (first at position {first}). Known are "
                f"{self.classes.tolist()}; give all labels that may come as `classes` "
                "to the first partial_fit, or fit anew."
            )
        return np.searchsorted(self.classes, y)


def _class_weights(class_weight, classes, y, sample_weight):
    """Weights of the classes; one for a class that 'balanced' cannot know."""
    if class_weight != "balanced":
        return compute_class_weight(class_weight, classes=classes, y=y)
    seen = np.unique(y[sample_weight > 0])
    weights = np.ones(len(classes))
    weights[np.searchsorted(classes, seen)] = compute_class_weight(
        "balanced",
        classes=seen,
        y=y[sample_weight > 0],
        sample_weight=sample_weight[sample_weight > 0],
    )
    return weights


def _by_code(class_weight, classes):
    """A dict of weights by the labels' codes; 'balanced' as it is."""
    if isinstance(class_weight, str):
        return class_weight
    codes = {label: code for code, label in enumerate(classes.tolist())}
    unknown = [label for label in class_weight if label not in codes]
    if unknown:
        raise ValueError(
            f"class_weight has weights for {unknown}, which are not among the labels: "
            f"known are {list(codes)}."
        )
    return {codes[label]: weight for label, weight in class_weight.items()}


def _check_is_not_list(class_weight):
    if isinstance(class_weight, list):
        raise ValueError(
            "class_weight is a list, which is meant for y with one column a label; "
            "give one dict of the form {class: weight}."
        )


def _check_labels(y, sequences, estimator_name, name):
    """Return y as an array and whether it marks labels by column."""
    check_given(y, estimator_name)
    with np.errstate(invalid="ignore"):  # infinity is found, and named, right there
        kind = type_of_target(y, input_name=name, raise_unknown=True)
    if kind == "multilabel-indicator":
        if issparse(y):
            y = y.toarray()
        y = check_array(y, dtype=np.float64, input_name=name, estimator=estimator_name)
    else:
        y = column_or_1d(y, warn=True)
        check_classification_targets(y)
    check_targets(sequences, y, name)
    return y, kind == "multilabel-indicator"


def check_given(y, estimator_name):
    """Raise scikit-learn's error if there is no y."""
    if y is None:
        raise ValueError(
            f"{estimator_name} requires y to be passed, but the target y is None."
        )
