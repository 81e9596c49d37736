# What a pass over one recurrent layer knows, and what a cell has to provide.

cdef extern from "tile.h" nogil:   # and simd.h, which it includes
    ctypedef float real            # or double: the compiler knows
    ctypedef real vreg             # one register; arithmetic on it is elementwise
    ctypedef unsigned long long real_bits   # an unsigned integer as wide as real
    ctypedef real_bits vbits       # one register of them
    ctypedef vreg Tile[6][4]       # TILE_ROWS x TILE_WIDTH accumulators

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
    vreg v_at_least(vreg bound, vreg x)
    vreg v_step(vreg x)
    vbits v_bits_set(real_bits x)
    real_bits v_lane(vbits b, Py_ssize_t lane)
    void v_keep_larger(vreg x, real_bits step, vreg* best, vbits* where)

    ctypedef struct Operand:
        pass
    Operand operand_dense(const real* rows, Py_ssize_t row_stride, Py_ssize_t length)
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


# One layer in one direction. Units are padded to whole registers: `stride` elements a row
# of hidden, cell, extra and carry; padded units have zero weights and stay exactly zero.
#
# Gates are kept unit block by unit block, all rows of a block side by side: the rows a tile
# stores are adjacent, and the weight gradient reads the panels of its product in place.
cdef struct LayerPass:
    Py_ssize_t n_inputs
    Py_ssize_t hidden_size
    Py_ssize_t stride         # hidden_size rounded up to LANES
    Py_ssize_t n_blocks       # stride / LANES
    Py_ssize_t n_slots        # gate registers kept for a unit block
    Py_ssize_t n_gate_rows    # rows of gates in a unit block
    const real* x             # IN     (n_steps rows, x_stride)
    Py_ssize_t x_stride
    real* hidden              # INOUT  (n_states, stride), initial states among its rows
    real* cell                # INOUT  (n_states, stride), LSTM only
    real* gates               # OUT    (n_blocks, n_steps rows, n_slots * LANES) or NULL: inference
    real* extra               # OUT    (rows, stride), what a cell needs beside the gates
    const real* panels        # IN     packed weights of the forward phases, or of the backward ones
    const real* bias          # IN     packed biases
    const real* d_output      # IN     (n_steps rows, stride) or NULL
    const real* d_last        # IN     (n_samples, stride) or NULL: at each sequence's last step
    real* carry               # INOUT  (n_samples, stride), see each cell
    real* d_hidden_0          # OUT    (n_samples, stride) or NULL

# Consecutive rows of the packed batch at one step, at most TILE_ROWS of them.
cdef struct Rows:
    Py_ssize_t count
    Py_ssize_t sample         # first sequence, in batch order
    Py_ssize_t step           # first row of x, gates, d_output
    Py_ssize_t state          # first row of hidden, cell
    Py_ssize_t previous       # the same of the step before
    Py_ssize_t next           # first row of gates one step on, -1 where sequences end

ctypedef void (*CellTile)(const LayerPass* layer, Py_ssize_t panel, const Rows* rows) noexcept nogil

# A cell is a list of phases, each a product and an epilogue over panels of unit blocks.
# Backward panels are always TILE_WIDTH blocks wide. `recurrent_*` are the slots that
# carry the gradient to the previous hidden state in the first backward phase.
cdef struct Cell:
    Py_ssize_t n_slots
    Py_ssize_t n_phases
    Py_ssize_t blocks_per_panel[2]
    CellTile forward[2]
    CellTile backward[2]
    Py_ssize_t recurrent_first_slot
    Py_ssize_t recurrent_n_slots
    bint carries_hidden       # carry is a part of the gradient of the hidden state


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
    return operand_dense(layer.x + rows.step * layer.x_stride, layer.x_stride, layer.n_inputs)


cdef inline Operand hidden_operand(const LayerPass* layer, const Rows* rows) noexcept nogil:
    """The previous hidden states of some rows."""
    return operand_dense(layer.hidden + rows.previous * layer.stride, layer.stride,
                         layer.hidden_size)


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
                                   Py_ssize_t n_rows, Py_ssize_t step, Py_ssize_t first_slot,
                                   Py_ssize_t n_slots, Tile tile) noexcept nogil:
    """tile = d_gates[step rows] @ weight_hh for the unit blocks of a backward panel."""
    cdef Operand d_gates = gate_operand(layer, step, first_slot, n_slots)
    cdef Py_ssize_t panel_size = layer.n_blocks * n_slots * LANES * TILE_WIDTH * LANES
    tile_multiply(n_rows, width, tile, NULL, &d_gates, NULL, layer.panels + panel * panel_size)


cdef inline void upstream_gradient(const LayerPass* layer, Py_ssize_t panel, Py_ssize_t width,
                                   const Rows* rows, Py_ssize_t first_slot,
                                   Py_ssize_t n_slots, Tile d_hidden) noexcept nogil:
    """d_hidden = what comes from the next step, from the output and from the last state."""
    cdef Py_ssize_t row, block, unit
    if rows.next >= 0:
        recurrent_product(layer, panel, width, rows.count, rows.next, first_slot, n_slots, d_hidden)
    else:
        for row in range(rows.count):
            for block in range(width):
                d_hidden[row][block] = v_set(0)
    for row in range(rows.count):
        for block in range(width):
            unit = (panel * TILE_WIDTH + block) * LANES
            if layer.d_output != NULL:
                d_hidden[row][block] = d_hidden[row][block] + v_load(
                    layer.d_output + (rows.step + row) * layer.stride + unit)
            if layer.d_last != NULL and rows.next < 0:
                d_hidden[row][block] = d_hidden[row][block] + v_load(
                    layer.d_last + (rows.sample + row) * layer.stride + unit)
