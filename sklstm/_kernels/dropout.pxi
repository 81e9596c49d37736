# What is random in the inputs and outputs of layers.
#
# Dropout with one mask a sequence (Gal and Ghahramani 2016): the same units are left out at
# all of its steps. A mask depends on a seed and on the number of the sample alone. Gaussian
# noise depends on the step as well.

def draw_mask(
    unsigned int seed,
    const unsigned int[::1] sample_keys, # IN     (n_samples,)
    double rate,                         # of units left out
    real[:, ::1] mask,                   # OUT    (n_samples, stride): 0, or what keeps the mean
):
    """Masks of some sequences."""
    cdef Py_ssize_t sample, block, unit
    cdef unsigned int key, threshold = rate_threshold(rate)
    cdef vreg kept = v_set(<real> (65536.0 / (65536 - threshold)))
    with nogil:
        for sample in range(mask.shape[0]):
            key = random_key(seed, sample_keys[sample], 0)
            for block in range(mask.shape[1] // LANES):
                unit = block * LANES
                v_store(&mask[sample, unit],
                        v_select(v_below(v_random(key, unit), 0, threshold), v_set(0), kept))


def random_numbers(unsigned int seed, unsigned int sample, unsigned int step, int part,
                   unsigned int threshold, real[::1] below):
    """1 where the number of a unit is below the threshold, else 0: to test what is drawn."""
    cdef Py_ssize_t block, unit
    cdef unsigned int key = random_key(seed, sample, step)
    for block in range(below.shape[0] // LANES):
        unit = block * LANES
        v_store(&below[unit], v_select(v_below(v_random(key, unit), part, threshold),
                                       v_set(1), v_set(0)))


def scale_rows(
    const real[:, :] rows,               # IN     (n_rows, >= width), rows contiguous
    const Py_ssize_t[::1] offsets,       # IN     (n_steps + 1,) packed row where each step starts
    const real[:, ::1] mask,             # IN     (n_samples, >= width) or None: a copy
    real[:, :] out,                      # OUT    (n_rows, width), rows contiguous; rows itself
                                         #        is allowed
    int n_threads,
):
    """out = rows * mask of the row's sequence."""
    cdef Py_ssize_t step, row, width = out.shape[1], n_steps = offsets.shape[0] - 1
    if out.shape[0] == 0 or width == 0:
        return
    n_threads = team(n_steps, out.shape[0] * width, n_threads)
    for step in prange(n_steps, nogil=True, schedule="static", num_threads=n_threads):
        for row in range(offsets[step], offsets[step + 1]):
            scale_row(&rows[row, 0],
                      &mask[row - offsets[step], 0] if mask is not None else NULL,
                      &out[row, 0], width)


cdef inline void scale_row(const real* row, const real* mask, real* out,
                           Py_ssize_t width) noexcept nogil:
    cdef Py_ssize_t column
    if mask == NULL:
        for column in range(width):
            out[column] = row[column]
    else:
        for column in range(width):
            out[column] = row[column] * mask[column]


def add_noise(
    unsigned int seed,
    const unsigned int[::1] sample_keys, # IN     (n_samples,)
    const Py_ssize_t[::1] offsets,       # IN     (n_steps + 1,) packed row where each step starts
    double deviation,
    const real[:, ::1] rows,             # IN     (n_rows, width)
    real[:, ::1] out,                    # OUT    (n_rows, width)
    int n_threads,
):
    """out = rows + Gaussian noise of a standard deviation."""
    cdef Py_ssize_t step, row, n_steps = offsets.shape[0] - 1
    if rows.shape[0] == 0 or rows.shape[1] == 0:
        return
    n_threads = team(n_steps, rows.shape[0] * rows.shape[1], n_threads)
    for step in prange(n_steps, nogil=True, schedule="static", num_threads=n_threads):
        for row in range(offsets[step], offsets[step + 1]):
            add_noise_to_row(random_key(seed, sample_keys[row - offsets[step]], step),
                             <real> deviation, &rows[row, 0], &out[row, 0], rows.shape[1])


cdef inline void add_noise_to_row(unsigned int key, real deviation, const real* row, real* out,
                                  Py_ssize_t width) noexcept nogil:
    cdef real lanes[64]
    cdef Py_ssize_t first, lane
    for first in range(0, width, LANES):
        for lane in range(LANES):
            lanes[lane] = row[first + lane] if first + lane < width else 0
        v_store(lanes, v_load(lanes) + v_set(deviation) * v_normal(v_random(key, first)))
        for lane in range(min(LANES, width - first)):
            out[first + lane] = lanes[lane]
