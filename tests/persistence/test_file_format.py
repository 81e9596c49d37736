"""A model file of another version loads, or says why not, before anything else."""

import copy
import io
import json
import pickle
import zipfile

import pytest
from numpy.testing import assert_array_equal
from persistence.model_examples import EXAMPLES, ONE_OF_EACH, SMALL, answers, fit

import sklstm
from sklstm import LSTMClassifier
from sklstm.network.parameters import FlatParameters
from sklstm.persistence import file_format, skops_trusted_types

OTHER_VERSION = "9.9.9.dev9"  # as long as this one


def fitted(name="classifier"):
    model, X, y = EXAMPLES[name]()
    return fit(model, X, y), X, y


class Pickle:
    """Save and load by pickle, and write another format into a file by hand."""

    dumps, loads = staticmethod(pickle.dumps), staticmethod(pickle.loads)

    def altered(self, data, format):
        """The file as `OTHER_VERSION` would write it; format is 0 to 255."""
        text = b"\x8c" + bytes([len(OTHER_VERSION)])
        record = b"K" + bytes([file_format.FORMAT]) + text + sklstm.__version__.encode()
        assert data.count(record) == 1
        other = b"K" + bytes([format]) + text + OTHER_VERSION.encode()
        return data.replace(record, other)


class Skops:
    """The same by skops."""

    def dumps(self, model):
        return pytest.importorskip("skops.io").dumps(model)

    def loads(self, data):
        trusted = skops_trusted_types()
        return pytest.importorskip("skops.io").loads(data, trusted=trusted)

    def altered(self, data, format):
        """The file as `OTHER_VERSION` would write it."""
        changed = io.BytesIO()
        with (
            zipfile.ZipFile(io.BytesIO(data)) as old,
            zipfile.ZipFile(changed, "w") as new,
        ):
            for name in old.namelist():
                content = old.read(name)
                if name == "schema.json":
                    schema = json.loads(content)
                    record = schema["content"]["content"]["_saved_by"]["content"]
                    values = (format, OTHER_VERSION)
                    for item, value in zip(record["content"], values, strict=True):
                        item["content"] = json.dumps(value)
                    content = json.dumps(schema)
                new.writestr(name, content)
        return changed.getvalue()


@pytest.fixture(params=[Pickle, Skops])
def library(request):
    return request.param()


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_a_newer_format_is_refused_naming_both_versions(library, name):
    model, _, _ = fitted(name)
    data = library.altered(library.dumps(model), format=2)
    with pytest.raises(ValueError, match=r"saved by sklstm 9\.9\.9\.dev9") as error:
        library.loads(data)
    message = str(error.value)
    assert "in format 2" in message
    assert f"this is sklstm {sklstm.__version__}, which reads format 1" in message
    assert f"pip install 'sklstm>={OTHER_VERSION}'" in message


def test_a_newer_format_is_refused_before_what_is_new_in_it_is_met(
    library, monkeypatch
):
    def later(self):
        return {"config": {**self.config.as_dict(), "layer_norm": True}}

    model, _, _ = fitted()
    with monkeypatch.context() as patch:
        patch.setattr(FlatParameters, "__getstate__", later)
        data = library.dumps(model)
    with pytest.raises(TypeError, match="layer_norm"):  # but for the format
        library.loads(data)
    with pytest.raises(ValueError, match=r"9\.9\.9\.dev9 in format 2"):
        library.loads(library.altered(data, format=2))


def test_another_version_of_the_same_format_loads(library):
    model, X, _ = fitted()
    data = library.altered(library.dumps(model), format=file_format.FORMAT)
    assert_array_equal(answers(library.loads(data), X), answers(model, X))


def test_an_older_format_loads_as_long_as_it_is_read(library, monkeypatch):
    model, X, _ = fitted()
    data = library.altered(library.dumps(model), format=1)
    monkeypatch.setattr(file_format, "FORMAT", 3)
    assert_array_equal(answers(library.loads(data), X), answers(model, X))
    monkeypatch.setattr(file_format, "OLDEST_FORMAT", 2)
    with pytest.raises(ValueError, match=r"in format 1, .* reads formats 2 to 3") as e:
        library.loads(data)
    assert f"pip install 'sklstm=={OTHER_VERSION}'" in str(e.value)


def test_a_format_that_no_version_writes_is_refused(library):
    model, _, _ = fitted()
    data = library.altered(library.dumps(model), format=0)
    with pytest.raises(ValueError, match=r"format 0, .* damaged or altered"):
        library.loads(data)
    for format in ("1", 1.5, True, None):
        with pytest.raises(ValueError, match="damaged or altered"):
            file_format.check_format(format, "1.0")


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_a_model_without_a_record_is_refused(library, name, monkeypatch):
    model, _, _ = fitted(name)
    with monkeypatch.context() as patch:
        patch.setattr(type(model), "__getstate__", lambda self: dict(vars(self)))
        data = library.dumps(model)
    with pytest.raises(ValueError, match=f"This {type(model).__name__} says nothing"):
        library.loads(data)


@pytest.mark.parametrize(
    "name, fixed",
    [("classifier", None), ("regressor", "quantile"), ("tagger", "output")],
)
def test_a_parameter_that_is_missing_in_the_file_has_its_default(
    library, name, fixed, monkeypatch
):
    model, X, y = fitted(name)

    def earlier(self):
        state = {**original(self), "_fixed": dict(self._fixed)}
        for lacking in (state, state["_fixed"]):
            lacking.pop(fixed, None)
        del state["input_noise"], state["bptt_steps"]
        return state

    original = type(model).__getstate__
    with monkeypatch.context() as patch:
        patch.setattr(type(model), "__getstate__", earlier)
        data = library.dumps(model)
    loaded = library.loads(data)
    assert loaded.get_params() == model.get_params()
    assert_array_equal(answers(loaded, X, y), answers(model, X, y))
    for one in (loaded, model):
        one.partial_fit(X, y)
    assert_array_equal(answers(loaded, X, y), answers(model, X, y))


def test_a_fixed_parameter_that_is_missing_in_the_file_still_cannot_change():
    model, X, y = fitted("regressor of quantile")
    del model._fixed["quantile"]
    with pytest.raises(ValueError, match=r"was fitted with quantile=0\.5, "):
        model.set_params(quantile=0.9).partial_fit(X, y)


def test_the_record_is_no_attribute():
    model, _, _ = fitted()
    for again in (copy.copy(model), copy.deepcopy(model)):
        assert list(vars(again)) == list(vars(model))
    assert file_format.RECORD not in vars(model)


def test_a_subclass_of_the_user_is_saved_with_a_record():
    model = Renamed(**SMALL).fit(*fitted()[1:])
    with pytest.raises(ValueError, match="format 2"):
        pickle.loads(Pickle().altered(pickle.dumps(model), format=2))
    assert isinstance(pickle.loads(pickle.dumps(model)), Renamed)


class Renamed(LSTMClassifier):
    pass
