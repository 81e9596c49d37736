"""A fit that is broken off and called again ends as if nothing had happened."""

import os

import numpy as np
import pytest
from callbacks.fits import (
    ARRAYS,
    EPOCHS,
    FITS,
    LABELS,
    BreakBefore,
    Broken,
    Quiet,
    assert_same,
    fit,
    make,
)
from numpy.testing import assert_array_equal
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklstm import TimestepTransformer
from sklstm.callbacks import Checkpoint, fit_record, plain_files
from sklstm.network import RecurrentNetwork

STOPPING = "classifier that stops early"


def break_and_go_on(name, path, epoch, **parameters):
    """Fit, break off before an epoch, and fit again with what is in the file."""
    with pytest.raises(Broken):
        fit(name, BreakBefore(epoch), Checkpoint(path), **parameters)
    return fit(name, Checkpoint(path), **parameters)


@pytest.mark.parametrize("name", FITS)
def test_a_break_between_any_two_epochs_changes_no_bit(name, tmp_path):
    whole = fit(name)
    assert whole.n_iter_ > 3
    for epoch in range(whole.n_iter_):
        path = tmp_path / f"{epoch}.npz"
        assert_same(break_and_go_on(name, path, epoch), whole)


@pytest.mark.parametrize("name", [STOPPING, "classifier by lbfgs", "forecaster"])
def test_a_fit_can_be_broken_off_again_and_again(name, tmp_path):
    whole, path = fit(name), tmp_path / "fit.npz"
    for epoch in range(1, whole.n_iter_):
        with pytest.raises(Broken):
            fit(name, BreakBefore(epoch), Checkpoint(path))
    assert_same(fit(name, Checkpoint(path)), whole)


def test_the_problems_reach_what_they_are_for():
    """Patience that is used up, rates that fall, best weights that are not the last."""
    stopped = fit(STOPPING)
    assert stopped.stop_reason_ == "early_stopping"
    assert stopped.validation_scores_[-1] < stopped.best_validation_score_
    assert fit("classifier on plateaus")._state.schedule_factor < 0.2
    assert fit("language model of few texts").validation_scores_ is not None


@pytest.mark.parametrize("every_epochs", [2, 3, 100])
def test_rare_saves_train_some_epochs_twice_and_change_no_bit(every_epochs, tmp_path):
    whole, path = fit(STOPPING), tmp_path / "fit.npz"
    checkpoint = Checkpoint(path, every_epochs=every_epochs)
    with pytest.raises(Broken):
        fit(STOPPING, BreakBefore(5), checkpoint)
    assert path.exists() == (every_epochs < 5)
    assert_same(fit(STOPPING, checkpoint), whole)


def test_minutes_say_when_to_save(tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(fit_record.time, "monotonic", lambda: now[0])

    class Clock(Quiet):
        def on_fit_task_end(self, estimator, context):
            now[0] += 60.0
            saved.append(saves(path))

    path, saved = tmp_path / "fit.npz", []
    fit("classifier", Clock(), Checkpoint(path, every_minutes=2))
    # Before each save comes the clock; the last epoch always saves.
    assert saved[:5] == [0, 0, 2, 2, 4]
    assert saves(path) == 5


def saves(path):
    """The epoch that the file is of."""
    return plain_files.read_plain(path)["state"]["n_iter"] if path.exists() else 0


# ---- breaks while a file is written --------------------------------------------------


@pytest.mark.parametrize("call", ["fsync", "replace"])
@pytest.mark.parametrize("name", ["classifier by lbfgs", STOPPING])
def test_a_break_while_writing_leaves_the_file_before(
    name, call, tmp_path, monkeypatch
):
    whole, real = fit(name), getattr(os, call)
    for n_calls in (1, 2, 3, 4):
        left, path = [n_calls], tmp_path / f"{n_calls}.npz"

        def dies(*arguments, left=left):
            left[0] -= 1
            if left[0] == 0:
                raise Broken
            return real(*arguments)

        monkeypatch.setattr(plain_files.os, call, dies)
        with pytest.raises(Broken):
            fit(name, Checkpoint(path))
        monkeypatch.setattr(plain_files.os, call, real)
        assert list(tmp_path.glob("*.tmp")) == []
        assert_same(fit(name, Checkpoint(path)), whole)


def test_what_a_killed_process_was_writing_is_removed(tmp_path):
    path = tmp_path / "fit[1].npz"
    dead, alive, other = (
        tmp_path / f"fit[1].npz.{2**22 + 5}-1.tmp",  # above the largest number there is
        tmp_path / f"fit[1].npz.{os.getppid()}-1.tmp",
        tmp_path / f"fit1.npz.{2**22 + 5}-1.tmp",
    )
    for one in (dead, alive, other):
        one.write_bytes(b"half")
    fit("classifier", Checkpoint(path))
    assert (dead.exists(), alive.exists(), other.exists()) == (False, True, True)


def test_a_full_disk_is_an_error_and_leaves_the_last_file(tmp_path, monkeypatch):
    path = tmp_path / "fit.npz"
    with pytest.raises(Broken):
        fit("classifier", BreakBefore(2), Checkpoint(path))
    before = path.read_bytes()

    def full(descriptor):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(plain_files.os, "fsync", full)
        estimator = make("classifier", Checkpoint(path))
        with pytest.raises(OSError, match="No space left"):
            estimator.fit(ARRAYS, LABELS)
    assert not hasattr(estimator, "classes_")
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["fit.npz"]
    assert_same(fit("classifier", Checkpoint(path)), fit("classifier"))


@pytest.mark.parametrize("name", ["classifier", "classifier by lbfgs"])
def test_an_interrupt_is_a_break_like_any_other(name, tmp_path, monkeypatch):
    path, calls, forward = tmp_path / "fit.npz", [], RecurrentNetwork.forward

    def interrupted(self, *arguments, **named):
        calls.append(None)
        if len(calls) == 8:
            raise KeyboardInterrupt
        return forward(self, *arguments, **named)

    whole = fit(name)
    with monkeypatch.context() as patched:
        patched.setattr(RecurrentNetwork, "forward", interrupted)
        with pytest.warns(UserWarning, match="interrupted"):
            usable = fit(name, Checkpoint(path))
    assert 0 < usable.n_iter_ < whole.n_iter_
    assert_same(fit(name, Checkpoint(path)), whole)


# ---- random numbers ------------------------------------------------------------------


@pytest.mark.parametrize("name", [STOPPING, "language model", "forecaster"])
def test_the_state_of_a_generator_is_in_the_file(name, tmp_path):
    wanted, first, second = (np.random.RandomState(seed) for seed in (3, 3, 99))
    whole, path = fit(name, random_state=wanted), tmp_path / "fit.npz"
    with pytest.raises(Broken):
        fit(name, BreakBefore(3), Checkpoint(path), random_state=first)
    again = fit(name, Checkpoint(path), random_state=second)
    assert_same(again, whole)
    assert second.randint(2**31) == wanted.randint(2**31)


def test_no_random_state_at_all_goes_on_with_that_of_the_file(tmp_path):
    before = np.random.get_state()
    try:
        np.random.seed(5)
        whole, path = fit(STOPPING, random_state=None), tmp_path / "fit.npz"
        np.random.seed(5)
        with pytest.raises(Broken):
            fit(STOPPING, BreakBefore(2), Checkpoint(path), random_state=None)
        np.random.seed(6)
        assert_same(fit(STOPPING, Checkpoint(path), random_state=None), whole)
    finally:
        np.random.set_state(before)


# ---- fits that go on from a fit ------------------------------------------------------


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_warm_start_that_is_broken_off_goes_on(solver, tmp_path):
    how = {"warm_start": True, "solver": solver}
    whole = fit("classifier", **how).fit(ARRAYS, LABELS)
    for random_state in (0, np.random.RandomState(0)):
        folder = tmp_path / str(solver) / type(random_state).__name__
        first = fit("classifier", **how, random_state=random_state)
        first.set_callbacks(Checkpoint(folder), BreakBefore(2))
        with pytest.raises(Broken):
            first.fit(ARRAYS, LABELS)
        first.set_callbacks(Checkpoint(folder)).fit(ARRAYS, LABELS)
        assert_same(first, whole)
        assert len(list(folder.iterdir())) == 1


def test_a_warm_start_is_another_fit_than_the_one_before(tmp_path):
    path = tmp_path / "fit.npz"
    estimator = fit("classifier", Checkpoint(path), warm_start=True)
    with pytest.raises(ValueError, match="it started anew and this one from the fit"):
        estimator.fit(ARRAYS, LABELS)


def test_a_fit_after_a_resumed_one_goes_on_as_after_any(tmp_path):
    path = tmp_path / "fit.npz"
    resumed = break_and_go_on("classifier", path, 3).set_callbacks()
    whole = fit("classifier")
    assert_same(resumed.partial_fit(ARRAYS, LABELS), whole.partial_fit(ARRAYS, LABELS))


def test_a_finished_fit_is_found_and_not_trained_again(tmp_path):
    path, epochs = tmp_path / "fit.npz", []

    class Count(Quiet):
        def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
            epochs.append(fitted_estimator)

    whole = fit(STOPPING, Checkpoint(path))
    assert_same(fit(STOPPING, Count(), Checkpoint(path)), whole)
    # Epochs of the file have no data; the fit as a whole has.
    assert [one is None for one in epochs] == [True] * whole.n_iter_ + [False]


def test_a_callback_that_stops_has_stopped_for_good(tmp_path):
    class StopAfter(Quiet):
        def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
            return fitted_estimator is not None and context.task_id == 2

    for name in ("classifier", "classifier by lbfgs"):
        path = tmp_path / f"{name}.npz"
        stopped = fit(name, Checkpoint(path), StopAfter())
        assert (stopped.n_iter_, stopped.stop_reason_) == (3, "callback")
        assert_same(fit(name, Checkpoint(path)), stopped)


# ---- several fits --------------------------------------------------------------------


class BreakLate(Quiet):
    """Breaks off before the 13th epoch of all fits: in the third one."""

    n_epochs = 0

    def on_fit_task_begin(self, estimator, context):
        self.n_epochs += context.task_name in EPOCHS
        if self.n_epochs == 13:
            raise Broken


def test_a_folder_serves_all_fits_of_a_search(tmp_path):
    def search(*callbacks, n_jobs=1):
        grid = {"alpha": [0.0, 0.1]}
        estimator = make("classifier", *callbacks)
        return GridSearchCV(
            estimator, grid, cv=2, n_jobs=n_jobs, error_score="raise"
        ).fit(ARRAYS, LABELS)

    folder, whole = tmp_path / "of" / "fits", search()
    with pytest.raises(Broken):
        search(BreakLate(), Checkpoint(folder))
    assert [saves(path) for path in sorted(folder.iterdir(), key=age)] == [5, 5, 2]
    again = search(Checkpoint(folder), n_jobs=2)
    assert len(list(folder.iterdir())) == 5  # two candidates, two splits, and the refit
    assert_same(again.best_estimator_, whole.best_estimator_)
    assert_array_equal(
        again.cv_results_["mean_test_score"], whole.cv_results_["mean_test_score"]
    )


def age(path):
    return path.stat().st_mtime_ns


def test_a_folder_needs_a_seed(tmp_path):
    with pytest.raises(ValueError, match="give an int as random_state"):
        fit("classifier", Checkpoint(tmp_path), random_state=None)


def test_one_file_is_for_one_fit(tmp_path):
    path = tmp_path / "fit.npz"
    fit("classifier", Checkpoint(path))
    with pytest.raises(ValueError, match="give a folder, where each has a file of"):
        fit("classifier", Checkpoint(path), alpha=0.1)


def test_it_works_inside_a_pipeline(tmp_path):
    def pipeline(*callbacks):
        return make_pipeline(
            TimestepTransformer(StandardScaler()), make("classifier", *callbacks)
        )

    whole = pipeline().fit(ARRAYS, LABELS)
    with pytest.raises(Broken):
        pipeline(BreakBefore(2), Checkpoint(tmp_path)).fit(ARRAYS, LABELS)
    again = pipeline(Checkpoint(tmp_path)).fit(ARRAYS, LABELS)
    assert_same(again[-1], whole[-1])
