"""The reference has every public name, and every name says what it takes and gives.

The list of names is data (``docs/_ext/api_reference.py``): the pages are made from it.
"""

import importlib
import inspect
import pkgutil
import sys
from pathlib import Path

import pytest
from docstring_sections import documented_parameters, sections

import sklstm

DOCS = Path(__file__).resolve().parent.parent / "docs"
sys.path.insert(0, str(DOCS / "_ext"))
from api_reference import REFERENCE, full_names, public_names  # noqa: E402

# Rooms of the house whose names are for the rooms beside them. What users meet of
# them is in the reference all the same.
INSIDE = {"sklstm.network", "sklstm.training", "sklstm.estimators"}


# What scikit-learn calls a callback by, and documents.
PROTOCOL = {"setup", "teardown", "on_fit_task_begin", "on_fit_task_end"}


def public_packages():
    """The package and every folder in it that is not private."""
    names = ["sklstm"] + [
        module.name
        for module in pkgutil.iter_modules(sklstm.__path__, "sklstm.")
        if not module.name.rpartition(".")[2].startswith("_")
    ]
    return [importlib.import_module(name) for name in names]


def resolve(full):
    module, _, name = full.rpartition(".")
    return getattr(importlib.import_module(module), name)


def callables():
    """Yield an id, what can be called, and its documentation: for the whole reference.

    A class is called by its parameters; its public methods follow, with those of its
    bases in the package.
    """
    for full in full_names():
        thing = resolve(full)
        if not inspect.isclass(thing):
            if inspect.isfunction(thing):
                yield full, thing
            continue
        yield full, thing
        for name, member in inspect.getmembers(thing):
            if name in PROTOCOL and set(dir(thing)) >= PROTOCOL:
                continue
            function = inspect.unwrap(member) if callable(member) else None
            if name.startswith("_") or not inspect.isfunction(function):
                continue
            if function.__module__.startswith("sklstm"):
                yield f"{full}.{name}", member


CALLABLES = dict(callables())


def parameters_of(thing):
    """The names in a signature, stars and all, without self."""
    stars = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    return [
        stars.get(parameter.kind, "") + parameter.name
        for parameter in inspect.signature(thing).parameters.values()
        if parameter.name != "self"
    ]


def test_every_public_name_is_in_the_reference():
    listed = {id(resolve(full)) for full in full_names()}
    missing = [
        f"{module.__name__}.{name}"
        for module in public_packages()
        if module.__name__ not in INSIDE
        for name in module.__all__
        if id(getattr(module, name)) not in listed
    ]
    assert not missing, "enter them in docs/_ext/api_reference.py"


def test_the_estimators_are_the_same_under_both_names():
    from sklstm import estimators

    for name in estimators.__all__:
        assert getattr(sklstm, name) is getattr(estimators, name)


def test_the_reference_has_nothing_that_is_not_public():
    for full in full_names():
        module, _, name = full.rpartition(".")
        assert name in importlib.import_module(module).__all__


def test_no_name_is_listed_twice():
    names = full_names()
    assert len(names) == len(set(names))
    assert set(public_names().values()) == set(names)
    assert all(page["about"].endswith(".") for page in REFERENCE.values())


@pytest.mark.parametrize("name", CALLABLES)
def test_parameters_are_documented_in_the_order_of_the_signature(name):
    thing = CALLABLES[name]
    documented = documented_parameters(thing.__doc__)
    taken = parameters_of(thing)
    if inspect.isclass(thing):
        # Declared parameters: a class's own come first in the docstring.
        assert sorted(documented) == sorted(taken)
    else:
        assert list(documented) == taken


@pytest.mark.parametrize("name", CALLABLES)
def test_every_parameter_has_a_type_and_a_description(name):
    documented = documented_parameters(CALLABLES[name].__doc__)
    for parameter, (type_, text) in documented.items():
        # Several that are described elsewhere: "X, y, sample_weight", as for `fit`.
        assert type_ or text.startswith("As for "), f"{parameter} has no type"
        assert text, f"{parameter} is not described"


@pytest.mark.parametrize("name", CALLABLES)
def test_defaults_are_those_of_the_signature(name):
    """``default=0.5`` in a docstring is what one gets without the argument."""
    signature = inspect.signature(CALLABLES[name])
    for parameter, (type_, _) in documented_parameters(CALLABLES[name].__doc__).items():
        default = signature.parameters[parameter.lstrip("*")].default
        if not type_:
            continue
        if "default=" not in type_:
            assert parameter[0] == "*" or default is inspect.Parameter.empty, parameter
            continue
        written = type_.partition("default=")[2].strip()
        assert written.strip("`'\"") in {str(default), repr(default)}, parameter


@pytest.mark.parametrize(
    "name", [name for name, thing in CALLABLES.items() if not inspect.isclass(thing)]
)
def test_what_is_returned_is_described(name):
    thing = CALLABLES[name]
    parts = sections(thing.__doc__)
    assert parts[""].strip(), "no summary"
    returns_nothing = "return " not in inspect.getsource(inspect.unwrap(thing))
    assert "Returns" in parts or "Yields" in parts or returns_nothing


# The parser must bite.


def test_an_undocumented_parameter_is_found():
    def half_documented(first, second=2, *rest):
        """Do something.

        Parameters
        ----------
        first, third : int, default=1, 3
            Both.
        *rest : int
            The others.
        """

    documented = documented_parameters(half_documented.__doc__)
    assert documented == {
        "first": ("int, default=1", "Both."),
        "third": ("int, default=3", "Both."),
        "*rest": ("int", "The others."),
    }
    assert parameters_of(half_documented) == ["first", "second", "*rest"]
