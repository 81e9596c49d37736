# The hidden states of a sequence -> one vector, and the gradient back. Steps are visited in
# ascending order: a sequence's vector does not depend on its companions.

def pool_mean(
    const real[:, ::1] rows,             # IN     (n_rows, stride) packed hidden states
    const Py_ssize_t[::1] offsets,       # IN     (n_timesteps + 1,)
    const Py_ssize_t[::1] lengths,       # IN     (n_samples,)
    real[:, ::1] pooled,                 # OUT    (n_samples, stride)
):
    """Mean over each sequence's steps; zero for a sequence without steps."""
    cdef Py_ssize_t t, sample, unit, stride = pooled.shape[1]
    with nogil:
        for sample in range(pooled.shape[0]):
            for unit in range(stride):
                pooled[sample, unit] = 0
        for t in range(offsets.shape[0] - 1):
            for sample in range(offsets[t + 1] - offsets[t]):
                for unit in range(stride):
                    pooled[sample, unit] += rows[offsets[t] + sample, unit]
        for sample in range(pooled.shape[0]):
            if lengths[sample] > 0:
                for unit in range(stride):
                    pooled[sample, unit] = pooled[sample, unit] / <real> lengths[sample]


def pool_mean_backward(
    const real[:, ::1] d_pooled,         # IN     (n_samples, stride)
    const Py_ssize_t[::1] offsets,       # IN     (n_timesteps + 1,)
    const Py_ssize_t[::1] lengths,       # IN     (n_samples,)
    real[:, ::1] d_rows,                 # OUT    (n_rows, stride)
):
    """Spread the gradient evenly over each sequence's steps."""
    cdef Py_ssize_t t, sample, unit, stride = d_pooled.shape[1]
    with nogil:
        for t in range(offsets.shape[0] - 1):
            for sample in range(offsets[t + 1] - offsets[t]):
                for unit in range(stride):
                    d_rows[offsets[t] + sample, unit] = (
                        d_pooled[sample, unit] / <real> lengths[sample])


def pool_max(
    const real[:, ::1] rows,             # IN     (n_rows, stride) packed hidden states
    const Py_ssize_t[::1] offsets,       # IN     (n_timesteps + 1,)
    real[:, ::1] pooled,                 # OUT    (n_samples, stride)
    Py_ssize_t[:, ::1] largest,          # OUT    (n_samples, stride) packed row of it, or -1
):
    """Maximum over each sequence's steps, the first of equal ones; NaN wins, and stays."""
    cdef Py_ssize_t t, sample, unit, row, stride = pooled.shape[1]
    cdef real value
    with nogil:
        for sample in range(pooled.shape[0]):
            for unit in range(stride):
                pooled[sample, unit] = 0
                largest[sample, unit] = -1
        for t in range(offsets.shape[0] - 1):
            for sample in range(offsets[t + 1] - offsets[t]):
                row = offsets[t] + sample
                for unit in range(stride):
                    value = rows[row, unit]
                    if largest[sample, unit] < 0 or value > pooled[sample, unit] or value != value:
                        pooled[sample, unit] = value
                        largest[sample, unit] = row


def pool_max_backward(
    const real[:, ::1] d_pooled,         # IN     (n_samples, stride)
    const Py_ssize_t[:, ::1] largest,    # IN     (n_samples, stride) of pool_max
    real[:, ::1] d_rows,                 # OUT    (n_rows, stride)
):
    """Send the gradient to the step that had the maximum."""
    cdef Py_ssize_t row, sample, unit, stride = d_pooled.shape[1]
    with nogil:
        for row in range(d_rows.shape[0]):
            for unit in range(stride):
                d_rows[row, unit] = 0
        for sample in range(d_pooled.shape[0]):
            for unit in range(stride):
                if largest[sample, unit] >= 0:
                    d_rows[largest[sample, unit], unit] = d_pooled[sample, unit]
