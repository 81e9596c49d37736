# Functions of outputs. Every element passes through the same register code, and ends of
# rows are filled up with zeros, so that a row's result does not depend on its companions.

ctypedef vreg (*Elementwise)(vreg x) noexcept nogil

cdef vreg exponential_register(vreg x) noexcept nogil:
    return v_exp(x)

cdef vreg logarithm_register(vreg x) noexcept nogil:
    return v_log(x)

cdef vreg logistic_register(vreg x) noexcept nogil:
    return v_sigmoid(x)

cdef vreg tanh_register(vreg x) noexcept nogil:
    return v_tanh(x)


cdef void apply(Elementwise function, real* values, Py_ssize_t n_values) noexcept nogil:
    cdef real rest[64]
    cdef Py_ssize_t i = 0, lane
    while i + LANES <= n_values:
        v_store(values + i, function(v_load(values + i)))
        i = i + LANES
    if i < n_values:
        for lane in range(LANES):
            rest[lane] = values[i + lane] if i + lane < n_values else 0
        v_store(rest, function(v_load(rest)))
        for lane in range(n_values - i):
            values[i + lane] = rest[lane]


def exponential(real[::1] values):
    """values = exp(values), in place."""
    if values.shape[0]:
        with nogil:
            apply(exponential_register, &values[0], values.shape[0])


def logarithm(real[::1] values):
    """values = log(values), in place."""
    if values.shape[0]:
        with nogil:
            apply(logarithm_register, &values[0], values.shape[0])


def logistic(real[::1] values):
    """values = 1 / (1 + exp(-values)), in place."""
    if values.shape[0]:
        with nogil:
            apply(logistic_register, &values[0], values.shape[0])


def logistic_pairs(
    const real[:, ::1] logits,           # IN     (n_rows, 1)
    real[:, ::1] pairs,                  # OUT    (n_rows, 2)
):
    """Probabilities of both classes: the logistic function of -logits and logits."""
    cdef Py_ssize_t row
    if pairs.shape[0]:
        with nogil:
            for row in range(pairs.shape[0]):
                pairs[row, 0] = -logits[row, 0]
                pairs[row, 1] = logits[row, 0]
            apply(logistic_register, &pairs[0, 0], 2 * pairs.shape[0])


def scale_and_shift(
    real[:, ::1] rows,                   # INOUT  (n_rows, n_columns)
    const real[::1] scale,               # IN     (n_columns,)
    const real[::1] center,              # IN     (n_columns,)
):
    """rows = rows * scale + center, rounded twice."""
    cdef Py_ssize_t row, column
    with nogil:
        for row in range(rows.shape[0]):
            for column in range(rows.shape[1]):
                rows[row, column] = rows[row, column] * scale[column] + center[column]


def hyperbolic_tangent(real[::1] values):
    """values = tanh(values), in place."""
    if values.shape[0]:
        with nogil:
            apply(tanh_register, &values[0], values.shape[0])


def softmax(real[:, ::1] rows):
    """Each row to probabilities, in place; NaN anywhere in a row makes the row NaN."""
    cdef Py_ssize_t row, column, n_columns = rows.shape[1]
    cdef real largest, total
    cdef real* values
    if n_columns == 0:
        return
    with nogil:
        for row in range(rows.shape[0]):
            values = &rows[row, 0]
            largest = values[0]
            for column in range(1, n_columns):
                if values[column] > largest:
                    largest = values[column]
            for column in range(n_columns):
                values[column] = values[column] - largest
            apply(exponential_register, values, n_columns)
            total = 0
            for column in range(n_columns):
                total = total + values[column]
            for column in range(n_columns):
                values[column] = values[column] / total


cdef inline void exponentials_of_block(const real* row, real largest, Py_ssize_t first,
                                       Py_ssize_t n_classes, real* exponentials) noexcept nogil:
    """exp(row - largest) of the classes from the first on, filled up with zeros."""
    cdef Py_ssize_t lane
    for lane in range(LANES):
        exponentials[lane] = row[first + lane] if first + lane < n_classes else -INFINITY
    v_store(exponentials, v_exp(v_load(exponentials) - v_set(largest)))


def log_softmax(real[:, ::1] rows):
    """Each row to logarithms of probabilities, in place; NaN anywhere makes the row NaN."""
    cdef Py_ssize_t row, column, block, n_columns = rows.shape[1]
    cdef real largest, total
    cdef real exponentials[64]
    cdef real* values
    if n_columns == 0:
        return
    with nogil:
        for row in range(rows.shape[0]):
            values = &rows[row, 0]
            largest = values[0]
            for column in range(1, n_columns):
                if values[column] > largest:
                    largest = values[column]
            total = 0
            for block in range(ceil_divide(n_columns, LANES)):
                exponentials_of_block(values, largest, block * LANES, n_columns, exponentials)
                for column in range(min(LANES, n_columns - block * LANES)):
                    total = total + exponentials[column]
            v_store(exponentials, v_log(v_set(total)))
            total = exponentials[0]
            for column in range(n_columns):
                values[column] = (values[column] - largest) - total
