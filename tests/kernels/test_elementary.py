"""exp, log, logistic, tanh: accuracy, ends of the range, NaN, no heed of neighbours."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

# Units in the last place of the result.
MAX_ULP = {np.float32: 2.0, np.float64: 2.1}

# Each function with the same in an arithmetic of more digits.
EXACT = {
    "exponential": np.exp,
    "logarithm": np.log,
    "logistic": lambda x: 1 / (1 + np.exp(-x)),
    "hyperbolic_tangent": np.tanh,
}
WIDER = {np.float32: np.float64, np.float64: np.longdouble}
LONGDOUBLE_IS_WIDER = np.finfo(np.longdouble).nmant > np.finfo(np.float64).nmant


def apply(kernels, function, values):
    """The kernel's result; the kernel works in place."""
    result = values.copy()
    getattr(kernels, function)(result)
    return result


def arguments_of_every_exponent(dtype):
    """Some mantissas at each exponent, both signs, and densely where results vary."""
    rng = np.random.default_rng(0)
    info = np.finfo(dtype)
    exponents = np.arange(info.minexp, info.maxexp)
    n_each = 800 if dtype == np.float32 else 60
    mantissas = 1 + rng.random((len(exponents), n_each)).astype(dtype)
    mantissas[:, 0] = 1
    mantissas[:, 1] = 2 - info.eps
    magnitudes = np.ldexp(mantissas, exponents[:, None]).astype(dtype).ravel()
    limit = np.log(float(info.max)) * 1.25
    dense = [rng.uniform(-end, end, size=300_000) for end in (2, 20, limit)]
    subnormal = info.smallest_subnormal * np.arange(5)
    parts = [magnitudes, -magnitudes, *dense, subnormal, -subnormal]
    return np.concatenate(parts).astype(dtype)


@pytest.mark.parametrize("function", EXACT)
def test_error_is_small_over_the_whole_range(kernels, dtype, function):
    if dtype == np.float64 and not LONGDOUBLE_IS_WIDER:
        pytest.skip("no wider type than float64 here to compare with")
    x = arguments_of_every_exponent(dtype)
    if function == "logarithm":
        x = x[x > 0]
    with np.errstate(over="ignore", under="ignore"):
        exact = EXACT[function](x.astype(WIDER[dtype]))
        rounded = exact.astype(dtype)
    result = apply(kernels, function, x)
    overflows = np.isinf(rounded)
    assert_array_equal(result[overflows], rounded[overflows])
    checked = ~overflows
    if function == "logistic":
        # The argument is clamped just before the result turns subnormal.
        tiny = np.finfo(dtype).tiny
        vanishing = rounded < 2 * tiny
        assert np.all((result[vanishing] >= 0) & (result[vanishing] < 2 * tiny))
        checked &= ~vanishing
    x, exact, result = x[checked], exact[checked], result[checked]
    ulp = np.spacing(np.abs(rounded[checked])).astype(WIDER[dtype])
    error = np.abs(result.astype(WIDER[dtype]) - exact) / ulp
    worst = np.argmax(error)
    assert error[worst] <= MAX_ULP[dtype], f"{error[worst]:.3f} ulp at x = {x[worst]!r}"


@pytest.mark.parametrize(
    "function, argument, expected",
    [
        ("exponential", -np.inf, 0.0),
        ("exponential", 0.0, 1.0),
        ("exponential", np.inf, np.inf),
        ("logarithm", 0.0, -np.inf),
        ("logarithm", -0.0, -np.inf),
        ("logarithm", 1.0, 0.0),
        ("logarithm", np.inf, np.inf),
        ("logistic", 0.0, 0.5),
        ("logistic", np.inf, 1.0),
        ("hyperbolic_tangent", -np.inf, -1.0),
        ("hyperbolic_tangent", 0.0, 0.0),
        ("hyperbolic_tangent", np.inf, 1.0),
    ],
)
def test_ends_of_the_range_are_exact(kernels, dtype, function, argument, expected):
    [result] = apply(kernels, function, np.array([argument], dtype=dtype))
    assert result == expected


def test_logarithm_of_a_negative_number_is_nan(kernels, dtype):
    info = np.finfo(dtype)
    negative = np.array([-info.smallest_subnormal, -info.tiny, -1.0, -np.inf], dtype)
    assert np.isnan(apply(kernels, "logarithm", negative)).all()


def test_tanh_is_odd_to_the_last_bit_and_never_leaves_its_range(kernels, dtype):
    x = arguments_of_every_exponent(dtype)
    result = apply(kernels, "hyperbolic_tangent", x)
    assert_array_equal(result, -apply(kernels, "hyperbolic_tangent", -x))
    assert_array_equal(np.signbit(result), np.signbit(x))
    assert np.abs(result).max() == 1.0


def test_logistic_never_leaves_its_range(kernels, dtype):
    result = apply(kernels, "logistic", arguments_of_every_exponent(dtype))
    assert result.min() >= 0.0
    assert result.max() == 1.0


@pytest.mark.parametrize("function", EXACT)
@pytest.mark.parametrize("nan", [np.nan, -np.nan])
def test_nan_stays_nan_and_stays_where_it_is(kernels, dtype, function, nan):
    n_values = 2 * kernels.lanes() + 3
    lowest = 0.5 if function == "logarithm" else -3
    clean = np.linspace(lowest, 3, n_values).astype(dtype)
    expected = apply(kernels, function, clean)
    assert not np.isnan(expected).any()
    for position in range(n_values):
        spoiled = clean.copy()
        spoiled[position] = nan
        result = apply(kernels, function, spoiled)
        assert np.isnan(result[position])
        others = np.arange(n_values) != position
        assert_array_equal(result[others], expected[others])


@pytest.mark.parametrize("function", EXACT)
def test_value_does_not_depend_on_place_or_neighbours(kernels, dtype, function):
    rng = np.random.default_rng(1)
    values = rng.normal(scale=4, size=4 * kernels.lanes() + 3).astype(dtype)
    if function == "logarithm":
        values = np.abs(values)
    together = apply(kernels, function, values)
    for n_values in (1, kernels.lanes() - 1, kernels.lanes(), kernels.lanes() + 1):
        for start in range(0, len(values) - n_values, 3):
            part = slice(start, start + n_values)
            assert_array_equal(apply(kernels, function, values[part]), together[part])


@pytest.mark.parametrize("function", EXACT)
def test_empty_array_is_left_alone(kernels, dtype, function):
    assert apply(kernels, function, np.empty(0, dtype=dtype)).shape == (0,)
