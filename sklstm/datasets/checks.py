"""What every generator checks of its arguments."""

from numbers import Integral, Real

import numpy as np


def check_count(name, value, least):
    """Raise unless `value` is a whole number that is at least `least`."""
    if (
        isinstance(value, bool | np.bool_)
        or not isinstance(value, Integral)
        or value < least
    ):
        raise ValueError(f"{name} must be an int of at least {least}, got {value!r}.")


def check_not_negative(name, value):
    """Raise unless `value` is a finite number that is not below zero."""
    if (
        isinstance(value, bool | np.bool_)
        or not isinstance(value, Real)
        or not 0 <= value < np.inf
    ):
        raise ValueError(f"{name} must be a finite number >= 0, got {value!r}.")


def check_choice(name, value, choices):
    """Raise unless `value` is one of the choices; 1 is not True."""
    for choice in choices:
        same_kind = isinstance(value, bool | np.bool_) == isinstance(choice, bool)
        if same_kind and value == choice:
            return
    expected = " or ".join(map(repr, choices))
    raise ValueError(f"{name} must be {expected}, got {value!r}.")
