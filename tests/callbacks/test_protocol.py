"""scikit-learn's callbacks see every epoch of every estimator."""

import pickle
import warnings

import numpy as np
import pytest
from callbacks.fits import (
    ARRAYS,
    BEEPS,
    FITS,
    LABELS,
    NUMBERS,
    SERIES,
    SMALL,
    WEIGHTS,
    WORDS,
    BreakBefore,
    Broken,
    Quiet,
    fit,
    make,
)
from numpy.testing import assert_array_equal
from sklearn import clone
from sklearn.callback import FitCallback

from sklstm import LSTMClassifier
from sklstm.network import RecurrentNetwork

ONE_OF_EACH = [
    "classifier",
    "classifier by lbfgs",
    "regressor with validation data",
    "transformer",
    "tagger of words",
    "language model",
    "seq2seq",
    "transcriber",
    "forecaster",
]


class Record(Quiet):
    """Writes down what it is told."""

    def __init__(self):
        self.told, self.snapshots, self.data = [], [], []

    def setup(self, estimator, context):
        self.told.append("setup")

    def teardown(self, estimator, context):
        self.told.append("teardown")

    def on_fit_task_begin(self, estimator, context, *, X=None, y=None, metadata=None):
        self.told.append(f"begin {context.task_name} {context.task_id}")
        self.data.append((X, y, metadata))
        if context.parent is None:
            self.max_subtasks = context.max_subtasks

    def on_fit_task_end(
        self, estimator, context, *, X=None, y=None, metadata=None,
        fitted_estimator=None,
    ):  # fmt: skip
        self.told.append(f"end {context.task_name} {context.task_id}")
        self.data.append((X, y, metadata))
        self.snapshots.append(fitted_estimator)


def what_a_fit_tells(n_epochs, task="fit", epoch="epoch"):
    of_epochs = [
        f"{when} {epoch} {k}" for k in range(n_epochs) for when in ("begin", "end")
    ]
    return ["setup", f"begin {task} 0", *of_epochs, f"end {task} 0", "teardown"]


@pytest.mark.parametrize("name", FITS)
def test_every_epoch_is_a_task(name):
    record = Record()
    fitted = fit(name, record)
    epoch = "iteration" if "lbfgs" in name else "epoch"
    assert record.told == what_a_fit_tells(fitted.n_iter_, epoch=epoch)
    assert record.max_subtasks == fitted.max_iter
    assert isinstance(record, FitCallback)
    left = {"_callback_fit_ctx", "_skl_callbacks_to_teardown"}
    assert not left & set(vars(fitted))


@pytest.mark.parametrize("name", FITS)
def test_callbacks_change_no_bit(name):
    watched, alone = fit(name, Record()), fit(name)
    assert_array_equal(watched._network.parameters, alone._network.parameters)
    assert watched.loss_curve_ == alone.loss_curve_


@pytest.mark.parametrize("name", ["classifier", "language model", "seq2seq"])
def test_a_snapshot_is_the_estimator_as_if_fit_had_stopped_there(name):
    """And stays so, while training goes on writing into its weights."""
    record = Record()
    fit(name, record, learning_rate="constant")
    for k, snapshot in enumerate(record.snapshots[:-1], 1):
        stopped = fit(name, learning_rate="constant", max_iter=k)
        assert_array_equal(snapshot._network.parameters, stopped._network.parameters)
        assert snapshot.loss_curve_ == stopped.loss_curve_
        assert snapshot.n_iter_ == k
        # Going on is possible, too: moments and random numbers are those of then.
        data = FITS[name][2]
        snapshot.set_callbacks().partial_fit(*data)
        stopped.partial_fit(*data)
        assert_array_equal(snapshot._network.parameters, stopped._network.parameters)


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_a_snapshot_predicts(name):
    record = Record()
    fitted = fit(name, record)
    for snapshot in record.snapshots:
        if name == "transformer":
            assert snapshot.transform(ARRAYS).shape == (24, 4)
        elif name == "forecaster":
            assert snapshot.predict().shape == (2,)
        else:
            assert len(snapshot.predict(FITS[name][2][0])) == 24
    assert record.snapshots[-1] is not fitted
    last = record.snapshots[-1]._network.parameters
    assert_array_equal(last, fitted._network.parameters)


@pytest.mark.parametrize(
    "name", ["classifier by lbfgs", "regressor with validation data"]
)
def test_snapshots_have_the_weights_of_their_epoch(name):
    record = Record()
    fitted = fit(name, record)
    weights = [one._network.parameters for one in record.snapshots]
    assert all((a != b).any() for a, b in zip(weights[:-2], weights[1:-1], strict=True))
    if fitted.validation_scores_ is not None:
        X, y = FITS[name][3]["X_val"], FITS[name][3]["y_val"]
        for k, snapshot in enumerate(record.snapshots[:-1]):
            assert snapshot.score(X, y) == pytest.approx(
                fitted.validation_scores_[k], abs=1e-5
            )


def test_early_stopping_is_told():
    record = Record()
    fitted = fit("classifier that stops early", record)
    reasons = [snapshot.stop_reason_ for snapshot in record.snapshots]
    assert reasons[:-2] == [""] * (fitted.n_iter_ - 1)
    assert reasons[-2:] == ["early_stopping"] * 2
    scores = [one.validation_scores_[-1] for one in record.snapshots[:-1]]
    assert scores == fitted.validation_scores_
    best = [one.best_validation_score_ for one in record.snapshots[:-1]]
    assert best == np.maximum.accumulate(scores).tolist()
    # An epoch has its own weights, the end the best ones.
    final = fitted._network.parameters
    same = [(one._network.parameters == final).all() for one in record.snapshots]
    assert same == [k == scores.index(max(scores)) for k in range(len(scores))] + [True]


class StopAfter(Quiet):
    def __init__(self, n_epochs):
        self.n_epochs = n_epochs

    def on_fit_task_end(self, estimator, context):
        return context.task_id == self.n_epochs - 1


@pytest.mark.parametrize("name", FITS)
def test_a_callback_stops_training(name):
    stopped = fit(name, StopAfter(2))
    assert (stopped.n_iter_, stopped.stop_reason_) == (2, "callback")
    assert len(stopped.loss_curve_) == 2


@pytest.mark.parametrize(
    "name, reason",
    [
        ("classifier", "max_iter"),
        ("classifier that stops early", "early_stopping"),
        ("classifier on plateaus", "learning_rate"),
        ("classifier by lbfgs", "max_iter"),
    ],
)
def test_the_reason_to_stop_is_known_afterwards(name, reason):
    assert fit(name).stop_reason_ == reason


def test_an_interrupt_closes_what_is_open(monkeypatch):
    calls, forward = [], RecurrentNetwork.forward

    def interrupted(self, *arguments, **named):
        calls.append(None)
        if len(calls) == 8:
            raise KeyboardInterrupt
        return forward(self, *arguments, **named)

    monkeypatch.setattr(RecurrentNetwork, "forward", interrupted)
    record = Record()
    with pytest.warns(UserWarning, match="interrupted in epoch 3"):
        fit("classifier", record)
    assert record.told == what_a_fit_tells(3)
    assert [one is None for one in record.snapshots] == [False, False, True, False]


# ---- what they see -------------------------------------------------------------------


def test_callbacks_see_the_data_of_the_user():
    for name, X, y in (
        ("classifier", ARRAYS, LABELS),
        ("language model", WORDS, WORDS),
        ("transformer", ARRAYS, ARRAYS),
        ("transcriber", BEEPS, WORDS),
        ("forecaster", SERIES, SERIES),
    ):
        record = Record()
        fit(name, record)
        assert all(of[0] is X and of[1] is y for of in record.data), name
        assert all(of[2] is None for of in record.data)
    record = Record()
    make("classifier", record).fit(ARRAYS, LABELS, WEIGHTS)
    assert all(of[2] == {"sample_weight": WEIGHTS} for of in record.data)


def test_a_piece_is_a_task_of_one_epoch():
    record = Record()
    estimator = make("regressor with validation data", record)
    for _ in range(2):
        estimator.partial_fit(ARRAYS, NUMBERS)
    assert record.told == 2 * what_a_fit_tells(1, task="partial-fit")
    assert [len(one.loss_curve_) for one in record.snapshots] == [1, 1, 2, 2]
    estimator = make("forecaster", record, early_stopping=False)
    estimator.set_params(validation_fraction=0.1, n_iter_no_change=10)
    estimator.partial_fit(SERIES).partial_fit(SERIES)


@pytest.mark.parametrize("callback, n_made", [(Quiet(), 1), (Record(), 6)])
def test_a_snapshot_is_made_only_for_those_who_want_it(callback, n_made, monkeypatch):
    made, attributes = [], LSTMClassifier._fitted_attributes

    def counted(*arguments):
        made.append(None)
        return attributes(*arguments)

    monkeypatch.setattr(LSTMClassifier, "_fitted_attributes", counted)
    fit("classifier", callback)
    assert len(made) == n_made  # the last one is what the estimator itself becomes


def test_without_callbacks_there_are_no_tasks(monkeypatch):
    def refuse(*arguments, **named):
        raise AssertionError

    monkeypatch.setattr(LSTMClassifier, "_init_callback_context", refuse)
    assert fit("classifier").n_iter_ == 5


# ---- what must stay ------------------------------------------------------------------


def test_errors_leave_the_estimator_as_it_was_and_tear_down():
    for name in ("classifier", "forecaster", "language model"):
        record = Record()
        estimator = make(name, BreakBefore(2), record)
        before = set(vars(estimator))
        data = FITS[name][2]
        with pytest.raises(Broken):
            estimator.fit(*data)
        assert set(vars(estimator)) == before, name
        assert record.told[0] == "setup"
        assert record.told[-1] == "teardown"
    estimator = make("classifier", record := Record())
    with pytest.raises(ValueError, match="y"):
        estimator.fit(ARRAYS, LABELS[:3])
    assert record.told == ["setup", "begin fit 0", "teardown"]
    assert fit("classifier", record).n_iter_ == 5


def test_clones_share_callbacks_and_parameters_know_nothing_of_them():
    record = Record()
    estimator = make("classifier", record)
    clone(estimator).fit(ARRAYS, LABELS)
    assert record.told == what_a_fit_tells(5)
    assert estimator.get_params() == make("classifier").get_params()
    assert repr(estimator) == repr(make("classifier"))
    assert "LSTMClassifier" in fit("classifier", record)._repr_html_()


def test_a_fitted_estimator_is_pickled_with_its_callbacks():
    fitted = fit("classifier", StopAfter(3))
    again = pickle.loads(pickle.dumps(fitted))
    assert_array_equal(again.predict_proba(ARRAYS), fitted.predict_proba(ARRAYS))
    assert again.fit(ARRAYS, LABELS).n_iter_ == 3
    assert fitted.set_callbacks().fit(ARRAYS, LABELS).n_iter_ == 5


def test_classes_are_no_callbacks():
    with pytest.raises(TypeError, match="callbacks must be instances"):
        LSTMClassifier(**SMALL).set_callbacks(Quiet)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit("classifier", Quiet())
