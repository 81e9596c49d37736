# Weights -> panels.
#
# A panel holds, for some unit blocks and for each term k of a product, the registers of all
# slots side by side: the tile reads it from front to back. Padded units get zeros.

def lanes():
    """Elements of one SIMD register."""
    return LANES


def tile_rows():
    """Height of the register tile."""
    return TILE_ROWS


def fma_peak_loop(Py_ssize_t n_rounds):
    """Run independent fused multiply-adds only; return how many elements they computed."""
    cdef double count
    with nogil:
        count = fma_loop(n_rounds)
    return count


def pack_gates(
    const real[:, ::1] weight,           # IN     (n_gates * hidden_size, n_terms)
    const Py_ssize_t[::1] gates,         # IN     gates that become slots, in this order
    Py_ssize_t hidden_size,
    Py_ssize_t blocks_per_panel,
    Py_ssize_t first_term,               # place of these terms among
    Py_ssize_t n_panel_terms,            #   all the terms of a panel
    real[::1] panels,                    # OUT    the panels of one phase
):
    """Panels whose columns are rows of `weight`: products with weight transposed."""
    cdef Py_ssize_t n_slots = gates.shape[0], n_terms = weight.shape[1]
    cdef Py_ssize_t n_blocks = ceil_divide(hidden_size, LANES)
    cdef Py_ssize_t block, slot, lane, term, unit, panel, width, in_panel
    cdef const real* row
    cdef real* out
    if n_terms == 0:
        return
    with nogil:
        for block in range(n_blocks):
            panel = block // blocks_per_panel
            in_panel = block - panel * blocks_per_panel
            width = min(blocks_per_panel, n_blocks - panel * blocks_per_panel) * n_slots * LANES
            for slot in range(n_slots):
                for lane in range(LANES):
                    unit = block * LANES + lane
                    out = (&panels[0] + panel * blocks_per_panel * n_slots * LANES * n_panel_terms
                           + first_term * width + (in_panel * n_slots + slot) * LANES + lane)
                    if unit < hidden_size:
                        row = &weight[gates[slot] * hidden_size + unit, 0]
                        for term in range(n_terms):
                            out[term * width] = row[term]
                    else:
                        for term in range(n_terms):
                            out[term * width] = 0


def pack_bias(
    const real[::1] bias,                # IN     (n_gates * hidden_size,)
    const Py_ssize_t[::1] gates,         # IN     gates that become slots
    Py_ssize_t hidden_size,
    Py_ssize_t first_slot,               # where they stand among
    Py_ssize_t block_slots,              #   the slots of a unit block
    real[::1] out,                       # OUT    (n_blocks * block_slots * LANES,)
):
    """The registers the tile starts from, unit block by unit block."""
    cdef Py_ssize_t n_blocks = ceil_divide(hidden_size, LANES)
    cdef Py_ssize_t block, slot, lane, unit
    for block in range(n_blocks):
        for slot in range(gates.shape[0]):
            for lane in range(LANES):
                unit = block * LANES + lane
                out[(block * block_slots + first_slot + slot) * LANES + lane] = (
                    bias[gates[slot] * hidden_size + unit] if unit < hidden_size else 0)


def pack_columns(
    const real[:, :] weight,             # IN     (n_gates * hidden_size, n_columns)
    const Py_ssize_t[::1] gates,         # IN     gates whose rows are the terms, by unit block
    Py_ssize_t hidden_size,
    real[::1] panels,                    # OUT    all panels
):
    """Panels whose columns are columns of `weight`: products with weight itself."""
    cdef Py_ssize_t n_slots = gates.shape[0], n_columns = weight.shape[1]
    cdef Py_ssize_t n_blocks = ceil_divide(hidden_size, LANES)
    cdef Py_ssize_t n_terms = n_blocks * n_slots * LANES
    cdef Py_ssize_t n_registers = ceil_divide(n_columns, LANES)
    cdef Py_ssize_t panel, first, width, block, slot, lane, unit, column, n_real
    cdef real* out
    if n_columns == 0:
        return
    with nogil:
        for panel in range(ceil_divide(n_registers, TILE_WIDTH)):
            first = panel * TILE_WIDTH * LANES
            width = min(TILE_WIDTH, n_registers - panel * TILE_WIDTH) * LANES
            n_real = min(width, n_columns - first)
            out = &panels[0] + first * n_terms
            for block in range(n_blocks):
                for slot in range(n_slots):
                    for lane in range(LANES):
                        unit = block * LANES + lane
                        if unit < hidden_size:
                            for column in range(n_real):
                                out[column] = weight[gates[slot] * hidden_size + unit,
                                                     first + column]
                            for column in range(n_real, width):
                                out[column] = 0
                        else:
                            for column in range(width):
                                out[column] = 0
                        out += width
