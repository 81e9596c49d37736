# Weight and bias gradients: d_weight = d_gates^T @ a, summed over the packed rows in
# ascending order. Threads share out the elements of d_weight, never a sum.
#
# `a` is the layer's input, its previous hidden states or a cell's extra rows. The state
# before packed row r is not a constant offset away from r in a ragged batch: `segments`
# lists runs of rows where it is (first row of d_gates, first row of a, number of rows).
#
# Rows are taken in chunks, and both operands of a chunk are copied side by side first: read
# in place, columns of a fall on few cache sets when the row stride is a power of two, and one
# panel at a time defeats the prefetcher. Each row of d_gates is read once: that, not the
# products, would be the limit of wide layers and large batches.

cdef enum:
    CHUNK_ROWS = 256
    COPIED_PANELS = 4
    PREFETCH_ROWS = 8


# One product of the weight gradient; see weight_gradient for the arrays.
cdef struct GradientProduct:
    const real* d_gates
    Py_ssize_t row_stride
    Py_ssize_t block_stride
    Py_ssize_t first_slot
    const Py_ssize_t* gates
    Py_ssize_t n_slots
    Py_ssize_t n_blocks
    Py_ssize_t blocks_per_panel
    Py_ssize_t hidden_size
    const real* a
    Py_ssize_t a_stride
    real* d_weight
    Py_ssize_t n_columns
    real* d_bias


cdef inline Py_ssize_t chunk_stride(Py_ssize_t n_columns) noexcept nogil:
    """Row stride of the copy of a: an odd number of cache lines, to use all cache sets."""
    cdef Py_ssize_t line = 64 // <Py_ssize_t> sizeof(real)
    return (ceil_divide(n_columns, line) | 1) * line


cdef inline void copy_columns(const GradientProduct* product, const Py_ssize_t[:, ::1] segments,
                              Py_ssize_t* segment, Py_ssize_t first_row, Py_ssize_t n_rows,
                              Py_ssize_t first_column, Py_ssize_t last_column,
                              Py_ssize_t stride, real* copy) noexcept nogil:
    """Columns of a for some packed rows; `segment` moves along with the rows."""
    cdef Py_ssize_t row, column
    cdef const real* source
    for row in range(first_row, first_row + n_rows):
        while row >= segments[segment[0], 0] + segments[segment[0], 2]:
            segment[0] += 1
        source = product.a + product.a_stride * (
            segments[segment[0], 1] + row - segments[segment[0], 0])
        for column in range(first_column, last_column):
            copy[column - first_column] = source[column]
        copy += stride


cdef inline void copy_slots(const GradientProduct* product, Py_ssize_t first_row,
                            Py_ssize_t n_rows, Py_ssize_t first_block, Py_ssize_t last_block,
                            real* copy) noexcept nogil:
    """The slots of some unit blocks, panel by panel, in each of them side by side."""
    # Locals: what is stored could otherwise be a field of product, and had to be read again.
    cdef Py_ssize_t block_stride = product.block_stride, row_stride = product.row_stride
    cdef Py_ssize_t n_slots = product.n_slots, per_panel = product.blocks_per_panel
    cdef Py_ssize_t row, block, slot, in_panel, width
    cdef const real* source_row = (product.d_gates + first_row * row_stride
                                   + first_block * block_stride + product.first_slot * LANES)
    cdef const real* source
    cdef real* target
    for row in range(n_rows):
        source = source_row
        block = first_block
        while block < last_block:
            width = min(per_panel, last_block - block)
            target = copy + ((block - first_block) // per_panel * CHUNK_ROWS * TILE_WIDTH
                             + row * width * n_slots) * LANES
            for in_panel in range(width):
                prefetch(source + PREFETCH_ROWS * row_stride, n_slots)
                for slot in range(n_slots):
                    v_store(target + slot * LANES, v_load(source + slot * LANES))
                source += block_stride
                target += n_slots * LANES
            block = block + width
        source_row += row_stride


cdef inline void add_rows(const real* rows, Py_ssize_t n_rows, Py_ssize_t width,
                          real* bias_sums) noexcept nogil:
    """The bias gradient: add up the copied rows."""
    cdef Py_ssize_t row, slot
    cdef vreg total
    for slot in range(width):
        total = v_load(bias_sums + slot * LANES)
        for row in range(n_rows):
            total = total + v_load(rows + (row * width + slot) * LANES)
        v_store(bias_sums + slot * LANES, total)


cdef void write_panel(const GradientProduct* product, Py_ssize_t first_block, Py_ssize_t n_blocks,
                      Py_ssize_t first_column, Py_ssize_t last_column, const real* sums,
                      const real* bias_sums) noexcept nogil:
    """Spread a panel's sums over the rows of d_weight and d_bias."""
    cdef Py_ssize_t block, slot, lane, unit, column, at
    cdef Py_ssize_t width = n_blocks * product.n_slots * LANES
    for block in range(n_blocks):
        for slot in range(product.n_slots):
            for lane in range(LANES):
                unit = (first_block + block) * LANES + lane
                if unit >= product.hidden_size:
                    break
                at = (block * product.n_slots + slot) * LANES + lane
                unit = product.gates[slot] * product.hidden_size + unit
                for column in range(first_column, last_column):
                    product.d_weight[unit * product.n_columns + column] = (
                        sums[(column - first_column) * width + at])
                if bias_sums != NULL:
                    product.d_bias[unit] = bias_sums[at]


cdef void gradient_task(const GradientProduct* product, const Py_ssize_t[:, ::1] segments,
                        Py_ssize_t n_rows, Py_ssize_t first_panel, Py_ssize_t last_panel,
                        Py_ssize_t first_column, Py_ssize_t last_column,
                        real* scratch) noexcept nogil:
    """Some panels of slots against some columns of a."""
    cdef Py_ssize_t stride = chunk_stride(last_column - first_column)
    cdef Py_ssize_t panel_sums = (last_column - first_column + 1) * TILE_WIDTH * LANES
    cdef Py_ssize_t first_block = first_panel * product.blocks_per_panel
    cdef Py_ssize_t last_block = min(last_panel * product.blocks_per_panel, product.n_blocks)
    cdef Py_ssize_t first_row = 0, segment = 0
    cdef Py_ssize_t chunk, panel, block, n_blocks, width, column, count, at
    cdef bint with_bias = product.d_bias != NULL and first_column == 0
    cdef real* columns = scratch
    cdef real* slots = columns + CHUNK_ROWS * stride
    cdef real* all_sums = slots + COPIED_PANELS * CHUNK_ROWS * TILE_WIDTH * LANES
    cdef real* sums
    cdef real* bias_sums = NULL
    cdef const real* panel_slots
    for at in range((last_panel - first_panel) * panel_sums // LANES):
        v_store(all_sums + at * LANES, v_set(0))
    while first_row < n_rows:
        chunk = min(CHUNK_ROWS, n_rows - first_row)
        copy_columns(product, segments, &segment, first_row, chunk, first_column, last_column,
                     stride, columns)
        for panel in range(last_panel - first_panel):
            block = first_block + panel * product.blocks_per_panel
            if panel % COPIED_PANELS == 0:
                copy_slots(product, first_row, chunk, block,
                           min(last_block, block + COPIED_PANELS * product.blocks_per_panel), slots)
            width = min(product.blocks_per_panel, last_block - block) * product.n_slots
            sums = all_sums + panel * panel_sums
            panel_slots = slots + panel % COPIED_PANELS * CHUNK_ROWS * TILE_WIDTH * LANES
            if with_bias:
                add_rows(panel_slots, chunk, width,
                         sums + (last_column - first_column) * TILE_WIDTH * LANES)
            column = first_column
            while column < last_column:
                count = tile_height(last_column - column)
                tile_outer(count, width, sums + (column - first_column) * width * LANES,
                           columns + column - first_column, stride, chunk, panel_slots)
                column = column + count
        first_row = first_row + chunk
    for panel in range(last_panel - first_panel):
        block = first_block + panel * product.blocks_per_panel
        sums = all_sums + panel * panel_sums
        if with_bias:
            bias_sums = sums + (last_column - first_column) * TILE_WIDTH * LANES
        write_panel(product, block, min(product.blocks_per_panel, last_block - block),
                    first_column, last_column, sums, bias_sums)


def gradient_scratch_size(Py_ssize_t hidden_size, Py_ssize_t n_columns):
    """Elements of scratch a thread needs in weight_gradient."""
    return (CHUNK_ROWS * (chunk_stride(n_columns) + COPIED_PANELS * TILE_WIDTH * LANES)
            + ceil_divide(hidden_size, LANES) * (n_columns + 1) * TILE_WIDTH * LANES)


def weight_gradient(
    const real[:, ::1] d_gates,          # IN     (n_rows, blocks * block_slots * LANES)
    Py_ssize_t block_slots,              # registers of a unit block in a row of d_gates
    Py_ssize_t first_slot,               # the first of those that this weight feeds
    const Py_ssize_t[::1] gates,         # IN     the gates (blocks of weight rows), slot by slot
    Py_ssize_t hidden_size,              # units, rows of a gate in d_weight
    const real[:, :] a,                  # IN     (n_other_rows, >= n_columns), rows contiguous
    const Py_ssize_t[:, ::1] segments,   # IN     (n_segments, 3)
    real[:, ::1] d_weight,               # OUT    (n_gates * hidden_size, n_columns)
    real[::1] d_bias,                    # OUT    (n_gates * hidden_size,) or None
    real[:, ::1] scratch,                # (n_threads, gradient_scratch_size(...))
    int n_threads,
):
    """Write the rows of d_weight and d_bias that belong to the given gates."""
    cdef Py_ssize_t n_rows = d_gates.shape[0]
    cdef GradientProduct product
    cdef Py_ssize_t n_panels, task, panels_split, columns_split
    cdef unsigned int saved
    product.n_slots = gates.shape[0]
    product.n_columns = d_weight.shape[1]
    product.hidden_size = hidden_size
    if product.n_columns == 0 or hidden_size == 0:
        return
    product.d_gates = first_or_null(d_gates)
    product.row_stride = d_gates.shape[1]
    product.block_stride = block_slots * LANES
    product.first_slot = first_slot
    product.gates = &gates[0]
    product.n_blocks = ceil_divide(hidden_size, LANES)
    product.blocks_per_panel = TILE_WIDTH // product.n_slots
    product.a = NULL
    if a.shape[0] > 0:
        product.a = &a[0, 0]
    product.a_stride = a.strides[0] // <Py_ssize_t> sizeof(real)
    product.d_weight = &d_weight[0, 0]
    product.d_bias = NULL
    if d_bias is not None:
        product.d_bias = &d_bias[0]
    n_panels = ceil_divide(product.n_blocks, product.blocks_per_panel)
    # Whole panels for each thread where they divide well, otherwise a part of the columns.
    panels_split = n_threads if n_panels % n_threads == 0 or n_panels >= 4 * n_threads else 1
    columns_split = n_threads // panels_split
    for task in prange(n_threads, nogil=True, schedule="static", num_threads=n_threads):
        saved = flush_subnormals()
        gradient_task(
            &product, segments, n_rows,
            n_panels * (task % panels_split) // panels_split,
            n_panels * (task % panels_split + 1) // panels_split,
            product.n_columns * (task // panels_split) // columns_split,
            product.n_columns * (task // panels_split + 1) // columns_split,
            &scratch[task, 0])
        restore_subnormals(saved)
