"""Constructor parameters, declared once: default, allowed values, documentation.

A parameter is one :func:`parameter` call in a class body. From these declarations
:func:`recurrent_estimator` makes the keyword-only ``__init__``, the constraints that
scikit-learn checks in ``fit``, and the Parameters section of the class docstring,
which scikit-learn's HTML representation reads. A class inherits the declarations of
its bases, so a parameter that all estimators share is written in ``base.py`` only.
"""

import dataclasses
import inspect
import textwrap
from typing import Any, dataclass_transform

import numpy as np

from .._sklearn_compat import validate_parameter_constraints


# `Any`: in a class body a type checker sees the annotation of the name, and by its
# keyword that there is a default.
def parameter(*, default, constraints, doc, only=None, fixed=False) -> Any:
    """Declare one constructor parameter of an estimator.

    Parameters
    ----------
    default : object
        Default value; immutable, since all instances share it.
    constraints : list
        Allowed values, in scikit-learn's form: intervals, sets of strings, types.
    doc : str
        numpydoc entry without the name: the type on the first line (the default is
        appended to it), the description on the following ones.
    only : dict of str to tuple, default=None
        Values of other parameters for which this one has an effect, such as
        ``{"solver": ("sgd",)}``. With any other value, ``fit`` accepts nothing but
        the default.
    fixed : bool, default=False
        Whether the value of the first fit stays when training goes on, with
        `warm_start` or ``partial_fit``: another one is an error then. For what symbols,
        targets or the loss are made of.

    Returns
    -------
    field : dataclasses.Field
        To be assigned to an annotated name in the class body.
    """
    metadata = {
        "constraints": constraints,
        "doc": doc,
        "only": only or {},
        "fixed": fixed,
    }
    return dataclasses.field(default=default, metadata=metadata)


def with_default(cls, name, *, default) -> Any:
    """Declare a parameter of a base again, with another default.

    Parameters
    ----------
    cls : class made by :func:`recurrent_estimator`
        Where it is declared.
    name : str
    default : object

    Returns
    -------
    field : dataclasses.Field
        To be assigned to the same annotated name in the class body.
    """
    (declared,) = (f for f in dataclasses.fields(cls) if f.name == name)
    return dataclasses.field(default=default, metadata=declared.metadata)


@dataclass_transform(kw_only_default=True, field_specifiers=(parameter, with_default))
def recurrent_estimator(cls):
    """Turn the declarations in a class body into a scikit-learn estimator.

    ``{parameters}`` in the class docstring becomes the Parameters section, a
    class's own parameters first; ``{attributes}`` becomes the shared fitted
    attributes (``cls._attribute_docs``).
    """
    # Estimators compare by identity and are printed by scikit-learn.
    cls = dataclasses.dataclass(kw_only=True, repr=False, eq=False)(cls)
    fields = dataclasses.fields(cls)
    cls._parameter_constraints = {f.name: f.metadata["constraints"] for f in fields}
    if cls.__doc__ is not None:  # python -OO drops docstrings
        cls.__doc__ = inspect.cleandoc(cls.__doc__).format(
            parameters="\n".join(map(_parameter_doc, _own_fields_first(cls))),
            attributes="\n".join(
                _entry(name, doc) for name, doc in cls._attribute_docs.items()
            ),
        )
    return cls


def check_parameters_apply(estimator):
    """Raise if a parameter was set that the chosen cell, solver or loss ignores.

    Parameters
    ----------
    estimator : estimator made by :func:`recurrent_estimator`
        Its values have passed scikit-learn's checks.

    Raises
    ------
    ValueError
        If a value differs from the default and has no effect.
    """
    for field in dataclasses.fields(estimator):
        only = field.metadata["only"]
        value = getattr(estimator, field.name)
        if not only or _is_default(value, field.default):
            continue
        for other, choices in only.items():
            chosen = getattr(estimator, other)
            if chosen not in choices:
                wanted = " or ".join(f"{other}={choice!r}" for choice in choices)
                raise ValueError(
                    f"{field.name}={value!r} has no effect with {other}={chosen!r}: it "
                    f"belongs to {wanted}. Leave {field.name} at its default, "
                    f"{field.default!r}, or choose {wanted}."
                )


def check_values(estimator, *names):
    """Raise scikit-learn's error if a parameter has no valid value.

    For what is read after `fit`, which checks all parameters: `set_params` may have
    been called in between.

    Parameters
    ----------
    estimator : estimator made by :func:`recurrent_estimator`
    *names : str
        The parameters that are about to be read.

    Raises
    ------
    InvalidParameterError
        A ValueError and a TypeError.
    """
    validate_parameter_constraints(
        {name: estimator._parameter_constraints[name] for name in names},
        {name: getattr(estimator, name) for name in names},
        caller_name=type(estimator).__name__,
    )


def fixed_parameters(estimator):
    """Return the parameters that stay when training goes on, as a dictionary.

    Parameters
    ----------
    estimator : estimator made by :func:`recurrent_estimator`

    Returns
    -------
    parameters : dict
    """
    return {
        field.name: getattr(estimator, field.name)
        for field in dataclasses.fields(estimator)
        if field.metadata["fixed"]
    }


def check_fixed(estimator, fitted):
    """Raise if a parameter was changed that cannot change when training goes on.

    Parameters
    ----------
    estimator : estimator made by :func:`recurrent_estimator`
    fitted : dict
        What `fixed_parameters` were in the first fit.

    Raises
    ------
    ValueError
        If one has another value.
    """
    for name, value in fixed_parameters(estimator).items():
        # A file saved before there was such a parameter means the default.
        before = fitted.get(name, getattr(type(estimator), name))
        if value != before:
            raise ValueError(
                f"{type(estimator).__name__} was fitted with {name}={before!r}, "
                f"so training cannot go on with {name}={value!r}. Set {name} back, or "
                "start anew with warm_start=False and fit."
            )


def check_at_defaults(estimator, names, why):
    """Raise if a parameter was set that the kind of the data gives nothing to do.

    Parameters
    ----------
    estimator : estimator made by :func:`recurrent_estimator`
    names : collection of str
        The parameters.
    why : str
        Why they have no effect, after "min_count=3 ".

    Raises
    ------
    ValueError
        If a value differs from the default.
    """
    for field in dataclasses.fields(estimator):
        value = getattr(estimator, field.name)
        if field.name in names and not _is_default(value, field.default):
            raise ValueError(
                f"{field.name}={value!r} {why}. Leave {field.name} at its default, "
                f"{field.default!r}."
            )


def _is_default(value, default):
    """Whether a value, which may be an array, is a default, which is not."""
    if value is default:
        return True
    # A tuple is another object once it has been pickled.
    return (np.ndim(value) == 0 or isinstance(value, tuple)) and value == default


def applicable_parameters(estimator):
    """Return the parameters that have an effect, as a dictionary.

    Parameters
    ----------
    estimator : estimator made by :func:`recurrent_estimator`

    Returns
    -------
    parameters : dict
    """
    return {
        field.name: getattr(estimator, field.name)
        for field in dataclasses.fields(estimator)
        if all(
            getattr(estimator, other) in choices
            for other, choices in field.metadata["only"].items()
        )
    }


def _own_fields_first(cls):
    """The fields of a class, those of its farthest base last."""
    fields = {field.name: field for field in dataclasses.fields(cls)}
    return [
        fields.pop(name)
        for base in cls.__mro__
        for name in inspect.get_annotations(base)
        if name in fields
    ]


def _parameter_doc(field):
    """The numpydoc entry of a parameter, its default at the end of the type line."""
    kind, _, description = inspect.cleandoc(field.metadata["doc"]).partition("\n")
    for other, choices in field.metadata["only"].items():
        *most, last = (f"'{choice}'" for choice in choices)
        wanted = f"{', '.join(most)} or {last}" if most else last
        scope = f"Only for {other} {wanted}; otherwise an error unless at its default."
        description += "\n\n" + textwrap.fill(scope, width=80)
    return _entry(field.name, f"{kind}, default={field.default!r}\n{description}")


def _entry(name, doc):
    """``name : type`` on one line, the description below it, indented."""
    kind, _, description = inspect.cleandoc(doc).partition("\n")
    return f"{name} : {kind}\n{textwrap.indent(inspect.cleandoc(description), '    ')}"
