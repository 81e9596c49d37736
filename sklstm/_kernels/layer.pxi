# What a pass over one recurrent layer knows, and what a cell has to provide.

cdef extern from "tile.h" nogil:   # and simd.h, which it includes
    ctypedef float real            # or double: the compiler knows
    ctypedef real vreg             # one register; arithmetic on it is elementwise
    ctypedef unsigned long long real_bits   # an unsigned integer as wide as real
    ctypedef real_bits vbits       # one register of them
    ctypedef vreg Tile[6][4]       # TILE_ROWS x TILE_WIDTH accumulators

    const real INFINITY
    const real NAN
    const int LANES
    const int TILE_ROWS
    const int TILE_WIDTH

    vreg v_load(const real* p)
    void v_store(real* p, vreg v)
    vreg v_set(real x)
    vreg v_fma(vreg a, vreg b, vreg c)
    vreg v_sigmoid(vreg x)
    vreg v_tanh(vreg x)
    vreg v_exp(vreg x)
    vreg v_log(vreg x)
    vreg v_at_least(vreg bound, vreg x)
    vreg v_at_most(vreg bound, vreg x)
    vreg v_step(vreg x)
    vreg v_select(vbits mask, vreg a, vreg b)
    unsigned int random_key(unsigned int seed, unsigned int sample, unsigned int step)
    ctypedef unsigned int vrandom  # one register of pairs of random numbers
    vrandom v_random(unsigned int key, Py_ssize_t unit)
    vreg v_normal(vrandom numbers)
    vbits v_below(vrandom numbers, int part, unsigned int threshold)
    vbits v_bits_set(real_bits x)
    real_bits v_lane(vbits b, Py_ssize_t lane)
    void v_keep_larger(vreg x, real_bits step, vreg* best, vbits* where)

    ctypedef struct Operand:
        pass
    Operand operand_dense(const real* rows, Py_ssize_t row_stride, Py_ssize_t length)
    Operand operand_coded(const real* any, const Py_ssize_t* codes, Py_ssize_t bias_stride)
    Operand operand_grouped(const real* rows, Py_ssize_t row_stride, Py_ssize_t n_groups,
                            Py_ssize_t group_length, Py_ssize_t group_stride)
    void tile_multiply(Py_ssize_t n_rows, Py_ssize_t width, Tile out, const real* bias,
                       const Operand* first, const Operand* second, const real* panel)
    void tile_multiply_split(Py_ssize_t n_rows, Tile out, const real* bias,
                             const Operand* first, const Operand* second, const real* panel)
    void tile_outer(Py_ssize_t n_columns, Py_ssize_t width, real* sums, const real* a,
                    Py_ssize_t a_stride, Py_ssize_t n_terms, const real* panel,
                    Py_ssize_t panel_stride)
    Py_ssize_t tile_height(Py_ssize_t n_rows)
    void prefetch(const real* p, Py_ssize_t n_registers)
    unsigned int flush_subnormals()
    void restore_subnormals(unsigned int saved)
    double fma_loop(Py_ssize_t n_rounds)


# A unit keeps its previous state with probability `rate` (Krueger et al. 2017); without
# sample_keys, in inference, states are mixed as is expected.
cdef struct Zoneout:
    real rate                 # 0: none
    unsigned int threshold    # the rate in 65536ths
    unsigned int seed
    const unsigned int* sample_keys

# One layer in one direction. Units are padded to whole registers: `stride` elements a row
# of cell, extra and carry, `output_stride` of hidden states, which are fewer than the units
# where the layer projects them. Padded units have zero weights and stay exactly zero.
#
# Gates are kept unit block by unit block, all rows of a block side by side: the rows a tile
# stores are adjacent, and the weight gradient reads the panels of its product in place.
cdef struct LayerPass:
    Py_ssize_t n_inputs
    Py_ssize_t hidden_size
    Py_ssize_t stride         # hidden_size rounded up to LANES
    Py_ssize_t n_blocks       # stride / LANES
    Py_ssize_t output_size    # of hidden states: hidden_size, or the size of the projection
    Py_ssize_t output_stride
    Py_ssize_t output_blocks
    Py_ssize_t n_slots        # gate registers kept for a unit block
    Py_ssize_t n_gate_rows    # rows of gates in a unit block
    const real* x             # IN     (n_steps rows, x_stride)
    Py_ssize_t x_stride
    real* hidden              # INOUT  (n_states, output_stride), initial states among its rows
    real* recurrent           # INOUT  what products with weight_hh see: hidden, or hidden * mask
    real* cell                # INOUT  (n_states, stride), LSTM only
    real* gates               # OUT    (n_blocks, n_steps rows, n_slots * LANES) or NULL: inference
    real* extra               # OUT    (rows, stride), what a cell needs beside the gates
    const real* panels        # IN     packed weights of the forward phases, or of the backward ones
    const real* bias          # IN     packed biases, or with codes a table of them, inputs added
    const Py_ssize_t* codes   # IN     (n_steps rows,) row of the table, or NULL
    Py_ssize_t bias_stride    # elements of a row of that table
    const real* peephole      # IN     (n_peepholes, stride) or NULL
    const real* mask          # IN     (n_samples, output_stride) or NULL: recurrent dropout
    Zoneout zoneout
    const real* d_output      # IN     (n_steps rows, output_stride) or NULL
    real* d_hidden            # INOUT  (n_samples, output_stride): of the last, then initial state
    bint wants_initial        # whether it comes out
    real* carry               # INOUT  (n_samples, stride), see each cell
    real* zoned               # INOUT  (n_samples, output_stride) or NULL: past the step by zoneout
    real* d_peephole          # INOUT  (n_samples, n_peepholes * stride) or NULL: sums of sequences
    real* d_projected         # OUT    (n_steps rows, output_stride) or NULL

# Consecutive rows of the packed batch at one step, at most TILE_ROWS of them.
cdef struct Rows:
    Py_ssize_t count
    Py_ssize_t sample         # first sequence, in batch order
    Py_ssize_t step           # first row of x, gates, d_output
    Py_ssize_t state          # first row of hidden, cell
    Py_ssize_t previous       # the same of the step before
    Py_ssize_t next           # first row of gates one step on, -1 where sequences end
    Py_ssize_t time           # position in the sequence

ctypedef void (*CellTile)(const LayerPass* layer, Py_ssize_t panel, const Rows* rows) noexcept nogil

# A cell is a list of phases, each a product and an epilogue over panels of unit blocks: of
# all units, or, where a phase projects, of the hidden states. Backward panels are always
# TILE_WIDTH blocks wide. `recurrent_*` are the slots that carry the gradient to the previous
# hidden state in the first backward phase.
cdef struct Cell:
    Py_ssize_t n_slots
    Py_ssize_t n_phases
    Py_ssize_t blocks_per_panel[2]
    CellTile forward[2]
    CellTile backward[2]
    bint projects             # in its last forward and its first backward phase
    Py_ssize_t recurrent_first_slot
    Py_ssize_t recurrent_n_slots


cdef inline Py_ssize_t ceil_divide(Py_ssize_t size, Py_ssize_t part) noexcept nogil:
    """How many parts it takes to cover size."""
    return (size + part - 1) // part


cdef enum:
    # Elements, or multiply-adds, of a thread: fewer are done before it has woken up
    # (benchmarks/small_work.py). sklstm/_threads.py decides about a pass as a whole; this
    # is about its small parts, such as the head.
    WORTHWHILE = 100000


cdef inline int team(Py_ssize_t n_tasks, Py_ssize_t work, int n_threads) noexcept nogil:
    """All threads or one: libgomp ends and starts threads when the size of teams changes."""
    return n_threads if n_tasks > 1 and work >= n_threads * <Py_ssize_t> WORTHWHILE else 1


cdef inline Py_ssize_t panel_width(const LayerPass* layer, Py_ssize_t panel,
                                   Py_ssize_t blocks_per_panel) noexcept nogil:
    """Unit blocks of a panel: the last one may be narrower."""
    return min(blocks_per_panel, layer.n_blocks - panel * blocks_per_panel)


cdef inline Operand input_operand(const LayerPass* layer, const Rows* rows) noexcept nogil:
    """The inputs of some rows."""
    if layer.codes != NULL:
        return operand_coded(layer.x, layer.codes + rows.step, layer.bias_stride)
    return operand_dense(layer.x + rows.step * layer.x_stride, layer.x_stride, layer.n_inputs)


cdef inline Operand hidden_operand(const LayerPass* layer, const Rows* rows) noexcept nogil:
    """The previous hidden states of some rows, as products with weight_hh see them."""
    return operand_dense(layer.recurrent + rows.previous * layer.output_stride,
                         layer.output_stride, layer.output_size)


cdef inline Py_ssize_t extra_row(const LayerPass* layer, const Rows* rows) noexcept nogil:
    """Training keeps extra rows of every step for the weight gradient, inference of one."""
    return rows.sample if layer.gates == NULL else rows.step


cdef inline Py_ssize_t panel_terms(const LayerPass* layer) noexcept nogil:
    """Terms of a forward product: inputs and hidden states."""
    return layer.n_inputs + layer.output_size


cdef inline real* gate_row(const LayerPass* layer, Py_ssize_t block,
                           Py_ssize_t row) noexcept nogil:
    """The slots of a unit block at a packed row; the next row's follow them."""
    return layer.gates + (block * layer.n_gate_rows + row) * layer.n_slots * LANES


cdef inline void prefetch_rows(const real* rows, Py_ssize_t row_stride, Py_ssize_t n_registers,
                               Py_ssize_t n_rows) noexcept nogil:
    """Ask for what an epilogue will touch while its product is being computed."""
    cdef Py_ssize_t row
    for row in range(n_rows):
        prefetch(rows + row * row_stride, n_registers)


cdef inline real* prefetched_gates(const LayerPass* layer, Py_ssize_t block,
                                   const Rows* rows) noexcept nogil:
    """The gates a forward tile will store, asked for; NULL in inference."""
    cdef real* gates
    if layer.gates == NULL:
        return NULL
    gates = gate_row(layer, block, rows.step)
    prefetch_rows(gates, layer.n_slots * LANES, layer.n_slots, rows.count)
    return gates


cdef inline void prefetch_backward(const LayerPass* layer, Py_ssize_t panel, Py_ssize_t width,
                                   const Rows* rows, const real* states) noexcept nogil:
    """The gates and previous states of a backward panel."""
    cdef Py_ssize_t block, unit_block
    for block in range(width):
        unit_block = panel * TILE_WIDTH + block
        prefetch_rows(gate_row(layer, unit_block, rows.step), layer.n_slots * LANES,
                      layer.n_slots, rows.count)
        prefetch_rows(states + rows.previous * layer.stride + unit_block * LANES,
                      layer.stride, 1, rows.count)


cdef inline Operand gate_operand(const LayerPass* layer, Py_ssize_t step,
                                 Py_ssize_t first_slot, Py_ssize_t n_slots) noexcept nogil:
    """Some slots of every unit block of gate rows, as the k axis of a product."""
    return operand_grouped(
        gate_row(layer, 0, step) + first_slot * LANES, layer.n_slots * LANES,
        layer.n_blocks, n_slots * LANES, layer.n_gate_rows * layer.n_slots * LANES)


cdef inline void recurrent_product(const LayerPass* layer, Py_ssize_t panel, Py_ssize_t width,
                                   const Rows* rows, Py_ssize_t step, Py_ssize_t first_slot,
                                   Py_ssize_t n_slots, Tile tile) noexcept nogil:
    """tile = d_gates[step rows] @ weight_hh (* mask) for the unit blocks of a backward panel."""
    cdef Operand d_gates = gate_operand(layer, step, first_slot, n_slots)
    cdef Py_ssize_t panel_size = layer.n_blocks * n_slots * LANES * TILE_WIDTH * LANES
    cdef Py_ssize_t row, block
    tile_multiply(rows.count, width, tile, NULL, &d_gates, NULL,
                  layer.panels + panel * panel_size)
    if layer.mask != NULL:
        for row in range(rows.count):
            for block in range(width):
                tile[row][block] = tile[row][block] * v_load(
                    layer.mask + (rows.sample + row) * layer.output_stride
                    + (panel * TILE_WIDTH + block) * LANES)


cdef inline void upstream_gradient(const LayerPass* layer, Py_ssize_t panel, Py_ssize_t width,
                                   const Rows* rows, Py_ssize_t first_slot, Py_ssize_t n_slots,
                                   const real* carry, Tile d_hidden) noexcept nogil:
    """d_hidden = what comes from the next step, from the output and from the last state.

    `carry` is what the cell carries to the hidden state beside the products, or NULL.
    """
    cdef Py_ssize_t row, block, unit
    if rows.next >= 0:
        recurrent_product(layer, panel, width, rows, rows.next, first_slot, n_slots, d_hidden)
    for row in range(rows.count):
        for block in range(width):
            unit = (panel * TILE_WIDTH + block) * LANES
            if rows.next < 0:
                d_hidden[row][block] = v_load(
                    layer.d_hidden + (rows.sample + row) * layer.output_stride + unit)
            if layer.d_output != NULL:
                d_hidden[row][block] = d_hidden[row][block] + v_load(
                    layer.d_output + (rows.step + row) * layer.output_stride + unit)
            if carry != NULL:
                d_hidden[row][block] = d_hidden[row][block] + v_load(
                    carry + (rows.sample + row) * layer.output_stride + unit)
    if layer.zoneout.rate > 0:
        keep_zoned_gradient(layer, panel, width, rows, d_hidden)


# ---- zoneout ----
# The numbers of part 0 are for hidden, of part 1 for cell states.

cdef inline bint mixes_states(const LayerPass* layer) noexcept nogil:
    """Whether this is zoneout's expectation, as in inference."""
    return layer.zoneout.rate > 0 and layer.zoneout.sample_keys == NULL


cdef inline unsigned int zoneout_key(const LayerPass* layer, const Rows* rows,
                                     Py_ssize_t row) noexcept nogil:
    """What a sequence draws from at a step."""
    return random_key(layer.zoneout.seed, layer.zoneout.sample_keys[rows.sample + row],
                      <unsigned int> rows.time)


cdef inline void zone_out(const LayerPass* layer, Py_ssize_t first_block, Py_ssize_t n_blocks,
                          const Rows* rows, real* hidden, real* cell,
                          Py_ssize_t stride) noexcept nogil:
    """Let units of some blocks keep their previous states, after the cell's forward phase.

    One of the states may be NULL.
    """
    cdef Py_ssize_t row, block, present, previous
    cdef unsigned int key
    cdef vrandom numbers
    for row in range(rows.count):
        key = zoneout_key(layer, rows, row)
        for block in range(n_blocks):
            previous = (rows.previous + row) * stride + (first_block + block) * LANES
            present = (rows.state + row) * stride + (first_block + block) * LANES
            numbers = v_random(key, (first_block + block) * LANES)
            if hidden != NULL:
                v_store(hidden + present, v_select(
                    v_below(numbers, 0, layer.zoneout.threshold),
                    v_load(hidden + previous), v_load(hidden + present)))
            if cell != NULL:
                v_store(cell + present, v_select(
                    v_below(numbers, 1, layer.zoneout.threshold),
                    v_load(cell + previous), v_load(cell + present)))


cdef inline void mix_states(const LayerPass* layer, Py_ssize_t first_block, Py_ssize_t n_blocks,
                            const Rows* rows, real* states, Py_ssize_t stride) noexcept nogil:
    """The same in inference: the mean over all draws."""
    cdef Py_ssize_t row, block, unit
    cdef real* present
    cdef vreg rate = v_set(layer.zoneout.rate), rest = v_set(1 - layer.zoneout.rate)
    for row in range(rows.count):
        for block in range(n_blocks):
            unit = (first_block + block) * LANES
            present = states + (rows.state + row) * stride + unit
            v_store(present, v_fma(
                rate, v_load(states + (rows.previous + row) * stride + unit),
                rest * v_load(present)))


cdef inline void keep_zoned_gradient(const LayerPass* layer, Py_ssize_t panel, Py_ssize_t width,
                                     const Rows* rows, Tile d_hidden) noexcept nogil:
    """The gradient of units that kept their hidden state goes past the step.

    Of the expectation, a share of each unit's does.
    """
    cdef Py_ssize_t row, block, unit
    cdef vreg total, rate = v_set(layer.zoneout.rate), rest = v_set(1 - layer.zoneout.rate)
    cdef vbits kept
    cdef unsigned int key = 0
    cdef real* zoned
    for row in range(rows.count):
        if layer.zoneout.sample_keys != NULL:
            key = zoneout_key(layer, rows, row)
        for block in range(width):
            unit = (panel * TILE_WIDTH + block) * LANES
            zoned = layer.zoned + (rows.sample + row) * layer.output_stride + unit
            if mixes_states(layer):
                total = d_hidden[row][block] + v_load(zoned)
                v_store(zoned, rate * total)
                d_hidden[row][block] = rest * total
                continue
            kept = v_below(v_random(key, unit), 0, layer.zoneout.threshold)
            total = d_hidden[row][block] + v_load(zoned)
            v_store(zoned, v_select(kept, total, v_set(0)))
            d_hidden[row][block] = v_select(kept, v_set(0), total)


cdef inline void mask_hidden(const LayerPass* layer, Py_ssize_t first_block, Py_ssize_t n_blocks,
                             const Rows* rows) noexcept nogil:
    """recurrent = hidden * mask, for the products of the next step."""
    cdef Py_ssize_t row, block, unit, at
    for row in range(rows.count):
        for block in range(n_blocks):
            unit = (first_block + block) * LANES
            at = (rows.state + row) * layer.output_stride + unit
            v_store(layer.recurrent + at, v_load(layer.hidden + at) * v_load(
                layer.mask + (rows.sample + row) * layer.output_stride + unit))
