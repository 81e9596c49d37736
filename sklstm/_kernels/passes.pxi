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
#     TIME       position of the step in the sequences
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
    TIME = 5


cdef inline Rows rows_at(const Py_ssize_t* step, Py_ssize_t sample,
                         Py_ssize_t end) noexcept nogil:
    """The rows of the next tile, from a sequence on."""
    cdef Rows rows
    rows.count = tile_height(end - sample)
    rows.sample = sample
    rows.step = step[INPUT] + sample
    rows.state = step[STATE] + sample
    rows.previous = sample + (step[PREVIOUS] if sample < step[N_GOING] else 0)
    rows.next = -1
    rows.time = step[TIME]
    return rows


cdef inline void finish_states(const LayerPass* layer, const Cell* cell, Py_ssize_t phase,
                               Py_ssize_t panel, const Rows* rows) noexcept nogil:
    """Zoneout and recurrent dropout, on the states that a phase has made."""
    cdef bint makes_hidden = phase == cell.n_phases - 1
    cdef Py_ssize_t first_block = panel * cell.blocks_per_panel[phase]
    cdef Py_ssize_t of_units = min(cell.blocks_per_panel[phase], layer.n_blocks - first_block)
    cdef Py_ssize_t of_hidden = min(cell.blocks_per_panel[phase],
                                    layer.output_blocks - first_block)
    if layer.zoneout.rate > 0 and layer.zoneout.sample_keys != NULL:
        if phase == 0 and layer.cell != NULL:
            zone_out(layer, first_block, of_units, rows, layer.hidden if makes_hidden else NULL,
                     layer.cell, layer.stride)
        elif makes_hidden:
            zone_out(layer, first_block, of_hidden, rows, layer.hidden, NULL,
                     layer.output_stride)
    elif layer.zoneout.rate > 0:
        if phase == 0 and layer.cell != NULL:
            mix_states(layer, first_block, of_units, rows, layer.cell, layer.stride)
        if makes_hidden:
            mix_states(layer, first_block, of_hidden, rows, layer.hidden, layer.output_stride)
    if layer.mask != NULL and makes_hidden:
        mask_hidden(layer, first_block, of_hidden, rows)


cdef void forward_step(const LayerPass* layer, const Cell* cell, const Py_ssize_t* step,
                       Py_ssize_t start, Py_ssize_t stop) noexcept nogil:
    cdef Py_ssize_t phase, panel, n_blocks, sample, segment_end
    cdef Py_ssize_t end = min(stop, step[N_ROWS])
    cdef bint finishes = layer.zoneout.rate > 0 or layer.mask != NULL
    cdef Rows rows
    for phase in range(cell.n_phases):
        n_blocks = layer.output_blocks if cell.projects and phase == 1 else layer.n_blocks
        for panel in range(ceil_divide(n_blocks, cell.blocks_per_panel[phase])):
            sample = start
            while sample < end:
                segment_end = min(end, step[N_GOING]) if sample < step[N_GOING] else end
                rows = rows_at(step, sample, segment_end)
                cell.forward[phase](layer, panel, &rows)
                if finishes:
                    finish_states(layer, cell, phase, panel, &rows)
                sample = sample + rows.count


cdef void forward_block(const LayerPass* layer, const Cell* cell, const Py_ssize_t[:, ::1] steps,
                        Py_ssize_t start, Py_ssize_t stop) noexcept nogil:
    cdef Py_ssize_t s
    for s in range(steps.shape[0]):
        forward_step(layer, cell, &steps[s, 0], start, stop)


cdef void initial_gradient(const LayerPass* layer, const Cell* cell, Py_ssize_t panel,
                           const Rows* rows) noexcept nogil:
    """d_hidden of sequences that start at this step, after its backward phases."""
    cdef Tile tile
    cdef Py_ssize_t width = min(TILE_WIDTH, layer.output_blocks - panel * TILE_WIDTH)
    cdef Py_ssize_t row, block
    recurrent_product(layer, panel, width, rows, rows.step, cell.recurrent_first_slot,
                      cell.recurrent_n_slots, tile)
    for row in range(rows.count):
        for block in range(width):
            v_store(layer.d_hidden + (rows.sample + row) * layer.output_stride
                    + (panel * TILE_WIDTH + block) * LANES, tile[row][block])


cdef void backward_block(const LayerPass* layer, const Cell* cell, const Py_ssize_t[:, ::1] steps,
                         Py_ssize_t start, Py_ssize_t stop) noexcept nogil:
    cdef Py_ssize_t s, phase, panel, n_blocks, end, sample, segment_end, n_next, next_input
    cdef bint is_initial
    cdef const Py_ssize_t* step
    cdef Rows rows
    for s in range(steps.shape[0] - 1, -1, -1):
        step = &steps[s, 0]
        end = min(stop, step[N_ROWS])
        n_next = steps[s + 1, N_GOING] if s + 1 < steps.shape[0] else 0
        next_input = steps[s + 1, INPUT] if s + 1 < steps.shape[0] else 0
        for phase in range(cell.n_phases + 1):
            is_initial = phase == cell.n_phases
            if is_initial and (not layer.wants_initial or step[N_GOING] >= end):
                continue
            n_blocks = layer.n_blocks
            if is_initial or (cell.projects and phase == 0):
                n_blocks = layer.output_blocks
            for panel in range(ceil_divide(n_blocks, TILE_WIDTH)):
                sample = max(start, step[N_GOING]) if is_initial else start
                while sample < end:
                    segment_end = end
                    if sample < n_next:
                        segment_end = min(segment_end, n_next)
                    if sample < step[N_GOING]:
                        segment_end = min(segment_end, step[N_GOING])
                    rows = rows_at(step, sample, segment_end)
                    if sample < n_next:
                        rows.next = next_input + sample
                    if is_initial:
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


cdef LayerPass make_layer(const Cell* kernel, Py_ssize_t hidden_size, Py_ssize_t output_size,
                          const real[:, ::1] hidden, const real[:, ::1] recurrent,
                          const real[:, ::1] cell, real[:, :, ::1] gates,
                          const real[:, ::1] extra, const real[:, ::1] peephole,
                          const real[:, ::1] mask) noexcept:
    """What both passes know."""
    cdef LayerPass layer
    memset(&layer, 0, sizeof(LayerPass))
    layer.hidden_size = hidden_size
    layer.n_blocks = ceil_divide(hidden_size, LANES)
    layer.stride = layer.n_blocks * LANES
    layer.output_size = output_size
    layer.output_stride = hidden.shape[1]
    layer.output_blocks = layer.output_stride // LANES
    layer.n_slots = kernel.n_slots
    layer.hidden = pointer(hidden)
    layer.recurrent = layer.hidden if recurrent is None else pointer(recurrent)
    layer.cell = pointer(cell)
    if gates is not None:
        layer.gates = &gates[0, 0, 0]
        layer.n_gate_rows = gates.shape[1]
    layer.extra = pointer(extra)
    layer.peephole = first_or_null(peephole)
    layer.mask = first_or_null(mask)
    return layer


cdef inline unsigned int rate_threshold(double rate) noexcept nogil:
    """A rate in 65536ths: of random numbers of 16 bits, as many are below. Never all."""
    return min(<unsigned int> (rate * 65536 + 0.5), 65535)


cdef Zoneout make_zoneout(double rate, unsigned int seed,
                          const unsigned int[::1] sample_keys) noexcept:
    cdef Zoneout zoneout
    zoneout.rate = rate
    zoneout.threshold = rate_threshold(rate)
    zoneout.seed = seed
    zoneout.sample_keys = NULL
    if sample_keys is not None and sample_keys.shape[0] > 0:
        zoneout.sample_keys = &sample_keys[0]
    return zoneout


def layer_forward(
    str cell_name,
    Py_ssize_t hidden_size,
    Py_ssize_t output_size,              # hidden_size, or the size of the projection
    const real[:, :] x,                  # IN     (n_rows, n_inputs), rows contiguous; with codes
                                         #        not read
    const Py_ssize_t[::1] codes,         # IN     (n_rows,) row of the table, or None
    const real[::1] panels,              # IN     pack_gates of every forward phase
    const real[:, ::1] bias,             # IN     (1, size) pack_bias of every forward phase; with
                                         #        codes a table of such rows, products with x in it
    const real[:, ::1] peephole,         # IN     (n_peepholes, stride) or None
    const Py_ssize_t[:, ::1] steps,      # IN     (n_steps, 6), the step table
    const Py_ssize_t[::1] blocks,        # IN     (n_blocks + 1,)
    real[:, ::1] hidden,                 # INOUT  (n_states, output_stride), initial states first
    real[:, ::1] recurrent,              # INOUT  the same times mask, or None without a mask
    real[:, ::1] cell,                   # INOUT  (n_states, stride) or None
    real[:, :, ::1] gates,               # OUT    (n_blocks, >= n_rows, n_slots * LANES) or None:
                                         #        inference
    real[:, ::1] extra,                  # OUT    (n_rows or n_samples, stride) or None
    const real[:, ::1] mask,             # IN     (n_samples, output_stride) or None
    double zoneout,                      # rate; 0 for none
    unsigned int zoneout_seed,
    const unsigned int[::1] sample_keys, # IN     (n_samples,) or None: expectation
    int n_threads,
):
    """Run one layer in one direction over a step table."""
    cdef Cell kernel
    cdef LayerPass layer
    cdef Py_ssize_t block, n_blocks = blocks.shape[0] - 1
    cdef unsigned int saved
    find_cell(cell_name, extra is not None, &kernel)
    if x.shape[0] == 0 or steps.shape[0] == 0:
        return
    layer = make_layer(&kernel, hidden_size, output_size, hidden, recurrent, cell, gates, extra,
                       peephole, mask)
    layer.n_inputs = x.shape[1]
    if codes is not None:
        layer.n_inputs = 0
        layer.codes = &codes[0]
        layer.bias_stride = bias.shape[1]
    layer.x = &x[0, 0]
    layer.x_stride = x.strides[0] // <Py_ssize_t> sizeof(real)
    layer.panels = &panels[0]
    layer.bias = &bias[0, 0]
    layer.zoneout = make_zoneout(zoneout, zoneout_seed, sample_keys)
    for block in prange(n_blocks, nogil=True, schedule="dynamic", chunksize=1,
                        num_threads=n_threads if n_blocks > 1 else 1):
        saved = flush_subnormals()
        forward_block(&layer, &kernel, steps, blocks[block], blocks[block + 1])
        restore_subnormals(saved)


def layer_backward(
    str cell_name,
    Py_ssize_t hidden_size,
    Py_ssize_t output_size,
    const real[::1] panels,              # IN     pack_columns of every backward phase
    const real[:, ::1] peephole,         # IN     (n_peepholes, stride) or None
    const Py_ssize_t[:, ::1] steps,      # IN     (n_steps, 6), the table of the forward pass
    const Py_ssize_t[::1] blocks,        # IN     (n_blocks + 1,)
    const real[:, ::1] hidden,           # IN     (n_states, output_stride), of the forward pass
    const real[:, ::1] recurrent,        # IN     the same, or None
    const real[:, ::1] cell,             # IN     (n_states, stride) or None
    real[:, :, ::1] gates,               # INOUT  activations -> gradients before the nonlinearity
    const real[:, ::1] extra,            # IN     of the forward pass, or None
    const real[:, ::1] mask,             # IN     of the forward pass, or None
    double zoneout,                      # of the forward pass
    unsigned int zoneout_seed,
    const unsigned int[::1] sample_keys, # IN     of the forward pass; None: expectation
    const real[:, ::1] d_output,         # IN     (n_rows, output_stride) or None
    real[:, ::1] d_hidden,               # INOUT  (n_samples, output_stride): in the gradient of the
                                         #        last hidden state; out, if wanted, that of the
                                         #        initial one so far as it comes through weight_hh
    bint wants_initial,
    real[:, ::1] carry,                  # INOUT  (n_samples, stride): in the gradient of the last
                                         #        cell state, zero for GRUs; out of the initial
                                         #        one, for GRUs a part of that of hidden
    real[:, ::1] zoned,                  # INOUT  (n_samples, output_stride) or None without
                                         #        zoneout: another part of it
    real[:, ::1] d_peephole,             # INOUT  (n_samples, n_peepholes * stride) or None: each
                                         #        sequence's sums are added
    real[:, ::1] d_projected,            # OUT    (n_rows, output_stride) or None: gradient of h
    int n_threads,
):
    """Run one layer back through time: gates become gradients."""
    cdef Cell kernel
    cdef LayerPass layer
    cdef Py_ssize_t block, n_blocks = blocks.shape[0] - 1
    cdef unsigned int saved
    find_cell(cell_name, d_projected is not None, &kernel)
    if steps.shape[0] == 0:
        return
    layer = make_layer(&kernel, hidden_size, output_size, hidden, recurrent, cell, gates, extra,
                       peephole, mask)
    layer.panels = &panels[0]
    layer.zoneout = make_zoneout(zoneout, zoneout_seed, sample_keys)
    layer.d_output = first_or_null(d_output)
    layer.d_hidden = &d_hidden[0, 0]
    layer.wants_initial = wants_initial
    layer.carry = &carry[0, 0]
    layer.zoned = pointer(zoned)
    layer.d_peephole = pointer(d_peephole)
    layer.d_projected = pointer(d_projected)
    for block in prange(n_blocks, nogil=True, schedule="dynamic", chunksize=1,
                        num_threads=n_threads if n_blocks > 1 else 1):
        saved = flush_subnormals()
        backward_block(&layer, &kernel, steps, blocks[block], blocks[block + 1])
        restore_subnormals(saved)
