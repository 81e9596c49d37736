"""Learning a label for every step of a sequence."""

from itertools import chain
from numbers import Number

import narwhals.stable.v2 as nw
import numpy as np

from ..sequences import Sequences
from ..sequences.container import as_object_array
from ..sequences.layouts import is_frame
from ..sequences.symbol_input import unwrapped
from ..training.tagging import PathLikelihood, StepCrossEntropy
from .labels import Labels, check_given
from .tasks import Task, check_weights

__all__ = ["TaggingTask"]


class TaggingTask(Task):
    """Learn one label a step.

    Parameters
    ----------
    estimator_name : str
        For error messages.
    output : {"softmax", "crf"}
    classes : array-like or None, default=None
        All labels that may ever come; None takes those of the first y.
    incremental : bool, default=False
        Whether y is a piece of the data, so that `classes` must be given.
    """

    pooled = False

    def __init__(self, estimator_name, output, classes=None, *, incremental=False):
        super().__init__(estimator_name)
        self._output = output
        self._first_classes = classes
        self._incremental = incremental

    def begin(self, y, sequences):
        """Settle labels and loss; return y encoded."""
        labels = self._checked(y, sequences, "y")
        classes = self._first_classes
        if self._incremental and classes is None:
            raise ValueError(
                "classes must be passed on the first call to partial_fit: the labels "
                "of this piece of the data may not be all that will come."
            )
        if classes is None:
            known = _sorted_labels(chain.from_iterable(labels), "y")
        else:
            known = _sorted_labels(_each(classes), "classes")
        if len(known) < 2:
            raise ValueError(
                f"{self._estimator_name} needs at least two labels, but y contains "
                f"one only: {known.tolist()[0]!r}."
            )
        self.labels = Labels(known, False)
        make_loss = PathLikelihood if self._output == "crf" else StepCrossEntropy
        self.loss = make_loss(len(known))
        return self._encoded(labels, "y")

    def encode(self, y, sequences, name="y"):
        """Return further labels encoded."""
        return self._encoded(self._checked(y, sequences, name), name)

    def codes_of(self, y, sequences):
        """Return the code of each step, of all sequences; -1 for labels not known."""
        labels = self._checked(y, sequences, "y")
        codes = {label: code for code, label in enumerate(self.labels.classes.tolist())}
        return np.array(
            [
                -1 if _is_container(label) else codes.get(label, -1)
                for of_sample in labels
                for label in of_sample
            ],
            dtype=np.intp,
        )

    def weights(self, y, sample_weight, sequences, *, class_weight=None, name):
        """Return the weight of each step times that of its label, or None."""
        if sample_weight is None and class_weight is None:
            return None
        if self._output == "crf" and class_weight is not None:
            raise ValueError(
                f"class_weight={class_weight!r} has no meaning for output='crf', which "
                "judges all labels of a sequence together. Use output='softmax', or "
                "pass a sample_weight for each sequence."
            )
        weights = check_step_weights(sample_weight, sequences, name)
        return self.labels.weights_of(_codes(y), class_weight, weights)

    def weighted(self, y, weights):
        """Return labels and weights as `train` takes them.

        The mean weight of each sequence, and, where its steps differ, what they have
        relative to it, beside the codes.
        """
        if weights is None:
            return y, None
        lengths, starts = y.lengths, y.offsets[:-1]
        of_first = weights[starts]
        if (weights == np.repeat(of_first, lengths)).all():
            return y, of_first
        if self._output == "crf":
            differs = np.flatnonzero(weights != np.repeat(of_first, lengths))[0]
            sample = np.searchsorted(y.offsets, differs, side="right") - 1
            raise ValueError(
                f"sample_weight[{sample}] has different weights for the steps of a "
                "sequence, but output='crf' judges all its labels together: give one "
                "weight a sequence, or use output='softmax'."
            )
        means = np.add.reduceat(weights, starts) / lengths
        of_steps = np.repeat(means, lengths)
        relative = weights / np.where(of_steps > 0, of_steps, 1)
        return Sequences(np.column_stack([y.values, relative]), lengths), means

    def check_classes(self, classes):
        """Raise if `classes` are not those of the first call."""
        known = self.labels.classes.tolist()
        if _sorted_labels(_each(classes), "classes").tolist() != known:
            raise ValueError(
                f"classes={_each(classes)} are not those of the first call, {known}. "
                "They cannot change: fit anew."
            )

    @property
    def fitted_attributes(self):
        """Attributes for the user."""
        return {"classes_": self.labels.classes}

    def _checked(self, y, sequences, name):
        """Labels of each sequence as lists."""
        check_given(y, self._estimator_name)
        if isinstance(y, str) or not hasattr(y, "__len__"):
            raise ValueError(
                f"{name} is {y!r}: expected a sequence of labels for each sequence of "
                "X, in a list or an object array."
            )
        if len(y) != len(sequences):
            raise ValueError(
                f"X and {name} must have one sequence a sample each: X has "
                f"{len(sequences)}, {name} has {len(y)}."
            )
        lengths = sequences.lengths.tolist()
        if is_frame(y):
            y = _rows_of(y, name, lengths)
        labels = []
        for sample, (of_sample, n_steps) in enumerate(zip(y, lengths, strict=True)):
            found = _listed(of_sample)
            if found is None:
                raise ValueError(
                    f"{name}[{sample}] is {of_sample!r}: expected a label for each of "
                    f"the {n_steps} steps of X[{sample}], in a list or a 1-D array. "
                    "(For one label a sequence there is LSTMClassifier.)"
                )
            if len(found) != n_steps:
                raise ValueError(
                    f"{name}[{sample}] has {len(found)} labels, but X[{sample}] has "
                    f"{n_steps} steps: expected one label a step."
                )
            labels.append(found)
        return labels

    def _encoded(self, labels, name):
        """Codes of the labels, as `Sequences` of one column."""
        codes = {label: code for code, label in enumerate(self.labels.classes.tolist())}
        lengths = np.array([len(of_sample) for of_sample in labels], dtype=np.intp)
        try:
            flat = [codes[label] for of_sample in labels for label in of_sample]
        except (KeyError, TypeError):
            self._raise_unknown(labels, codes, name)
        values = np.array(flat, dtype=np.float64)
        return Sequences(values[:, np.newaxis], lengths)

    def _raise_unknown(self, labels, codes, name):
        for sample, of_sample in enumerate(labels):
            for step, label in enumerate(of_sample):
                if _is_container(label) or label not in codes:
                    raise ValueError(
                        f"{name}[{sample}][{step}] is {label!r}, which is not among "
                        f"the labels: known are {list(codes)}. Give all labels that "
                        "may come as `classes` to the first partial_fit, or fit anew."
                    )


def check_step_weights(sample_weight, sequences, name="sample_weight"):
    """Return the weight of every step, of all sequences end to end.

    Parameters
    ----------
    sample_weight : array-like of shape (n_samples,), sequence of array-like, or None
        One number a sequence, or one a step.
    sequences : Sequences
    name : str, default="sample_weight"

    Returns
    -------
    weights : ndarray of shape (n_total_steps,), dtype float64
    """
    lengths = np.asarray(sequences.lengths)
    if is_frame(sample_weight):
        sample_weight = nw.from_native(sample_weight, eager_only=True).to_numpy()
    if (
        sample_weight is None
        or not hasattr(sample_weight, "__len__")
        or isinstance(sample_weight, str)
        or (isinstance(sample_weight, np.ndarray) and sample_weight.ndim == 0)
        or all(isinstance(weight, Number) for weight in sample_weight)
    ):
        return np.repeat(check_weights(sample_weight, sequences, name), lengths)
    if len(sample_weight) != len(sequences):
        raise ValueError(
            f"{name} has {len(sample_weight)} entries: expected one for each of the "
            f"{len(sequences)} sequences, a number or a number for each step."
        )
    parts = []
    for sample, (weights, n_steps) in enumerate(
        zip(sample_weight, lengths.tolist(), strict=True)
    ):
        try:
            part = np.asarray(weights, dtype=np.float64)
        except (TypeError, ValueError):
            raise ValueError(
                f"{name}[{sample}] is {weights!r}: expected a number, or a number for "
                f"each of the {n_steps} steps of X[{sample}]."
            ) from None
        if part.shape != (n_steps,):
            raise ValueError(
                f"{name}[{sample}] has shape {part.shape}: expected a number for each "
                f"of the {n_steps} steps of X[{sample}]."
            )
        wrong = np.flatnonzero(~(np.isfinite(part) & (part >= 0)))
        if len(wrong):
            raise ValueError(
                f"{name}[{sample}][{wrong[0]}] is {part[wrong[0]]:g}: weights must be "
                "finite, and zero or positive."
            )
        parts.append(part)
    weights = np.concatenate(parts)
    if not weights.any():
        raise ValueError(f"{name} is zero everywhere: no step counts.")
    return weights


def _rows_of(frame, name, lengths):
    """The rows of a data frame of labels, one column a step, as an array."""
    frame = nw.from_native(frame, eager_only=True)
    columns = list(frame.columns)
    if len(columns) == 1 and set(lengths) != {1}:
        raise ValueError(
            f"{name} is a data frame of one column, but sequences have up to "
            f"{max(lengths)} steps: pass the column if it holds the labels of each "
            f"sequence, {name}[{columns[0]!r}]."
        )
    return frame.to_numpy()


def _codes(y):
    return y.values[:, 0].astype(np.intp)


def _listed(of_sample):
    """The labels of a sequence as a list, or None."""
    of_sample = unwrapped(of_sample)
    if isinstance(of_sample, np.ndarray):
        return of_sample.tolist() if of_sample.ndim == 1 else None
    return list(of_sample) if isinstance(of_sample, str | list | tuple) else None


def _each(classes):
    """Given classes as a list; tuples stay what they are."""
    classes = unwrapped(classes)
    try:
        return list(classes.tolist() if isinstance(classes, np.ndarray) else classes)
    except TypeError:
        raise ValueError(
            f"classes is {classes!r}: expected a list of all labels that may come."
        ) from None


def _is_container(label):
    return isinstance(label, list | dict | set | np.ndarray)


def _sorted_labels(labels, name):
    """The distinct labels as a sorted array."""
    try:
        distinct = sorted(set(labels))
    except TypeError:
        raise ValueError(
            f"{name} must hold labels of one kind, all strings or all integers, one "
            "for each step."
        ) from None
    numbers = [label for label in distinct if isinstance(label, float)]
    if any(number != int(number) for number in numbers if np.isfinite(number)) or any(
        not np.isfinite(number) for number in numbers
    ):
        raise ValueError(
            f"{name} holds numbers that are no labels, such as {numbers[0]!r}: labels "
            "are strings or integers."
        )
    if any(isinstance(label, tuple) for label in distinct):
        return as_object_array(distinct)  # not a table of their entries
    return np.array(distinct)
