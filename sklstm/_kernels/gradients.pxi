# Weight and bias gradients: d_weight = d_gates^T @ a, summed over the packed rows in one
# fixed order. Threads share out the elements of d_weight, never a sum.
#
# The order is that of the backward pass: the last step of the direction first. A long
# sequence can then be done in windows, from the last to the first, each of which goes on
# from the sums of the one before: the same bits as in one pass.
#
# `a` is the layer's input, its previous hidden states or a cell's extra rows. The state
# before packed row r is not a constant offset away from r in a ragged batch: `segments`
# lists runs of rows where it is (first row of d_gates, first row of a, number of rows).
#
# Rows are taken in chunks, and a chunk of a is copied side by side first: read in place, its
# columns fall on few cache sets when the row stride is a power of two. The slots of a unit
# block are a panel as they are; products of few slots take several blocks side by side,
# which need a copy. Each row of d_gates is read once: that, not the products, would be the
# limit of wide layers and large batches.
#
# A panel of MIN_CHUNK_ROWS stays in the first cache; the more memory the sums of a thread
# take, the longer the chunks between two visits: one row for CHUNK_BYTES of them.

cdef enum:
    MIN_CHUNK_ROWS = 64
    MAX_CHUNK_ROWS = 256
    CHUNK_BYTES = 8192


# What the same slots are multiplied with: one or two matrices side by side.
cdef struct GradientSource:
    const real* a
    Py_ssize_t a_stride
    Py_ssize_t n_columns
    const Py_ssize_t* segments
    real* d_weight


# One product of the weight gradient; see weight_gradient for the arrays.
cdef struct GradientProduct:
    const real* d_gates
    Py_ssize_t n_rows
    Py_ssize_t block_stride
    Py_ssize_t row_stride
    Py_ssize_t first_slot
    const Py_ssize_t* gates
    Py_ssize_t n_slots
    Py_ssize_t n_blocks
    Py_ssize_t blocks_per_panel
    Py_ssize_t hidden_size
    GradientSource sources[2]
    Py_ssize_t n_sources
    real* d_bias
    bint descending
    bint accumulate


cdef inline Py_ssize_t chunk_stride(Py_ssize_t n_columns) noexcept nogil:
    """Row stride of the copy of a: an odd number of cache lines, to use all cache sets."""
    cdef Py_ssize_t line = 64 // <Py_ssize_t> sizeof(real)
    return (ceil_divide(n_columns, line) | 1) * line


cdef inline void copy_columns(const GradientSource* source, Py_ssize_t first_row, Py_ssize_t n_rows,
                              Py_ssize_t first_column, Py_ssize_t last_column,
                              Py_ssize_t stride, real* copy) noexcept nogil:
    """Columns of a for some packed rows, whose runs of rows the segments list."""
    cdef Py_ssize_t row, column
    cdef const Py_ssize_t* segment = source.segments
    cdef const real* a
    for row in range(first_row, first_row + n_rows):
        while row >= segment[0] + segment[2]:
            segment += 3
        a = source.a + (segment[1] + row - segment[0]) * source.a_stride
        for column in range(first_column, last_column):
            copy[column - first_column] = a[column]
        copy += stride


cdef inline const real* panel_in_place(const GradientProduct* product, Py_ssize_t block,
                                       Py_ssize_t first_row) noexcept nogil:
    """The slots of one unit block, rows row_stride apart."""
    return (product.d_gates + block * product.block_stride + first_row * product.row_stride
            + product.first_slot * LANES)


cdef inline void copy_slots(const GradientProduct* product, Py_ssize_t first_row,
                            Py_ssize_t n_rows, Py_ssize_t first_block, Py_ssize_t n_blocks,
                            real* copy) noexcept nogil:
    """The slots of some unit blocks side by side."""
    # Locals: what is stored could otherwise be a field of product, and had to be read again.
    cdef Py_ssize_t row_stride = product.row_stride, n_slots = product.n_slots
    cdef Py_ssize_t row, block, slot
    cdef const real* source
    cdef real* target
    for block in range(n_blocks):
        source = panel_in_place(product, first_block + block, first_row)
        target = copy + block * n_slots * LANES
        for row in range(n_rows):
            for slot in range(n_slots):
                v_store(target + slot * LANES, v_load(source + slot * LANES))
            source += row_stride
            target += n_blocks * n_slots * LANES


cdef inline void add_rows(const real* panel, Py_ssize_t panel_stride, Py_ssize_t n_rows,
                          Py_ssize_t width, real* bias_sums) noexcept nogil:
    """The bias gradient: add up the rows of a panel."""
    cdef Py_ssize_t row, slot
    cdef vreg total
    for slot in range(width):
        total = v_load(bias_sums + slot * LANES)
        for row in range(n_rows):
            total = total + v_load(panel + row * panel_stride + slot * LANES)
        v_store(bias_sums + slot * LANES, total)


cdef void move_panel(const GradientProduct* product, const GradientSource* source,
                     Py_ssize_t first_block, Py_ssize_t n_blocks, Py_ssize_t first_column,
                     Py_ssize_t last_column, real* sums, bint load) noexcept nogil:
    """Spread a panel's sums over the rows of d_weight, or load them from there."""
    cdef Py_ssize_t block, slot, lane, unit, column
    cdef Py_ssize_t width = n_blocks * product.n_slots * LANES
    cdef real* lane_sums
    cdef real* d_row
    for block in range(n_blocks):
        for slot in range(product.n_slots):
            for lane in range(min(LANES, product.hidden_size - (first_block + block) * LANES)):
                unit = (product.gates[slot] * product.hidden_size
                        + (first_block + block) * LANES + lane)
                d_row = source.d_weight + unit * source.n_columns
                lane_sums = sums + (block * product.n_slots + slot) * LANES + lane
                if load:
                    for column in range(first_column, last_column):
                        lane_sums[(column - first_column) * width] = d_row[column]
                else:
                    for column in range(first_column, last_column):
                        d_row[column] = lane_sums[(column - first_column) * width]


cdef void move_bias(const GradientProduct* product, Py_ssize_t first_block, Py_ssize_t n_blocks,
                    real* sums, bint load) noexcept nogil:
    """The same for d_bias."""
    cdef Py_ssize_t block, slot, lane, unit
    cdef real* total
    for block in range(n_blocks):
        for slot in range(product.n_slots):
            for lane in range(min(LANES, product.hidden_size - (first_block + block) * LANES)):
                unit = (product.gates[slot] * product.hidden_size
                        + (first_block + block) * LANES + lane)
                total = sums + (block * product.n_slots + slot) * LANES + lane
                if load:
                    total[0] = product.d_bias[unit]
                else:
                    product.d_bias[unit] = total[0]


cdef void move_sums(const GradientProduct* product, Py_ssize_t first_panel, Py_ssize_t last_panel,
                    Py_ssize_t first_column, Py_ssize_t last_column, bint with_bias,
                    real* all_sums, bint load) noexcept nogil:
    """All sums of a task to where they belong, or from there."""
    cdef Py_ssize_t n_columns = last_column - first_column
    cdef Py_ssize_t last_block = min(last_panel * product.blocks_per_panel, product.n_blocks)
    cdef Py_ssize_t panel, block, n_blocks, width, source, begin, first, last
    cdef real* sums
    for panel in range(last_panel - first_panel):
        block = (first_panel + panel) * product.blocks_per_panel
        sums = all_sums + panel * (n_columns + 1) * TILE_WIDTH * LANES
        n_blocks = min(product.blocks_per_panel, last_block - block)
        width = n_blocks * product.n_slots
        if with_bias:
            move_bias(product, block, n_blocks, sums + n_columns * TILE_WIDTH * LANES, load)
        begin = 0
        for source in range(product.n_sources):
            first = max(first_column - begin, 0)
            last = min(last_column - begin, product.sources[source].n_columns)
            move_panel(product, &product.sources[source], block, n_blocks, first, last,
                       sums + (begin + first - first_column) * width * LANES, load)
            begin = begin + product.sources[source].n_columns


cdef void gradient_task(const GradientProduct* product, Py_ssize_t first_panel,
                        Py_ssize_t last_panel, Py_ssize_t first_column, Py_ssize_t last_column,
                        real* scratch) noexcept nogil:
    """Some panels of slots against some columns of a."""
    cdef Py_ssize_t stride = chunk_stride(last_column - first_column)
    cdef Py_ssize_t n_columns = last_column - first_column
    cdef Py_ssize_t panel_sums = (last_column - first_column + 1) * TILE_WIDTH * LANES
    cdef Py_ssize_t first_block = first_panel * product.blocks_per_panel
    cdef Py_ssize_t last_block = min(last_panel * product.blocks_per_panel, product.n_blocks)
    cdef Py_ssize_t first_row, source, first, last, begin, done = 0
    cdef Py_ssize_t next_block, next_row, next_chunk
    cdef Py_ssize_t chunk, panel, block, n_blocks, width, column, count, at, slots_stride
    cdef bint with_bias = product.d_bias != NULL and first_column == 0 and last_column > 0
    cdef real* columns = scratch
    cdef real* copied_slots = columns + MAX_CHUNK_ROWS * stride
    cdef real* all_sums = copied_slots + MAX_CHUNK_ROWS * TILE_WIDTH * LANES
    cdef Py_ssize_t n_sums = (last_panel - first_panel) * panel_sums
    cdef Py_ssize_t chunk_rows = min(max(
        n_sums * <Py_ssize_t> sizeof(real) // CHUNK_BYTES, MIN_CHUNK_ROWS), MAX_CHUNK_ROWS)
    # The row of a chunk to begin with, and the way to the next one.
    cdef Py_ssize_t direction = -1 if product.descending else 1
    cdef Py_ssize_t begin_row
    cdef real* sums
    cdef const real* slots
    for at in range(n_sums // LANES):
        v_store(all_sums + at * LANES, v_set(0))
    if product.accumulate:
        move_sums(product, first_panel, last_panel, first_column, last_column, with_bias,
                  all_sums, True)
    while done < product.n_rows:
        chunk = min(chunk_rows, product.n_rows - done)
        next_chunk = min(chunk_rows, product.n_rows - done - chunk)
        first_row = product.n_rows - done - chunk if product.descending else done
        begin_row = chunk - 1 if product.descending else 0
        begin = 0
        for source in range(product.n_sources):
            first = max(first_column - begin, 0)
            last = min(last_column - begin, product.sources[source].n_columns)
            copy_columns(&product.sources[source], first_row, chunk, first, last, stride,
                         columns + begin + first - first_column)
            begin = begin + product.sources[source].n_columns
        for panel in range(last_panel - first_panel):
            block = first_block + panel * product.blocks_per_panel
            n_blocks = min(product.blocks_per_panel, last_block - block)
            width = n_blocks * product.n_slots
            if product.blocks_per_panel == 1:
                slots = panel_in_place(product, block, first_row)
                slots_stride = product.row_stride
            else:
                copy_slots(product, first_row, chunk, block, n_blocks, copied_slots)
                slots = copied_slots
                slots_stride = width * LANES
            slots += begin_row * slots_stride
            # While a panel is multiplied, the next one is asked for, a part with each tile.
            next_block, next_row = block + n_blocks, first_row
            if next_block == last_block:
                next_block = first_block
                next_row = first_row - next_chunk if product.descending else first_row + chunk
            sums = all_sums + panel * panel_sums
            if with_bias:
                add_rows(slots, direction * slots_stride, chunk, width,
                         sums + n_columns * TILE_WIDTH * LANES)
            column = first_column
            while column < last_column:
                count = tile_height(last_column - column)
                prefetch_rows(panel_in_place(
                    product, next_block,
                    next_row + chunk * (column - first_column) // n_columns),
                    product.row_stride, product.n_slots, ceil_divide(chunk * count, n_columns))
                tile_outer(count, width, sums + (column - first_column) * width * LANES,
                           columns + column - first_column + begin_row * stride,
                           direction * stride, chunk, slots, direction * slots_stride)
                column = column + count
        done = done + chunk
    move_sums(product, first_panel, last_panel, first_column, last_column, with_bias, all_sums,
              False)


def gradient_scratch_size(Py_ssize_t hidden_size, Py_ssize_t n_columns):
    """Elements of scratch a thread needs in weight_gradient."""
    return (MAX_CHUNK_ROWS * (chunk_stride(n_columns) + TILE_WIDTH * LANES)
            + ceil_divide(hidden_size, LANES) * (n_columns + 1) * TILE_WIDTH * LANES)


cdef GradientSource gradient_source(const real[:, :] a, const Py_ssize_t[:, ::1] segments,
                                    real[:, ::1] d_weight):
    cdef GradientSource source
    source.n_columns = d_weight.shape[1]
    source.a = NULL
    source.segments = NULL
    source.d_weight = NULL
    if a.shape[0] > 0 and segments.shape[0] > 0:
        source.a = &a[0, 0]
        source.segments = &segments[0, 0]
    if d_weight.shape[0] > 0 and source.n_columns > 0:
        source.d_weight = &d_weight[0, 0]
    source.a_stride = a.strides[0] // <Py_ssize_t> sizeof(real)
    return source


def weight_gradient(
    const real[:, :, :] d_gates,         # IN     (n_blocks, n_rows, slots * LANES), slots
                                         #        contiguous
    Py_ssize_t first_slot,               # the first slot that the weights feed
    const Py_ssize_t[::1] gates,         # IN     their gates (blocks of weight rows), slot by slot
    Py_ssize_t hidden_size,              # units, rows of a gate in d_weight
    tuple sources,                       # one or two of (a, segments, d_weight):
                                         #   IN   (n_other_rows, >= n_columns), rows contiguous
                                         #   IN   (n_segments, 3)
                                         #   OUT  (n_gates * hidden_size, n_columns)
    real[::1] d_bias,                    # OUT    (n_gates * hidden_size,) or None
    bint descending,                     # sum from the last row to the first
    bint accumulate,                     # add to what d_weight and d_bias hold
    real[:, ::1] scratch,                # (n_threads, gradient_scratch_size(...))
    int n_threads,
):
    """Write the rows of d_weight and d_bias that belong to the given gates."""
    cdef Py_ssize_t n_columns = 0
    cdef GradientProduct product
    cdef Py_ssize_t n_panels, task, panels_split, columns_split
    cdef unsigned int saved
    product.n_sources = 0
    for a, segments, d_weight in sources:
        product.sources[product.n_sources] = gradient_source(a, segments, d_weight)
        n_columns += product.sources[product.n_sources].n_columns
        product.n_sources += 1
    if n_columns == 0 or hidden_size == 0:
        return
    product.n_slots = gates.shape[0]
    product.hidden_size = hidden_size
    product.n_rows = d_gates.shape[1]
    product.block_stride = d_gates.strides[0] // <Py_ssize_t> sizeof(real)
    product.row_stride = d_gates.strides[1] // <Py_ssize_t> sizeof(real)
    product.d_gates = &d_gates[0, 0, 0] if product.n_rows > 0 else NULL
    product.first_slot = first_slot
    product.gates = &gates[0]
    product.n_blocks = d_gates.shape[0]
    product.blocks_per_panel = TILE_WIDTH // product.n_slots
    product.descending = descending
    product.accumulate = accumulate
    product.d_bias = NULL
    if d_bias is not None:
        product.d_bias = &d_bias[0]
    n_threads = team(
        n_threads, product.n_rows * product.n_blocks * LANES * product.n_slots * n_columns,
        n_threads)
    n_panels = ceil_divide(product.n_blocks, product.blocks_per_panel)
    # Whole panels for each thread where they divide well, otherwise a part of the columns.
    panels_split = n_threads if n_panels % n_threads == 0 or n_panels >= 4 * n_threads else 1
    columns_split = n_threads // panels_split
    for task in prange(n_threads, nogil=True, schedule="static", num_threads=n_threads):
        saved = flush_subnormals()
        gradient_task(
            &product,
            n_panels * (task % panels_split) // panels_split,
            n_panels * (task % panels_split + 1) // panels_split,
            n_columns * (task // panels_split) // columns_split,
            n_columns * (task // panels_split + 1) // columns_split,
            &scratch[task, 0])
        restore_subnormals(saved)


# ---- symbols ----
# Rows with the same code have the same input: their gates' gradients are added up first, and
# the products with the input run over the distinct codes of a batch only.

def sum_gates(
    const real[:, :, ::1] d_gates,       # IN     (n_blocks, >= n_rows, slots * LANES)
    const Py_ssize_t[::1] order,         # IN     (n_rows,) rows by code, ascending within a code
    const Py_ssize_t[::1] starts,        # IN     (n_codes + 1,) where each code's rows start
    bint descending,                     # sum from the last row to the first
    bint accumulate,                     # onto what sums hold
    real[:, :, ::1] sums,                # INOUT  (n_blocks, >= n_codes, slots * LANES)
    int n_threads,
):
    """sums[:, code] = the sum of the rows of a code, each in one fixed order."""
    cdef Py_ssize_t n_codes = starts.shape[0] - 1, n_blocks = d_gates.shape[0]
    cdef Py_ssize_t width = d_gates.shape[2], task
    cdef unsigned int saved
    if n_codes == 0 or n_blocks == 0:
        return
    n_threads = team(n_codes * n_blocks, order.shape[0] * n_blocks * width, n_threads)
    for task in prange(n_codes * n_blocks, nogil=True, schedule="dynamic", chunksize=16,
                       num_threads=n_threads):
        saved = flush_subnormals()
        sum_of_code(&d_gates[task % n_blocks, 0, 0], &order[0], starts[task // n_blocks],
                    starts[task // n_blocks + 1], width, descending, accumulate,
                    &sums[task % n_blocks, task // n_blocks, 0])
        restore_subnormals(saved)


cdef inline void sum_of_code(const real* rows, const Py_ssize_t* order, Py_ssize_t start,
                             Py_ssize_t stop, Py_ssize_t width, bint descending,
                             bint accumulate, real* sums) noexcept nogil:
    cdef Py_ssize_t i, slot, n_slots = width // LANES
    cdef const real* row
    if not accumulate:
        for slot in range(n_slots):
            v_store(sums + slot * LANES, v_set(0))
    for i in range(stop - start):
        row = rows + order[stop - 1 - i if descending else start + i] * width
        for slot in range(n_slots):
            v_store(sums + slot * LANES, v_load(sums + slot * LANES)
                    + v_load(row + slot * LANES))
