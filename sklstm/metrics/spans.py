"""Spans of several steps, named by tags like B-person: conlleval's way of counting.

A tag is ``O`` or a prefix, a hyphen and a type: ``B`` begins a span, ``I`` is inside,
``E`` ends it, ``S`` is a span of one step. BIO (IOB2) and BIOES (IOBES) are read alike
and with forbearance, as the conlleval script of the CoNLL shared tasks does: a tag goes
on with the span before it if it is ``I`` or ``E``, the tag before is ``B`` or ``I``,
and both have one type. Every other tag but ``O`` begins a span, so that ``I-x`` does
after ``O`` and after ``I-y``.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from .._typing import Array, ArrayLike, LabelSequencesLike
from .checks import check_sample_weight, check_steps, labels_of

__all__ = ["SpanScores", "extract_spans", "span_f1", "span_report"]


class SpanScores(NamedTuple):
    """Counts and scores of the spans of a type, or of all.

    Attributes
    ----------
    precision : float
        Part of the predicted spans that are right; 0 if none was predicted.
    recall : float
        Part of the true spans that were found; 0 if there are none.
    f1 : float
        Harmonic mean of both; 0 if nothing is right.
    n_true, n_predicted, n_correct : int or float
        Numbers of spans; sums of weights if there are any.
    """

    precision: float
    recall: float
    f1: float
    n_true: float
    n_predicted: float
    n_correct: float


def extract_spans(tags: Sequence[str] | Array) -> list[tuple[str, int, int]]:
    """Return the spans of one sequence of tags.

    Parameters
    ----------
    tags : sequence of str
        ``O``, or a prefix out of B, I, E and S with a type: ``B-person``. The type may
        be missing, and may contain hyphens.

    Returns
    -------
    spans : list of (type, start, stop)
        ``tags[start:stop]`` belong to the span.

    Raises
    ------
    ValueError
        If a tag is none of these, naming the step.

    Examples
    --------
    >>> from sklstm.metrics import extract_spans
    >>> extract_spans(["B-name", "I-name", "O", "I-place"])
    [('name', 0, 2), ('place', 3, 4)]
    >>> extract_spans(["B-name", "E-name", "S-name"])
    [('name', 0, 2), ('name', 2, 3)]
    """
    tags = labels_of(tags)
    if tags is None:
        raise ValueError("tags must be a list or a 1-D array of str")
    return _spans(tags, "tags")


def _spans(tags, name):
    spans = []
    previous, previous_type = "O", None
    for step, tag in enumerate(tags):
        prefix, kind = _parts(tag, name, step)
        if prefix != "O":
            inside = (
                prefix in ("I", "E")
                and previous in ("B", "I")
                and kind == previous_type
            )
            start = spans.pop()[1] if inside else step
            spans.append((kind, start, step + 1))
        previous, previous_type = prefix, kind
    return spans


def _parts(tag, name, step):
    """Prefix and type of a tag."""
    if tag == "O":
        return "O", None
    if isinstance(tag, str):
        prefix, _, kind = tag.partition("-")
        if prefix in ("B", "I", "E", "S"):
            return prefix, kind
    raise ValueError(
        f"{name}[{step}] is {tag!r}: expected 'O' or a tag like 'B-name', with B, I, E"
        " or S in front"
    )


def span_f1(
    y_true: LabelSequencesLike,
    y_pred: LabelSequencesLike,
    *,
    sample_weight: ArrayLike | None = None,
) -> float:
    """F1 score of spans: harmonic mean of precision and recall over all types.

    A predicted span is right if one of the true ones has the same type, start and end.
    Tags are read as the conlleval script reads them.

    Parameters
    ----------
    y_true, y_pred : list or ndarray of sequences of str
        Tags of each sample: ``O``, or ``B-``, ``I-``, ``E-``, ``S-`` with a type.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the samples; None means ones.

    Returns
    -------
    f1 : float
        Between 0 and 1; 0 if no span is right.

    Raises
    ------
    ValueError
        If a sequence and its prediction have different lengths or a tag cannot be read,
        naming sample and step.

    See Also
    --------
    span_report : Precision and recall as well, and every type by itself.

    Examples
    --------
    >>> from sklstm.metrics import span_f1
    >>> y_true = [["B-name", "I-name", "O"], ["B-place"]]
    >>> span_f1(y_true, [["B-name", "I-name", "O"], ["B-name"]])
    0.5
    """
    return span_report(y_true, y_pred, sample_weight=sample_weight)["all"].f1


def span_report(
    y_true: LabelSequencesLike,
    y_pred: LabelSequencesLike,
    *,
    sample_weight: ArrayLike | None = None,
) -> dict[str, Any]:
    """Precision, recall and F1 of spans, over all types and for each.

    Parameters
    ----------
    y_true, y_pred : list or ndarray of sequences of str
        Tags of each sample, see `span_f1`.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the samples; None means ones.

    Returns
    -------
    report : dict of SpanScores
        ``report["all"]`` over all types (micro average), ``report["types"]`` a dict
        with one entry a type, in the order of the alphabet.

    Raises
    ------
    ValueError
        As `span_f1`.

    Examples
    --------
    >>> from sklstm.metrics import span_report
    >>> y_true = [["B-name", "I-name", "O"], ["B-place"]]
    >>> report = span_report(y_true, [["B-name", "I-name", "O"], ["B-name"]])
    >>> report["all"].recall
    0.5
    >>> report["types"]["name"].precision
    0.5
    >>> report["types"]["place"].n_true
    1
    """
    true, predicted = check_steps(y_true, y_pred, "the score of spans")
    if sample_weight is None:
        weights = [1] * len(true)
    else:
        weights = check_sample_weight(sample_weight, true).tolist()
    counts: dict = {}
    for i, weight in enumerate(weights):
        spans = _spans(true[i], f"y_true[{i}]")
        found = _spans(predicted[i], f"y_pred[{i}]")
        for column, group in enumerate((spans, found, set(spans) & set(found))):
            for kind, _, _ in group:
                counts.setdefault(kind, [0, 0, 0])[column] += weight
    types = {kind: _scores(*counts[kind]) for kind in sorted(counts)}
    totals = [sum(columns) for columns in zip(*counts.values(), strict=True)]
    return {"all": _scores(*(totals or (0, 0, 0))), "types": types}


def _scores(n_true, n_predicted, n_correct):
    precision = n_correct / n_predicted if n_predicted else 0.0
    recall = n_correct / n_true if n_true else 0.0
    both = precision + recall
    f1 = 2 * precision * recall / both if both else 0.0
    return SpanScores(precision, recall, f1, n_true, n_predicted, n_correct)
