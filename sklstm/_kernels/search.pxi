# What a search over sequences of symbols takes from the outputs of a step: the likeliest
# symbols of each row and their log-probabilities,
#
#     log p_k = output_k - max - log(sum_j exp(output_j - max))
#
# Of equal outputs the one of the smaller symbol comes first.

cdef inline void keep_best(real output, Py_ssize_t symbol, Py_ssize_t n_best, double* values,
                           Py_ssize_t* symbols) noexcept nogil:
    """Insert into a descending list, behind equal ones; the last one drops out."""
    cdef Py_ssize_t place = n_best - 1
    while place > 0 and output > values[place - 1]:
        values[place], symbols[place] = values[place - 1], symbols[place - 1]
        place = place - 1
    values[place], symbols[place] = output, symbol


cdef inline double log_normaliser_of(const real* outputs, Py_ssize_t n_symbols,
                                     real largest) noexcept nogil:
    """log(sum of exp(output - largest)); a NaN among the outputs makes it NaN."""
    cdef real rest[64]
    cdef vreg total = v_set(0)
    cdef Py_ssize_t i = 0, lane
    while i + LANES <= n_symbols:
        total = total + v_exp(v_load(outputs + i) - v_set(largest))
        i = i + LANES
    if i < n_symbols:
        for lane in range(LANES):
            rest[lane] = outputs[i + lane] - largest if i + lane < n_symbols else -INFINITY
        total = total + v_exp(v_load(rest))
    return log(<double> v_sum(total))


cdef void best_of_row(const real* outputs, Py_ssize_t n_symbols, const unsigned char* forbidden,
                      Py_ssize_t n_best, double* values, Py_ssize_t* symbols) noexcept nogil:
    cdef Py_ssize_t k
    cdef real largest = outputs[0]
    cdef double normaliser
    for k in range(n_best):
        values[k], symbols[k] = -INFINITY, -1
    for k in range(n_symbols):
        if outputs[k] > largest:
            largest = outputs[k]
        if outputs[k] > values[n_best - 1] and not forbidden[k]:
            keep_best(outputs[k], k, n_best, values, symbols)
    normaliser = log_normaliser_of(outputs, n_symbols, largest)
    for k in range(n_best):
        values[k] = values[k] - largest - normaliser


def best_symbols(
    const real[:, :] outputs,            # IN     (n_rows, n_symbols), rows contiguous
    const unsigned char[::1] forbidden,  # IN     (n_symbols,) 1: passed over, though counted
                                         #        in the sum
    double[:, ::1] values,               # OUT    (n_rows, n_best) log-probabilities, descending;
                                         #        -inf where there are no more symbols
    Py_ssize_t[:, ::1] symbols,          # OUT    (n_rows, n_best); -1 there
    int n_threads,
):
    """The likeliest symbols of each row."""
    cdef Py_ssize_t row, n_rows = outputs.shape[0], n_symbols = outputs.shape[1]
    if n_rows == 0 or n_symbols == 0 or values.shape[1] == 0:
        return
    n_threads = team(n_rows, n_rows * n_symbols, n_threads)
    for row in prange(n_rows, nogil=True, schedule="static", num_threads=n_threads):
        best_of_row(&outputs[row, 0], n_symbols, &forbidden[0], values.shape[1],
                    &values[row, 0], &symbols[row, 0])
