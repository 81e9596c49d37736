# The hidden states of a sequence -> one vector, and the gradient back. Threads share out the
# sequences; the steps of each are visited in ascending order, so that its vector depends
# neither on its companions nor on the number of threads. All rows are whole registers.

def pool_mean(
    const real[:, ::1] rows,             # IN     (n_rows, stride) packed hidden states
    const Py_ssize_t[::1] offsets,       # IN     (n_timesteps + 1,)
    const Py_ssize_t[::1] lengths,       # IN     (n_samples,)
    real[:, ::1] pooled,                 # OUT    (n_samples, stride)
    int n_threads,
):
    """Mean over each sequence's steps; zero for a sequence without steps."""
    cdef Py_ssize_t sample, n_samples = pooled.shape[0]
    n_threads = team(n_samples, rows.shape[0] * rows.shape[1], n_threads)
    for sample in prange(n_samples, nogil=True, schedule="dynamic", chunksize=4,
                         num_threads=n_threads):
        mean_of_sequence(rows, offsets, lengths[sample], sample, pooled)


cdef inline void mean_of_sequence(const real[:, ::1] rows, const Py_ssize_t[::1] offsets,
                                  Py_ssize_t length, Py_ssize_t sample,
                                  real[:, ::1] pooled) noexcept nogil:
    cdef Py_ssize_t t, block
    cdef vreg total
    for block in range(pooled.shape[1] // LANES):
        total = v_set(0)
        for t in range(length):
            total = total + v_load(&rows[offsets[t] + sample, block * LANES])
        if length > 0:
            total = total / v_set(<real> length)
        v_store(&pooled[sample, block * LANES], total)


def pool_mean_backward(
    const real[:, ::1] d_pooled,         # IN     (n_samples, stride)
    const Py_ssize_t[::1] offsets,       # IN     (n_timesteps + 1,)
    const Py_ssize_t[::1] lengths,       # IN     (n_samples,)
    real[:, ::1] d_rows,                 # OUT    (n_rows, stride)
    int n_threads,
):
    """Spread the gradient evenly over each sequence's steps."""
    cdef Py_ssize_t sample, n_samples = d_pooled.shape[0]
    n_threads = team(n_samples, d_rows.shape[0] * d_rows.shape[1], n_threads)
    for sample in prange(n_samples, nogil=True, schedule="dynamic", chunksize=4,
                         num_threads=n_threads):
        spread_over_sequence(d_pooled, offsets, lengths[sample], sample, d_rows)


cdef inline void spread_over_sequence(const real[:, ::1] d_pooled, const Py_ssize_t[::1] offsets,
                                      Py_ssize_t length, Py_ssize_t sample,
                                      real[:, ::1] d_rows) noexcept nogil:
    cdef Py_ssize_t t, block
    cdef vreg share
    for block in range(d_pooled.shape[1] // LANES):
        share = v_load(&d_pooled[sample, block * LANES]) / v_set(<real> length)
        for t in range(length):
            v_store(&d_rows[offsets[t] + sample, block * LANES], share)


def pool_max(
    const real[:, ::1] rows,             # IN     (n_rows, stride) packed hidden states
    const Py_ssize_t[::1] offsets,       # IN     (n_timesteps + 1,)
    const Py_ssize_t[::1] lengths,       # IN     (n_samples,)
    real[:, ::1] pooled,                 # OUT    (n_samples, stride)
    Py_ssize_t[:, ::1] largest,          # OUT    (n_samples, stride) step of the maximum,
                                         #        -1 without steps; or None
    int n_threads,
):
    """Maximum over each sequence's steps, the first of equal ones; NaN wins, and stays."""
    cdef Py_ssize_t sample, n_samples = pooled.shape[0]
    n_threads = team(n_samples, rows.shape[0] * rows.shape[1], n_threads)
    for sample in prange(n_samples, nogil=True, schedule="dynamic", chunksize=4,
                         num_threads=n_threads):
        maximum_of_sequence(rows, offsets, lengths[sample], sample, pooled, largest)


cdef inline void maximum_of_sequence(const real[:, ::1] rows, const Py_ssize_t[::1] offsets,
                                     Py_ssize_t length, Py_ssize_t sample, real[:, ::1] pooled,
                                     Py_ssize_t[:, ::1] largest) noexcept nogil:
    cdef Py_ssize_t t, block, lane
    cdef vreg best
    cdef vbits where
    for block in range(pooled.shape[1] // LANES):
        best = v_set(0)
        where = v_bits_set(<real_bits> -1)
        if length > 0:
            best = v_load(&rows[offsets[0] + sample, block * LANES])
            where = v_bits_set(0)
        for t in range(1, length):
            v_keep_larger(v_load(&rows[offsets[t] + sample, block * LANES]), <real_bits> t,
                          &best, &where)
        v_store(&pooled[sample, block * LANES], best)
        if largest is not None:
            for lane in range(LANES):
                largest[sample, block * LANES + lane] = (
                    <Py_ssize_t> v_lane(where, lane) if length > 0 else -1)


def pool_max_backward(
    const real[:, ::1] d_pooled,         # IN     (n_samples, stride)
    const Py_ssize_t[:, ::1] largest,    # IN     (n_samples, stride) of pool_max
    const Py_ssize_t[::1] offsets,       # IN     (n_timesteps + 1,)
    const Py_ssize_t[::1] lengths,       # IN     (n_samples,)
    real[:, ::1] d_rows,                 # OUT    (n_rows, stride)
    int n_threads,
):
    """Send the gradient to the step that had the maximum."""
    cdef Py_ssize_t sample, n_samples = d_pooled.shape[0]
    n_threads = team(n_samples, d_rows.shape[0] * d_rows.shape[1], n_threads)
    for sample in prange(n_samples, nogil=True, schedule="dynamic", chunksize=4,
                         num_threads=n_threads):
        send_to_maximum(d_pooled, largest, offsets, lengths[sample], sample, d_rows)


cdef inline void send_to_maximum(const real[:, ::1] d_pooled, const Py_ssize_t[:, ::1] largest,
                                 const Py_ssize_t[::1] offsets, Py_ssize_t length,
                                 Py_ssize_t sample, real[:, ::1] d_rows) noexcept nogil:
    cdef Py_ssize_t t, block, unit
    for t in range(length):
        for block in range(d_pooled.shape[1] // LANES):
            v_store(&d_rows[offsets[t] + sample, block * LANES], v_set(0))
    if length > 0:
        for unit in range(d_pooled.shape[1]):
            d_rows[offsets[largest[sample, unit]] + sample, unit] = d_pooled[sample, unit]
