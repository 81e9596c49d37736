"""Files that cannot be gone on from: of other fits, half written, of other kinds."""

import json

import numpy as np
import pytest
from callbacks.fits import (
    ARRAYS,
    LABELS,
    BreakBefore,
    Broken,
    assert_same,
    fit,
    make,
)
from sklearn.model_selection import GridSearchCV

from sklstm.callbacks import Checkpoint, plain_files

# ---- files of others -----------------------------------------------------------------


@pytest.mark.parametrize(
    "parameters, words",
    [
        ({"alpha": 0.5}, r"alpha was 0\.0 and is 0\.5"),
        ({"random_state": 1}, "random_state was 0 and is 1"),
        ({"max_iter": 6}, "max_iter was 5 and is 6"),
        ({"random_state": None}, "random_state was 0 and is None"),
        ({"hidden_layer_sizes": 3}, "hidden_layer_sizes was 4 and is 3"),
    ],
)
def test_other_parameters_are_an_error_that_names_them(parameters, words, tmp_path):
    path = tmp_path / "fit.npz"
    fit("classifier", Checkpoint(path), alpha=0.0)
    estimator = make("classifier", Checkpoint(path), **({"alpha": 0.0} | parameters))
    with pytest.raises(ValueError, match=f"belongs to another fit: {words}"):
        estimator.fit(ARRAYS, LABELS)
    assert not hasattr(estimator, "classes_")


def test_given_weights_are_compared_to_the_last_one(tmp_path):
    """NumPy prints three numbers of either end of a large array."""
    path, large = tmp_path / "fit.npz", {"hidden_layer_sizes": 20}
    weights = fit("classifier", **large).layers_
    copied = [[{k: v.copy() for k, v in one.items()} for one in of] for of in weights]
    fit("classifier", Checkpoint(path), **large, weight_init=weights)
    fit("classifier", Checkpoint(path), **large, weight_init=copied)
    copied[0][0]["weight_hh"][40, 10] += 1e-3
    with pytest.raises(ValueError, match="another fit: weight_init was"):
        fit("classifier", Checkpoint(path), **large, weight_init=copied)


def test_threads_and_words_on_the_screen_do_not_matter(tmp_path, capsys):
    path = tmp_path / "fit.npz"
    with pytest.raises(Broken):
        fit("classifier", BreakBefore(3), Checkpoint(path))
    again = fit("classifier", Checkpoint(path), n_jobs=2, verbose=True)
    assert_same(again, fit("classifier"))
    assert capsys.readouterr().out.count("epoch") == 2


def changed(arrays):
    arrays = [array.copy() for array in arrays]
    arrays[3][1, 0] += 1e-6
    return arrays


@pytest.mark.parametrize(
    "data, named, words",
    [
        ((changed(ARRAYS), LABELS), {}, "another X"),
        ((ARRAYS, np.roll(LABELS, 1)), {}, "another y"),
        ((ARRAYS, LABELS, np.full(24, 2.0)), {}, "another sample_weight"),
        (
            (ARRAYS, LABELS),
            {"X_val": ARRAYS[:4], "y_val": LABELS[:4]},
            "another validation data",
        ),
        ((ARRAYS[:20], LABELS[:20]), {}, "another X, it has another y"),
    ],
)
def test_other_data_are_an_error_that_names_them(data, named, words, tmp_path):
    path = tmp_path / "fit.npz"
    fit("classifier", Checkpoint(path))
    with pytest.raises(ValueError, match=f"belongs to another fit: it has {words}"):
        make("classifier", Checkpoint(path)).fit(*data, **named)


def test_the_same_data_in_another_layout_are_the_same(tmp_path):
    path, X = tmp_path / "fit.npz", np.stack([x[:3] for x in ARRAYS])
    whole = make("classifier", Checkpoint(path)).fit(X, LABELS)
    assert_same(make("classifier", Checkpoint(path)).fit(list(X), LABELS), whole)


def test_another_estimator_is_an_error(tmp_path):
    path = tmp_path / "fit.npz"
    fit("classifier", Checkpoint(path))
    with pytest.raises(ValueError, match="of LSTMClassifier, not of LSTMForecaster"):
        fit("forecaster", Checkpoint(path))


def test_another_version_is_an_error(tmp_path):
    path = tmp_path / "fit.npz"
    fit("classifier", Checkpoint(path))
    content = plain_files.read_plain(path)
    content["identity"]["version"] = "0.0.1"
    plain_files.write_plain(path, content)
    with pytest.raises(ValueError, match=r"written by sklstm 0\.0\.1, and this is"):
        fit("classifier", Checkpoint(path))


def test_another_instruction_set_is_a_warning(tmp_path):
    path = tmp_path / "fit.npz"
    with pytest.raises(Broken):
        fit("classifier", BreakBefore(3), Checkpoint(path))
    content = plain_files.read_plain(path)
    content["kernels"] = "float32_other"
    plain_files.write_plain(path, content)
    with pytest.warns(UserWarning, match="with the kernels float32_other"):
        fit("classifier", Checkpoint(path))


# ---- files that are not whole --------------------------------------------------------


@pytest.mark.parametrize("part", [0.0, 0.3, 0.9, 0.999])
def test_a_truncated_file_is_an_error_that_says_what_to_do(part, tmp_path):
    path = tmp_path / "fit.npz"
    fit("classifier", Checkpoint(path))
    whole = path.read_bytes()
    path.write_bytes(whole[: int(part * len(whole))])
    with pytest.raises(ValueError, match=r"no checkpoint, or not a whole.*Delete it"):
        fit("classifier", Checkpoint(path))
    assert path.stat().st_size == int(part * len(whole))  # nothing is lost by trying


def test_a_flipped_bit_is_found_or_harmless(tmp_path):
    path, whole = tmp_path / "fit.npz", fit("classifier")
    fit("classifier", Checkpoint(path))
    content, messages = path.read_bytes(), []
    places = range(0, len(content), 211)
    for place in places:
        flipped = bytearray(content)
        flipped[place] ^= 1 << (place % 8)
        path.write_bytes(flipped)
        try:
            fitted = fit("classifier", Checkpoint(path))
        except ValueError as error:
            messages.append(str(error))
        else:
            assert_same(fitted, whole)
    assert len(messages) > 0.9 * len(places)
    assert all("Delete it" in message for message in messages)


@pytest.mark.parametrize("content", [b"", b"not a file of ours", b"PK\x03\x04"])
def test_a_file_of_another_kind_is_an_error(content, tmp_path):
    path = tmp_path / "fit.npz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="is no checkpoint"):
        fit("classifier", Checkpoint(path))


def test_an_npz_of_something_else_is_an_error(tmp_path):
    path = tmp_path / "fit.npz"
    np.savez(path, values=np.arange(3))
    with pytest.raises(ValueError, match="is no checkpoint"):
        fit("classifier", Checkpoint(path))
    plain_files.write_plain(path, {"format": "another"})
    with pytest.raises(ValueError, match="its format is 'another'"):
        fit("classifier", Checkpoint(path))


def test_nothing_in_a_file_is_executed(tmp_path):
    """An array of objects would be unpickled; NumPy is told not to."""
    path = tmp_path / "fit.npz"
    text = np.frombuffer(json.dumps({"format": "x"}).encode(), dtype=np.uint8)
    objects = np.array([print], dtype=object)
    with open(path, "wb") as file:
        np.savez(file, json=text, array_0=objects, allow_pickle=True)
    with pytest.raises(ValueError, match="Object arrays cannot be loaded"):
        fit("classifier", Checkpoint(path))


# ---- words ---------------------------------------------------------------------------


def test_partial_fit_is_refused(tmp_path):
    estimator = make("classifier", Checkpoint(tmp_path / "fit.npz"))
    with pytest.raises(ValueError, match="A call of partial_fit is one epoch"):
        estimator.partial_fit(ARRAYS, LABELS, classes=["down", "up"])
    assert not hasattr(estimator, "classes_")


def test_it_belongs_to_the_estimator_that_trains(tmp_path):
    search = GridSearchCV(make("classifier"), {"alpha": [0.0]}, cv=2)
    search.set_callbacks(Checkpoint(tmp_path))
    with pytest.raises(TypeError, match="Set it on the estimator inside"):
        search.fit(ARRAYS, LABELS)


def test_a_path_is_a_file_of_ours_or_a_folder(tmp_path):
    (tmp_path / "taken").write_bytes(b"")
    (tmp_path / "of.today").mkdir()
    for name in ("model.ckpt", "taken"):
        with pytest.raises(ValueError, match=r"is no folder: end the path in '\.npz'"):
            fit("classifier", Checkpoint(tmp_path / name))
    for name in ("of.today", "new/one"):
        fit("classifier", Checkpoint(tmp_path / name))
        assert [one.suffix for one in (tmp_path / name).iterdir()] == [".npz"]


def test_two_are_too_many(tmp_path):
    with pytest.raises(ValueError, match="has 2 checkpoints: set one"):
        fit("classifier", Checkpoint(tmp_path / "a.npz"), Checkpoint(tmp_path / "b"))


@pytest.mark.parametrize(
    "how", [{"every_epochs": 0}, {"every_epochs": 1.5}, {"every_minutes": -1}]
)
def test_numbers_are_checked(how):
    with pytest.raises(ValueError, match="must be a positive number or None"):
        Checkpoint("fit.npz", **how)


def test_its_representation_makes_another(tmp_path):
    for one in (Checkpoint("a.npz"), Checkpoint(tmp_path, every_minutes=0.5)):
        assert repr(eval(repr(one))) == repr(one)
