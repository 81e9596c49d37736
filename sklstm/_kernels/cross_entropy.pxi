# Cross-entropy of a softmax, loss and gradient in one pass over each row:
#
#     loss    = log(sum_k exp(x_k)) - sum_k q_k x_k
#     d_x_k   = (exp(x_k) / sum_j exp(x_j) - q_k) * factor
#
# with q = 1 - smoothing at the target and smoothing / n_classes everywhere besides
# (Szegedy et al. 2016). The largest x is subtracted first, so that none is too large.

def cross_entropy(
    const real[:, :] outputs,            # IN     (n_rows, n_classes), rows contiguous
    const Py_ssize_t[::1] targets,       # IN     (n_rows,)
    const real[::1] weights,             # IN     (n_rows,) or None: of the gradient only
    double factor,                       # of the gradient
    double smoothing,
    double[::1] losses,                  # OUT    (n_rows,), not weighted
    real[:, :] d_outputs,                # OUT    (n_rows, n_classes), rows contiguous;
                                         #        `outputs` itself is allowed
    int n_threads,
):
    """Losses and gradients; a row's do not depend on the others."""
    cdef Py_ssize_t row, n_rows = outputs.shape[0], n_classes = outputs.shape[1]
    cdef bint is_weighted = weights is not None
    cdef real row_factor
    if n_rows == 0:
        return
    # An exponential costs about as much as twenty multiply-adds.
    n_threads = team(n_rows, n_rows * n_classes * 20, n_threads)
    for row in prange(n_rows, nogil=True, schedule="static", num_threads=n_threads):
        row_factor = <real> factor
        if is_weighted:
            row_factor = row_factor * weights[row]
        losses[row] = cross_entropy_of_row(&outputs[row, 0], targets[row], n_classes,
                                           row_factor, smoothing, &d_outputs[row, 0])


cdef inline double cross_entropy_of_row(const real* outputs, Py_ssize_t target,
                                        Py_ssize_t n_classes, real factor,
                                        double smoothing, real* d_outputs) noexcept nogil:
    cdef real largest = largest_of(outputs, n_classes), correct = outputs[target]
    cdef real total, share = <real> (smoothing / n_classes)
    cdef double mean = 0.0, loss
    cdef Py_ssize_t k
    if smoothing > 0:
        for k in range(n_classes):
            mean += outputs[k]
        mean = mean / n_classes
    total = exponentials(outputs, largest, n_classes, d_outputs)
    scale_and_subtract(d_outputs, n_classes, factor / total, factor * share)
    d_outputs[target] = d_outputs[target] - factor * <real> (1 - smoothing)
    loss = log(<double> total) + (<double> largest - <double> correct)
    if smoothing > 0:  # 0 times an infinite score is not 0
        loss = loss + smoothing * (<double> correct - mean)
    return loss


cdef inline real largest_of(const real* values, Py_ssize_t n_values) noexcept nogil:
    cdef real lanes[64]
    cdef real largest = values[0]
    cdef Py_ssize_t k = 0
    cdef vreg best
    if n_values >= LANES:
        best = v_load(values)
        k = LANES
        while k + LANES <= n_values:
            best = v_at_least(best, v_load(values + k))
            k = k + LANES
        v_store(lanes, best)
        for k in range(LANES):
            if lanes[k] > largest:
                largest = lanes[k]
    for k in range(n_values // LANES * LANES, n_values):
        if values[k] > largest:
            largest = values[k]
    return largest


cdef inline real exponentials(const real* values, real largest, Py_ssize_t n_values,
                              real* out) noexcept nogil:
    """out = exp(values - largest); their sum, NaN if a value is."""
    cdef real lanes[64]
    cdef real total = 0
    cdef Py_ssize_t k = 0, lane
    cdef vreg x, sums = v_set(0)
    while k + LANES <= n_values:
        x = v_exp(v_load(values + k) - v_set(largest))
        v_store(out + k, x)
        sums = sums + x
        k = k + LANES
    if k < n_values:
        for lane in range(LANES):
            lanes[lane] = values[k + lane] if k + lane < n_values else <real> -INFINITY
        v_store(lanes, v_exp(v_load(lanes) - v_set(largest)))
        for lane in range(n_values - k):
            out[k + lane] = lanes[lane]
        sums = sums + v_load(lanes)
    v_store(lanes, sums)
    for lane in range(LANES):
        total = total + lanes[lane]
    return total


cdef inline void scale_and_subtract(real* values, Py_ssize_t n_values, real scale,
                                    real shift) noexcept nogil:
    cdef Py_ssize_t k
    for k in range(n_values):
        values[k] = values[k] * scale - shift
