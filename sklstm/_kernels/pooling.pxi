# The hidden states of a sequence -> one vector, and the gradient back. Threads share out the
# sequences; the steps of each are visited in the order of the step table, so that its vector
# depends neither on its companions nor on the number of threads. A sequence may come in
# several windows, one table each. All rows are whole registers.

cdef struct Window:
    const Py_ssize_t* steps
    Py_ssize_t n_steps
    Py_ssize_t stride         # of the rows
    bint is_first             # of a sequence's windows
    bint is_last


cdef inline Window make_window(const Py_ssize_t[:, ::1] steps, Py_ssize_t stride, bint is_first,
                               bint is_last) noexcept nogil:
    cdef Window window
    window.steps = NULL
    window.n_steps = steps.shape[0]
    if window.n_steps > 0:
        window.steps = &steps[0, 0]
    window.stride = stride
    window.is_first = is_first
    window.is_last = is_last
    return window


cdef inline const Py_ssize_t* step_of(const Window* window, Py_ssize_t s) noexcept nogil:
    return window.steps + s * (TIME + 1)


def pool_mean(
    const real[:, ::1] rows,             # IN     (n_rows, stride) packed hidden states
    const Py_ssize_t[:, ::1] steps,      # IN     (n_steps, 6), the step table
    const Py_ssize_t[::1] lengths,       # IN     (n_samples,) of the whole sequences
    real[:, ::1] pooled,                 # INOUT  (n_samples, stride)
    bint is_first,                       # whether this is the first window,
    bint is_last,                        #   the last window
    int n_threads,
):
    """Mean over each sequence's steps; zero for a sequence without steps."""
    cdef Py_ssize_t sample, n_samples = pooled.shape[0], stride = pooled.shape[1]
    cdef Window window = make_window(steps, stride, is_first, is_last)
    cdef const real* first_row = first_or_null(rows)
    n_threads = team(n_samples, rows.shape[0] * stride, n_threads)
    for sample in prange(n_samples, nogil=True, schedule="dynamic", chunksize=4,
                         num_threads=n_threads):
        mean_of_sequence(&window, first_row, sample, lengths[sample], &pooled[sample, 0])


cdef inline void mean_of_sequence(const Window* window, const real* rows, Py_ssize_t sample,
                                  Py_ssize_t length, real* pooled) noexcept nogil:
    cdef Py_ssize_t s, block, unit
    cdef const Py_ssize_t* step
    cdef vreg total
    for block in range(window.stride // LANES):
        unit = block * LANES
        total = v_set(0) if window.is_first else v_load(pooled + unit)
        for s in range(window.n_steps):
            step = step_of(window, s)
            if sample < step[N_ROWS]:
                total = total + v_load(rows + (step[INPUT] + sample) * window.stride + unit)
        if window.is_last and length > 0:
            total = total / v_set(<real> length)
        v_store(pooled + unit, total)


def pool_mean_backward(
    const real[:, ::1] d_pooled,         # IN     (n_samples, stride)
    const Py_ssize_t[:, ::1] steps,      # IN     (n_steps, 6)
    const Py_ssize_t[::1] lengths,       # IN     (n_samples,) of the whole sequences
    real[:, ::1] d_rows,                 # OUT    (n_rows, stride)
    int n_threads,
):
    """Spread the gradient evenly over each sequence's steps."""
    cdef Py_ssize_t sample, n_samples = d_pooled.shape[0], stride = d_pooled.shape[1]
    cdef Window window = make_window(steps, stride, False, False)
    cdef real* first_row = pointer(d_rows)
    n_threads = team(n_samples, d_rows.shape[0] * stride, n_threads)
    for sample in prange(n_samples, nogil=True, schedule="dynamic", chunksize=4,
                         num_threads=n_threads):
        spread_over_sequence(&window, &d_pooled[sample, 0], sample, lengths[sample], first_row)


cdef inline void spread_over_sequence(const Window* window, const real* d_pooled,
                                      Py_ssize_t sample, Py_ssize_t length,
                                      real* d_rows) noexcept nogil:
    cdef Py_ssize_t s, block, unit
    cdef const Py_ssize_t* step
    cdef vreg share
    for block in range(window.stride // LANES):
        unit = block * LANES
        share = v_load(d_pooled + unit) / v_set(<real> length)
        for s in range(window.n_steps):
            step = step_of(window, s)
            if sample < step[N_ROWS]:
                v_store(d_rows + (step[INPUT] + sample) * window.stride + unit, share)


def pool_max(
    const real[:, ::1] rows,             # IN     (n_rows, stride) packed hidden states
    const Py_ssize_t[:, ::1] steps,      # IN     (n_steps, 6), the step table
    const Py_ssize_t[::1] lengths,       # IN     (n_samples,) of the whole sequences
    real[:, ::1] pooled,                 # INOUT  (n_samples, stride)
    Py_ssize_t[:, ::1] largest,          # INOUT  (n_samples, stride) position of the maximum, -1
                                         #        without steps; or None
    bint is_first,                       # whether this is the first window,
    bint is_last,                        #   the last window
    int n_threads,
):
    """Maximum over each sequence's steps, the first visited of equal ones; NaN wins, and stays."""
    cdef Py_ssize_t sample, n_samples = pooled.shape[0], stride = pooled.shape[1]
    cdef Window window = make_window(steps, stride, is_first, is_last)
    cdef const real* first_row = first_or_null(rows)
    n_threads = team(n_samples, rows.shape[0] * stride, n_threads)
    for sample in prange(n_samples, nogil=True, schedule="dynamic", chunksize=4,
                         num_threads=n_threads):
        maximum_of_sequence(&window, first_row, sample, lengths[sample], &pooled[sample, 0],
                            &largest[sample, 0] if largest is not None else NULL)


cdef inline void maximum_of_sequence(const Window* window, const real* rows, Py_ssize_t sample,
                                     Py_ssize_t length, real* pooled,
                                     Py_ssize_t* largest) noexcept nogil:
    cdef Py_ssize_t s, block, unit, lane
    cdef const Py_ssize_t* step
    cdef vreg best
    cdef vbits where
    for block in range(window.stride // LANES):
        unit = block * LANES
        # Positions are counted in the elements of a register: -1 is "not in this window".
        best = v_set(-INFINITY) if window.is_first else v_load(pooled + unit)
        where = v_bits_set(<real_bits> -1)
        for s in range(window.n_steps):
            step = step_of(window, s)
            if sample < step[N_ROWS]:
                v_keep_larger(v_load(rows + (step[INPUT] + sample) * window.stride + unit),
                              <real_bits> step[TIME], &best, &where)
        if window.is_last and length == 0:
            best = v_set(0)
        v_store(pooled + unit, best)
        if largest == NULL:
            continue
        for lane in range(LANES):
            if v_lane(where, lane) != <real_bits> -1:
                largest[unit + lane] = <Py_ssize_t> v_lane(where, lane)
            elif window.is_first:
                largest[unit + lane] = -1


def pool_max_backward(
    const real[:, ::1] d_pooled,         # IN     (n_samples, stride)
    const Py_ssize_t[:, ::1] largest,    # IN     (n_samples, stride) of pool_max
    const Py_ssize_t[:, ::1] steps,      # IN     (n_steps, 6)
    real[:, ::1] d_rows,                 # OUT    (n_rows, stride)
    int n_threads,
):
    """Send the gradient to the step that had the maximum."""
    cdef Py_ssize_t sample, n_samples = d_pooled.shape[0], stride = d_pooled.shape[1]
    cdef Window window = make_window(steps, stride, False, False)
    cdef real* first_row = pointer(d_rows)
    n_threads = team(n_samples, d_rows.shape[0] * stride, n_threads)
    for sample in prange(n_samples, nogil=True, schedule="dynamic", chunksize=4,
                         num_threads=n_threads):
        send_to_maximum(&window, &d_pooled[sample, 0], &largest[sample, 0], sample, first_row)


cdef inline void send_to_maximum(const Window* window, const real* d_pooled,
                                 const Py_ssize_t* largest, Py_ssize_t sample,
                                 real* d_rows) noexcept nogil:
    cdef Py_ssize_t s, block, unit
    cdef const Py_ssize_t* step
    for s in range(window.n_steps):
        step = step_of(window, s)
        if sample < step[N_ROWS]:
            for block in range(window.stride // LANES):
                unit = block * LANES
                v_store(d_rows + (step[INPUT] + sample) * window.stride + unit, v_set(0))
    if window.n_steps == 0:
        return
    for unit in range(window.stride):
        # Steps of a table follow each other in time, up or down.
        s = largest[unit] - window.steps[TIME]
        if window.n_steps > 1 and step_of(window, 1)[TIME] < window.steps[TIME]:
            s = -s
        if 0 <= s < window.n_steps and largest[unit] >= 0:
            step = step_of(window, s)
            if sample < step[N_ROWS]:
                d_rows[(step[INPUT] + sample) * window.stride + unit] = d_pooled[unit]
