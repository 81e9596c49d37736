# The only loops over time.
#
# A step table has one row a step, in the order the steps are computed:
#
#     STATE      row of hidden and cell where the states of the step's sequences start
#     N_ROWS     sequences alive: always the first ones, batches are sorted by length
#     N_GOING    the first of them whose previous state is the step before; the others
#                start here, from row `sample` of hidden and cell
#     PREVIOUS   row of hidden and cell where the states of the step before start
#     INPUT      row of x, gates and d_output where the step starts
#
# Ragged batches, the reverse direction (where sequences join instead of leaving), inference
# in two alternating blocks of states, truncation and checkpoints are tables, not kernels.
#
# `blocks` are boundaries of sequences: each block runs through all steps on one thread.
# Results do not depend on them: no sum runs over rows.

cdef enum:
    STATE = 0
    N_ROWS = 1
    N_GOING = 2
    PREVIOUS = 3
    INPUT = 4


cdef void forward_block(const LayerPass* layer, const Cell* cell, const Py_ssize_t[:, ::1] steps,
                        Py_ssize_t start, Py_ssize_t stop) noexcept nogil:
    cdef Py_ssize_t s, phase, panel, n_panels, end, sample, segment_end
    cdef const Py_ssize_t* step
    cdef Rows rows
    rows.next = -1
    for s in range(steps.shape[0]):
        step = &steps[s, 0]
        end = min(stop, step[N_ROWS])
        for phase in range(cell.n_phases):
            n_panels = ceil_divide(layer.n_blocks, cell.blocks_per_panel[phase])
            for panel in range(n_panels):
                sample = start
                while sample < end:
                    segment_end = min(end, step[N_GOING]) if sample < step[N_GOING] else end
                    rows.count = tile_height(segment_end - sample)
                    rows.sample = sample
                    rows.step = step[INPUT] + sample
                    rows.state = step[STATE] + sample
                    rows.previous = sample + (step[PREVIOUS] if sample < step[N_GOING] else 0)
                    cell.forward[phase](layer, panel, &rows)
                    sample = sample + rows.count


cdef void initial_gradient(const LayerPass* layer, const Cell* cell, Py_ssize_t panel,
                           const Rows* rows) noexcept nogil:
    """d_hidden_0 of sequences that start at this step, after its backward phases."""
    cdef Tile tile
    cdef Py_ssize_t width = panel_width(layer, panel, TILE_WIDTH)
    cdef Py_ssize_t row, block, at
    recurrent_product(layer, panel, width, rows.count, rows.step, cell.recurrent_first_slot,
                      cell.recurrent_n_slots, tile)
    for row in range(rows.count):
        for block in range(width):
            at = (rows.sample + row) * layer.stride + (panel * TILE_WIDTH + block) * LANES
            if cell.carries_hidden:
                tile[row][block] = tile[row][block] + v_load(layer.carry + at)
            v_store(layer.d_hidden_0 + at, tile[row][block])


cdef void backward_block(const LayerPass* layer, const Cell* cell, const Py_ssize_t[:, ::1] steps,
                         Py_ssize_t start, Py_ssize_t stop) noexcept nogil:
    cdef Py_ssize_t n_panels = ceil_divide(layer.n_blocks, TILE_WIDTH)
    cdef Py_ssize_t s, phase, panel, end, sample, segment_end, n_next, next_input
    cdef const Py_ssize_t* step
    cdef Rows rows
    for s in range(steps.shape[0] - 1, -1, -1):
        step = &steps[s, 0]
        end = min(stop, step[N_ROWS])
        n_next = steps[s + 1, N_GOING] if s + 1 < steps.shape[0] else 0
        next_input = steps[s + 1, INPUT] if s + 1 < steps.shape[0] else 0
        for phase in range(cell.n_phases + 1):
            if phase == cell.n_phases and (layer.d_hidden_0 == NULL or step[N_GOING] >= end):
                continue
            for panel in range(n_panels):
                sample = max(start, step[N_GOING]) if phase == cell.n_phases else start
                while sample < end:
                    segment_end = end
                    if sample < n_next:
                        segment_end = min(segment_end, n_next)
                    if sample < step[N_GOING]:
                        segment_end = min(segment_end, step[N_GOING])
                    rows.count = tile_height(segment_end - sample)
                    rows.sample = sample
                    rows.step = step[INPUT] + sample
                    rows.state = step[STATE] + sample
                    rows.previous = sample + (step[PREVIOUS] if sample < step[N_GOING] else 0)
                    rows.next = next_input + sample if sample < n_next else -1
                    if phase == cell.n_phases:
                        initial_gradient(layer, cell, panel, &rows)
                    else:
                        cell.backward[phase](layer, panel, &rows)
                    sample = sample + rows.count


cdef inline const real* first_or_null(const real[:, ::1] array) noexcept nogil:
    if array is None or array.shape[0] == 0:
        return NULL
    return &array[0, 0]


cdef inline real* pointer(const real[:, ::1] array) noexcept nogil:
    return <real*> first_or_null(array)


def layer_forward(
    str cell_name,
    Py_ssize_t hidden_size,
    const real[:, :] x,                  # IN     (n_rows, n_inputs), rows contiguous
    const real[::1] panels,              # IN     pack_gates of every forward phase
    const real[::1] bias,                # IN     pack_bias of every forward phase
    const Py_ssize_t[:, ::1] steps,      # IN     (n_steps, 5), the step table
    const Py_ssize_t[::1] blocks,        # IN     (n_blocks + 1,)
    real[:, ::1] hidden,                 # INOUT  (n_states, stride), initial states first
    real[:, ::1] cell,                   # INOUT  (n_states, stride) or None
    real[:, :, ::1] gates,               # OUT    (n_blocks, >= n_rows, n_slots * LANES) or None:
                                         #        inference
    real[:, ::1] extra,                  # OUT    (n_rows or n_samples, stride) or None
    int n_threads,
):
    """Run one layer in one direction over a step table."""
    cdef Cell kernel
    cdef LayerPass layer
    cdef Py_ssize_t block, n_blocks = blocks.shape[0] - 1
    cdef unsigned int saved
    find_cell(cell_name, &kernel)
    if x.shape[0] == 0 or steps.shape[0] == 0:
        return
    layer.n_inputs = x.shape[1]
    layer.hidden_size = hidden_size
    layer.stride = hidden.shape[1]
    layer.n_blocks = layer.stride // LANES
    layer.n_slots = kernel.n_slots
    layer.x = &x[0, 0]
    layer.x_stride = x.strides[0] // <Py_ssize_t> sizeof(real)
    layer.hidden = &hidden[0, 0]
    layer.cell = pointer(cell)
    layer.gates = NULL
    layer.n_gate_rows = 0
    if gates is not None:
        layer.gates = &gates[0, 0, 0]
        layer.n_gate_rows = gates.shape[1]
    layer.extra = pointer(extra)
    layer.panels = &panels[0]
    layer.bias = &bias[0]
    for block in prange(n_blocks, nogil=True, schedule="dynamic", chunksize=1,
                        num_threads=n_threads if n_blocks > 1 else 1):
        saved = flush_subnormals()
        forward_block(&layer, &kernel, steps, blocks[block], blocks[block + 1])
        restore_subnormals(saved)


def layer_backward(
    str cell_name,
    Py_ssize_t hidden_size,
    const real[::1] panels,              # IN     pack_columns of every backward phase
    const Py_ssize_t[:, ::1] steps,      # IN     (n_steps, 5), the table of the forward pass
    const Py_ssize_t[::1] blocks,        # IN     (n_blocks + 1,)
    const real[:, ::1] hidden,           # IN     (n_states, stride), of the forward pass
    const real[:, ::1] cell,             # IN     (n_states, stride) or None
    real[:, :, ::1] gates,               # INOUT  activations -> gradients before the nonlinearity
    const real[:, ::1] d_output,         # IN     (n_rows, stride) or None
    const real[:, ::1] d_last,           # IN     (n_samples, stride) or None
    real[:, ::1] carry,                  # INOUT  (n_samples, stride): in the gradient of the last
                                         #        cell state (zero for GRUs), out of the initial one
    real[:, ::1] d_hidden_0,             # OUT    (n_samples, stride) or None
    int n_threads,
):
    """Run one layer back through time: gates become gradients."""
    cdef Cell kernel
    cdef LayerPass layer
    cdef Py_ssize_t block, n_blocks = blocks.shape[0] - 1
    cdef unsigned int saved
    find_cell(cell_name, &kernel)
    if steps.shape[0] == 0:
        return
    layer.hidden_size = hidden_size
    layer.stride = hidden.shape[1]
    layer.n_blocks = layer.stride // LANES
    layer.n_slots = kernel.n_slots
    layer.hidden = pointer(hidden)
    layer.cell = pointer(cell)
    layer.gates = &gates[0, 0, 0]
    layer.n_gate_rows = gates.shape[1]
    layer.panels = &panels[0]
    layer.d_output = first_or_null(d_output)
    layer.d_last = first_or_null(d_last)
    layer.carry = &carry[0, 0]
    layer.d_hidden_0 = pointer(d_hidden_0)
    for block in prange(n_blocks, nogil=True, schedule="dynamic", chunksize=1,
                        num_threads=n_threads if n_blocks > 1 else 1):
        saved = flush_subnormals()
        backward_block(&layer, &kernel, steps, blocks[block], blocks[block + 1])
        restore_subnormals(saved)
