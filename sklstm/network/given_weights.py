"""Weights that are given, not drawn: checked by place and copied into a network."""

from collections.abc import Mapping

import numpy as np

__all__ = ["copy_layers", "is_given"]

_DIRECTIONS = ("forward", "backward")


def is_given(given):
    """Whether no layer is left to be drawn."""
    return all(layer is not None for layer in given)


def copy_layers(views, given, name):
    """Copy weights into views of a network's parameters.

    Initial states (``hidden_0``, ``cell_0``) may be missing and stay as they are then.

    Parameters
    ----------
    views : list of list of dict
        Writable views: by layer, by direction, by name.
    given : list of (list of mapping, or None)
        Arrays in the same form. A layer that is None stays as it is.
    name : str
        What the user calls `given`.

    Raises
    ------
    TypeError
        If `given` has another form.
    ValueError
        If something is missing, too much, of another shape, or not finite.
    """
    _check_length(given, len(views), name, "network has {} layer{}", "layer")
    for i, (layer, directions) in enumerate(zip(views, given, strict=True)):
        if directions is None:
            continue
        place = f"{name}[{i}]"
        expected = "network reads sequences in {} direction{}"
        _check_length(directions, len(layer), place, expected, "direction")
        for k, (parameters, arrays) in enumerate(zip(layer, directions, strict=True)):
            words = f"(layer {i}, {_DIRECTIONS[k]} direction)"
            _copy_direction(parameters, arrays, f"{place}[{k}]", words)


def _check_length(given, n_expected, place, expected, item):
    """Raise unless there is an entry for everything in a list."""
    if isinstance(given, str | Mapping) or not hasattr(given, "__len__"):
        raise TypeError(
            f"{place} is of type {type(given).__name__}: expected a list with one "
            f"entry for each {item}. The form is that of layers_: layers, in them "
            "directions, in them mappings from names to arrays."
        )
    if len(given) != n_expected:
        expected = expected.format(n_expected, "" if n_expected == 1 else "s")
        entries = "1 entry" if len(given) == 1 else f"{len(given)} entries"
        raise ValueError(
            f"{place} has {entries}, but the {expected}: give one for each {item}."
        )


def _copy_direction(parameters, arrays, place, words):
    """Copy the arrays of one layer in one direction."""
    if not isinstance(arrays, Mapping):
        raise TypeError(
            f"{place} {words} is of type {type(arrays).__name__}: expected a mapping "
            f"from the names {', '.join(parameters)} to arrays."
        )
    optional = {key for key in parameters if key.endswith("_0")}
    missing = [key for key in parameters if key not in arrays and key not in optional]
    surplus = [key for key in arrays if key not in parameters]
    if missing or surplus:
        raise ValueError(
            f"{place} {words} "
            + " and ".join(
                f"{verb} {', '.join(keys)}"
                for verb, keys in (("lacks", missing), ("has", surplus))
                if keys
            )
            + f": the chosen cell has {', '.join(parameters)}. Weights of another cell "
            "need the parameters they were trained with, such as cell and reset_after."
        )
    for key, array in arrays.items():
        _copy_array(parameters[key], array, f"{place}[{key!r}] {words}")


def _copy_array(view, array, what):
    array = np.asarray(array)
    if array.dtype.kind not in "fiu":
        raise TypeError(f"{what} has dtype {array.dtype}: expected numbers.")
    if array.shape != view.shape:
        raise ValueError(
            f"{what} has shape {array.shape}, expected {view.shape}. The parameters of "
            "the network (cell, hidden_layer_sizes, projection_size, ...) and the "
            "features of X must be those that the weights were made for."
        )
    with np.errstate(over="ignore"):
        values = array.astype(view.dtype)
    if not np.isfinite(values).all():
        position = tuple(map(int, np.argwhere(~np.isfinite(values))[0]))
        raise ValueError(
            f"{what} has {array[position]} at {position}, which is not finite in "
            f"{view.dtype}."
        )
    view[...] = values
