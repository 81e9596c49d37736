"""Every public signature is annotated, and the package says so to type checkers.

What the annotations say is checked by mypy in CI: in the package, and on the calls of
``typed_use.py``.
"""

import importlib
import inspect
import pkgutil
from functools import partial
from pathlib import Path

import pytest

import sklstm

FOLDERS = ["sklstm"] + [
    f"sklstm.{module.name}"
    for module in pkgutil.iter_modules(sklstm.__path__)
    if not module.name.startswith("_")
    and module.name not in ("network", "training")
    and hasattr(importlib.import_module(f"sklstm.{module.name}"), "__all__")
]
SPECIAL = ("__getitem__", "__iter__", "__len__")


def functions_of(cls):
    """The public methods and properties a class of ours or its bases define."""
    for base in cls.__mro__:
        if not base.__module__.startswith("sklstm."):
            continue
        for name, member in vars(base).items():
            if name.startswith("_") and name not in SPECIAL:
                continue
            if isinstance(member, classmethod | staticmethod):
                member = member.__func__
            elif isinstance(member, property):
                member = member.fget
            elif hasattr(member, "fn"):  # of available_if
                member = member.fn
            if inspect.isfunction(member):
                yield f"{base.__name__}.{name}", inspect.unwrap(member)


def public_functions():
    """All that a user can call, by name."""
    functions = {}
    for folder in FOLDERS:
        module = importlib.import_module(folder)
        for name in module.__all__:
            thing = getattr(module, name)
            if inspect.isclass(thing):
                functions.update(functions_of(thing))
            elif inspect.isfunction(thing):
                functions[name] = inspect.unwrap(thing)
    return functions


FUNCTIONS = public_functions()


def test_the_package_says_that_it_is_typed():
    assert (Path(sklstm.__file__).parent / "py.typed").exists()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_signature_is_annotated(name):
    function = FUNCTIONS[name]
    signature = inspect.signature(function)
    bare = [
        parameter.name
        for parameter in signature.parameters.values()
        if parameter.annotation is inspect.Parameter.empty
        and parameter.name not in ("self", "cls")
    ]
    assert not bare, f"{name}: no types of {', '.join(bare)}"
    if function.__name__ != "__init__":
        assert signature.return_annotation is not inspect.Signature.empty


def test_a_function_without_types_would_be_found():
    def bare(X, *, n_jobs: int = 1) -> int:
        return n_jobs

    FUNCTIONS["bare"] = bare
    try:
        check = partial(test_signature_is_annotated, "bare")
        with pytest.raises(AssertionError, match="bare: no types of X"):
            check()
    finally:
        del FUNCTIONS["bare"]
