# Weight and bias gradients: d_weight = d_gates^T @ a, summed over the rows of the batch in
# ascending order. Parallel over output tiles, so no sum is shared between threads.
#
# `a` is the layer's input or its previous hidden states. The state before packed row r is
# not a constant offset away from r in a ragged batch: `segments` lists runs of rows where
# it is (first row of d_gates, first row of a, number of rows).

cdef enum:
    CHUNK_ROWS = 128          # rows of d_gates copied side by side: 32 kB stay in cache


cdef inline void copy_slots(const real* d_gates, Py_ssize_t row_stride, Py_ssize_t block_stride,
                            const Py_ssize_t* slots, Py_ssize_t n_slots, Py_ssize_t n_blocks,
                            Py_ssize_t n_rows, real* copy, real* bias_sums) noexcept nogil:
    """Bring the slots of a panel's unit blocks together; add them up where asked."""
    cdef Py_ssize_t row, block, slot
    cdef vreg value
    for row in range(n_rows):
        for block in range(n_blocks):
            for slot in range(n_slots):
                value = v_load(d_gates + row * row_stride + block * block_stride + slots[slot] * LANES)
                v_store(copy, value)
                copy += LANES
                if bias_sums != NULL:
                    v_store(bias_sums + (block * n_slots + slot) * LANES, value + v_load(
                        bias_sums + (block * n_slots + slot) * LANES))


cdef void gradient_task(
    const real* d_gates, Py_ssize_t row_stride, Py_ssize_t block_stride,
    const Py_ssize_t* slots, const Py_ssize_t* gates, Py_ssize_t n_slots,
    Py_ssize_t first_block, Py_ssize_t n_blocks, Py_ssize_t hidden_size,
    const real* a, Py_ssize_t a_stride, Py_ssize_t first_column, Py_ssize_t last_column,
    const Py_ssize_t[:, ::1] segments, real* scratch,
    real* d_weight, Py_ssize_t n_columns, real* d_bias,
) noexcept nogil:
    """One panel of slots against a range of columns of a."""
    cdef Py_ssize_t width = n_slots * n_blocks, n_sums = (last_column - first_column) * width
    cdef Py_ssize_t segment, done, n_rows, column, count, block, slot, lane, unit, at
    cdef real* copy = scratch
    cdef real* sums = scratch + CHUNK_ROWS * TILE_WIDTH * LANES
    cdef real* bias_sums = NULL
    if d_bias != NULL:
        bias_sums = sums + n_sums * LANES
    for at in range(n_sums + width):
        v_store(sums + at * LANES, v_set(0))
    d_gates = d_gates + first_block * block_stride
    for segment in range(segments.shape[0]):
        done = 0
        while done < segments[segment, 2]:
            n_rows = min(CHUNK_ROWS, segments[segment, 2] - done)
            copy_slots(d_gates + (segments[segment, 0] + done) * row_stride, row_stride, block_stride,
                       slots, n_slots, n_blocks, n_rows, copy, bias_sums)
            column = first_column
            while column < last_column:
                count = tile_height(last_column - column)
                tile_outer(count, width, sums + (column - first_column) * width * LANES,
                           a + (segments[segment, 1] + done) * a_stride + column, a_stride, n_rows, copy)
                column = column + count
            done = done + n_rows
    for block in range(n_blocks):
        for slot in range(n_slots):
            for lane in range(LANES):
                unit = (first_block + block) * LANES + lane
                if unit >= hidden_size:
                    break
                at = (block * n_slots + slot) * LANES + lane
                unit = gates[slot] * hidden_size + unit
                for column in range(first_column, last_column):
                    d_weight[unit * n_columns + column] = sums[(column - first_column) * width * LANES + at]
                if d_bias != NULL:
                    d_bias[unit] = bias_sums[at]


def gradient_scratch_size(Py_ssize_t n_columns):
    """Elements of scratch a thread needs in weight_gradient."""
    return (CHUNK_ROWS + n_columns + 1) * TILE_WIDTH * LANES


def weight_gradient(
    const real[:, ::1] d_gates,          # IN     (n_rows, blocks * block_slots * LANES)
    Py_ssize_t block_slots,              # registers of a unit block in a row of d_gates
    const Py_ssize_t[::1] slots,         # IN     those of them that this weight feeds
    const Py_ssize_t[::1] gates,         # IN     the gate (block of weight rows) of each slot
    Py_ssize_t hidden_size,              # units, rows of a gate in d_weight
    const real[:, :] a,                  # IN     (n_other_rows, n_columns), rows contiguous
    const Py_ssize_t[:, ::1] segments,   # IN     (n_segments, 3)
    real[:, ::1] d_weight,               # OUT    (n_gates * hidden_size, n_columns)
    real[::1] d_bias,                    # OUT    (n_gates * hidden_size,) or None
    real[:, ::1] scratch,                # (n_threads, gradient_scratch_size(n_columns))
    int n_threads,
):
    """Write the rows of d_weight and d_bias that belong to the given gates."""
    cdef Py_ssize_t n_slots = slots.shape[0], n_columns = d_weight.shape[1]
    cdef Py_ssize_t block_stride = block_slots * LANES
    cdef Py_ssize_t row_stride = d_gates.shape[1], a_stride = a.strides[0] // <Py_ssize_t> sizeof(real)
    cdef Py_ssize_t n_blocks = (hidden_size + LANES - 1) // LANES
    cdef Py_ssize_t per_panel = TILE_WIDTH // n_slots
    cdef Py_ssize_t n_panels = (n_blocks + per_panel - 1) // per_panel
    # Few panels: give each thread a part of the columns too.
    cdef Py_ssize_t n_parts = 1 if n_panels >= 2 * n_threads else min(n_threads, n_columns)
    cdef Py_ssize_t task, panel, part
    cdef unsigned int saved
    cdef real* bias_or_null = NULL if d_bias is None else &d_bias[0]
    cdef const real* first_d_gates = first_or_null(d_gates)
    cdef const real* first_a = NULL
    if n_columns == 0 or hidden_size == 0:
        return
    if a.shape[0] > 0:
        first_a = &a[0, 0]
    for task in prange(n_panels * n_parts, nogil=True, schedule="dynamic", chunksize=1,
                       num_threads=n_threads):
        panel = task // n_parts
        part = task % n_parts
        saved = flush_subnormals()
        gradient_task(
            first_d_gates, row_stride, block_stride, &slots[0], &gates[0], n_slots,
            panel * per_panel, min(per_panel, n_blocks - panel * per_panel), hidden_size,
            first_a, a_stride, n_columns * part // n_parts, n_columns * (part + 1) // n_parts,
            segments, &scratch[threadid(), 0], &d_weight[0, 0], n_columns,
            bias_or_null if part == 0 else NULL)
        restore_subnormals(saved)
