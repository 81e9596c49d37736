"""Finite differences, and a comparison that says what is wrong."""

import numpy as np


def central_difference(function, array, *, step=1e-3):
    """Gradient of a scalar function by fourth-order central differences.

    The error of the formula is of order ``step**4`` and that of the arithmetic of
    order ``eps/step``: with the default step both stay near 1e-12 for a smooth
    function of moderate size in float64.

    Parameters
    ----------
    function : callable
        Called without arguments, returns a float; reads `array`.
    array : ndarray of float64
        Changed element by element while `function` is called, and restored bit for
        bit afterwards.
    step : float, default=1e-3
        Distance of the inner two points.

    Returns
    -------
    gradient : ndarray of the shape of `array`

    Raises
    ------
    TypeError
        If `array` is not a float64 array: in float32 the differences are noise.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([1.0, 2.0])
    >>> np.round(central_difference(lambda: (x**3).sum(), x), 6)
    array([ 3., 12.])
    """
    if not isinstance(array, np.ndarray) or array.dtype != np.float64:
        raise TypeError("finite differences need a float64 ndarray")
    gradient = np.empty_like(array)
    for position in np.ndindex(array.shape):
        kept = array[position]

        def value_at(offset, position=position, kept=kept):
            array[position] = kept + offset
            return float(function())

        try:
            inner = value_at(step) - value_at(-step)
            outer = value_at(2 * step) - value_at(-2 * step)
        finally:
            array[position] = kept
        gradient[position] = (8 * inner - outer) / (12 * step)
    return gradient


def assert_gradient_matches(
    analytic, function, array, name, *, rtol=1e-6, atol=1e-9, step=1e-3
):
    """Fail unless a gradient equals the finite differences of a function.

    Parameters
    ----------
    analytic : ndarray of the shape of `array`
        The gradient under test.
    function : callable
        Called without arguments, returns the scalar loss; reads `array`.
    array : ndarray of float64
        What the gradient is taken with respect to.
    name : str
        How messages call `array`.
    rtol, atol : float
        Tolerances per element; `atol` is relative to the largest element of the
        gradient (at least to one), because the noise of a difference is relative to
        the loss and not to the element.
    step : float, default=1e-3
        See `central_difference`.

    Raises
    ------
    AssertionError
        If the shapes or an element differ, or if the loss does not depend on
        `array` at all: such a check could not fail.
    """
    numeric = central_difference(function, array, step=step)
    assert_same_gradient(analytic, numeric, name, rtol=rtol, atol=atol)


def assert_same_gradient(analytic, expected, name, *, rtol=1e-6, atol=1e-9):
    """Fail, and say how, unless two gradients agree element by element.

    Parameters and errors are those of `assert_gradient_matches`, with the expected
    gradient in place of the function.
    """
    analytic, expected = np.asarray(analytic), np.asarray(expected)
    assert analytic.shape == expected.shape, (
        f"gradient of {name}: shape {analytic.shape}, expected {expected.shape}"
    )
    assert np.any(expected != 0), f"the loss does not depend on {name}: nothing tested"
    error = np.abs(analytic.astype(np.float64) - expected)
    allowed = atol * max(1.0, np.abs(expected).max()) + rtol * np.abs(expected)
    wrong = ~(error <= allowed)  # so that NaN is wrong
    if wrong.any():
        raise AssertionError(_describe(analytic, expected, wrong, error, name))


def _describe(analytic, expected, wrong, error, name):
    """Where two gradients differ, and a guess at why."""
    error = np.where(np.isnan(error), np.inf, error)
    worst = np.unravel_index(np.argmax(np.where(wrong, error, -1)), error.shape)
    index = tuple(int(i) for i in worst)
    lines = [
        f"gradient of {name}: {wrong.sum()} of {wrong.size} elements are wrong;",
        f"the worst is {index}: {analytic[worst]:.10g},"
        f" expected {expected[worst]:.10g}",
    ]
    if np.isnan(analytic).any():
        lines.append(f"({np.isnan(analytic).sum()} elements are NaN)")
    elif not analytic.any():
        lines.append("(all elements are zero: was it ever written?)")
    elif np.allclose(analytic, -expected):
        lines.append("(the sign is wrong)")
    elif wrong.ndim == 2 and not wrong.all():
        rows, columns = np.flatnonzero(wrong.any(1)), np.flatnonzero(wrong.any(0))
        lines.append(f"(wrong rows {_short(rows)}, wrong columns {_short(columns)})")
    return "\n".join(lines)


def _short(indices):
    """A few numbers and how many more there are."""
    head = ", ".join(str(i) for i in indices[:8])
    return head if len(indices) <= 8 else f"{head}, ... ({len(indices)} in all)"
