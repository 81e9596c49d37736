# Long short-term memory (Hochreiter and Schmidhuber 1997; forget gate: Gers et al. 2000) and
# its variants, in any combination.
#
#     i = s(W_i x + U_i h' + b_i)        f = s(W_f x + U_f h' + b_f)
#     g = tanh(W_g x + U_g h' + b_g)     o = s(W_o x + U_o h' + b_o)
#     c = f * c' + i * g                 m = o * tanh(c)               h = m
#
#     peephole (Gers and Schmidhuber 2000): i, f = s(... + p * c'), o = s(... + p_o * c)
#     coupled gates (Greff et al. 2017, CIFG): f = 1 - i; gates i, g, o
#     projection (Sak et al. 2014, LSTMP): h = Q m
#
# backward, from dh and the carried dc:
#
#     dm = Q^T dh                        do = dm * tanh(c) * o * (1 - o)
#     dc = dc + dm * o * (1 - tanh(c)^2) + p_o * do
#     di = dc * g * i * (1 - i)          df = dc * c' * f * (1 - f)
#     dg = dc * i * (1 - g^2)            dc' = dc * f + p_i * di + p_f * df
#     coupled: di = dc * (g - c') * i * (1 - i), dc' = dc * (1 - i) + p_i * di
#     dp_i = sum di * c'                 dp_f = sum df * c'            dp_o = sum do * c
#
# Slots i, f, g, o, or i, g, o. Peepholes i, f, o, or i, o. carry: dc. extra: m, where it is
# projected. With zoneout c in these equations is the state before units keep their old one.

cdef inline const real* peephole_of(const LayerPass* layer, Py_ssize_t gate,
                                    Py_ssize_t unit) noexcept nogil:
    return layer.peephole + gate * layer.stride + unit


cdef inline void lstm_family_forward(const LayerPass* layer, Py_ssize_t panel, const Rows* rows,
                                     bint coupled, bint peephole) noexcept nogil:
    cdef Tile tile
    cdef Operand x = input_operand(layer, rows)
    cdef Operand hidden = hidden_operand(layer, rows)
    cdef Py_ssize_t n_slots = 3 if coupled else 4
    cdef Py_ssize_t unit = panel * LANES
    cdef const real* cell_prev = layer.cell + rows.previous * layer.stride + unit
    cdef real* cell = layer.cell + rows.state * layer.stride + unit
    cdef real* output = layer.hidden + rows.state * layer.stride + unit
    cdef real* gates = prefetched_gates(layer, panel, rows)
    cdef vreg i_gate, f_gate, g_gate, o_gate, o_input, c_prev, c
    cdef Py_ssize_t row
    if layer.extra != NULL:
        output = layer.extra + extra_row(layer, rows) * layer.stride + unit
    if gates != NULL:
        prefetch_rows(cell, layer.stride, 1, rows.count)
        prefetch_rows(output, layer.stride, 1, rows.count)
    tile_multiply(rows.count, n_slots, tile, layer.bias + n_slots * unit, &x, &hidden,
                  layer.panels + n_slots * unit * panel_terms(layer))
    for row in range(rows.count):
        c_prev = v_load(cell_prev + row * layer.stride)
        o_input = tile[row][n_slots - 1]
        if peephole:
            tile[row][0] = v_fma(v_load(peephole_of(layer, 0, unit)), c_prev, tile[row][0])
            if not coupled:
                tile[row][1] = v_fma(v_load(peephole_of(layer, 1, unit)), c_prev, tile[row][1])
        i_gate = v_sigmoid(tile[row][0])
        if coupled:
            g_gate = v_tanh(tile[row][1])
            c = v_fma(i_gate, g_gate, (v_set(1) - i_gate) * c_prev)
        else:
            f_gate = v_sigmoid(tile[row][1])
            g_gate = v_tanh(tile[row][2])
            c = v_fma(f_gate, c_prev, i_gate * g_gate)
        if peephole:
            o_input = v_fma(v_load(peephole_of(layer, n_slots - 2, unit)), c, o_input)
        o_gate = v_sigmoid(o_input)
        v_store(cell + row * layer.stride, c)
        v_store(output + row * layer.stride, o_gate * v_tanh(c))
        if gates != NULL:
            v_store(gates, i_gate)
            if not coupled:
                v_store(gates + LANES, f_gate)
            v_store(gates + (n_slots - 2) * LANES, g_gate)
            v_store(gates + (n_slots - 1) * LANES, o_gate)
            gates += n_slots * LANES


cdef inline void lstm_row_backward(const LayerPass* layer, Py_ssize_t unit, const Rows* rows,
                                   Py_ssize_t row, unsigned int zoneout_key, vreg d_output,
                                   real* gates, bint coupled, bint peephole) noexcept nogil:
    """One register of units of one row: the gates become their gradients."""
    cdef Py_ssize_t o_slot = (2 if coupled else 3) * LANES
    cdef real* carry = layer.carry + (rows.sample + row) * layer.stride + unit
    cdef vreg one = v_set(1), kept_cell = v_set(0), d_cell = v_load(carry)
    cdef vreg c_prev = v_load(layer.cell + (rows.previous + row) * layer.stride + unit)
    cdef vreg i_gate = v_load(gates), g_gate = v_load(gates + o_slot - LANES)
    cdef vreg o_gate = v_load(gates + o_slot)
    cdef vreg f_gate, c, tanh_cell, d_i, d_f, d_o, d_cell_prev
    cdef vbits zoned
    # As in the forward pass, to the last bit: cheaper than to read it back.
    if coupled:
        f_gate = one - i_gate
        c = v_fma(i_gate, g_gate, f_gate * c_prev)
    else:
        f_gate = v_load(gates + LANES)
        c = v_fma(f_gate, c_prev, i_gate * g_gate)
    tanh_cell = v_tanh(c)
    if mixes_states(layer):
        kept_cell = v_set(layer.zoneout.rate) * d_cell
        d_cell = v_set(1 - layer.zoneout.rate) * d_cell
    elif layer.zoneout.rate > 0:
        zoned = v_below(v_random(zoneout_key, unit), 1, layer.zoneout.threshold)
        kept_cell = v_select(zoned, d_cell, kept_cell)
        d_cell = v_select(zoned, v_set(0), d_cell)
    d_o = d_output * tanh_cell * o_gate * (one - o_gate)
    d_cell = v_fma(d_output * o_gate, v_fma(-tanh_cell, tanh_cell, one), d_cell)
    if peephole:
        d_cell = v_fma(d_o, v_load(peephole_of(layer, 1 if coupled else 2, unit)), d_cell)
    d_cell_prev = d_cell * f_gate
    d_i = d_cell * ((g_gate - c_prev) if coupled else g_gate) * i_gate * (one - i_gate)
    v_store(gates, d_i)
    if not coupled:
        d_f = d_cell * c_prev * f_gate * (one - f_gate)
        v_store(gates + LANES, d_f)
    v_store(gates + o_slot - LANES, d_cell * i_gate * v_fma(-g_gate, g_gate, one))
    v_store(gates + o_slot, d_o)
    if peephole:
        add_peephole_gradient(layer, rows.sample + row, unit, 0, d_i, c_prev)
        d_cell_prev = v_fma(d_i, v_load(peephole_of(layer, 0, unit)), d_cell_prev)
        if not coupled:
            add_peephole_gradient(layer, rows.sample + row, unit, 1, d_f, c_prev)
            d_cell_prev = v_fma(d_f, v_load(peephole_of(layer, 1, unit)), d_cell_prev)
        add_peephole_gradient(layer, rows.sample + row, unit, 1 if coupled else 2, d_o, c)
    if layer.zoneout.rate > 0:
        d_cell_prev = d_cell_prev + kept_cell
    v_store(carry, d_cell_prev)


cdef inline void add_peephole_gradient(const LayerPass* layer, Py_ssize_t sample, Py_ssize_t unit,
                                       Py_ssize_t gate, vreg d_gate, vreg c) noexcept nogil:
    """Sums of one sequence, in the order of the backward pass; the network adds them up."""
    cdef Py_ssize_t n_peepholes = layer.n_slots - 1
    cdef real* total = layer.d_peephole + (sample * n_peepholes + gate) * layer.stride + unit
    v_store(total, v_fma(d_gate, c, v_load(total)))


cdef inline void lstm_family_backward(const LayerPass* layer, Py_ssize_t panel, const Rows* rows,
                                      bint coupled, bint peephole) noexcept nogil:
    cdef Tile tile
    cdef Operand d_projected
    cdef Py_ssize_t n_slots = 3 if coupled else 4
    cdef Py_ssize_t width = panel_width(layer, panel, TILE_WIDTH)
    cdef Py_ssize_t row, block, unit_block
    cdef unsigned int key = 0
    prefetch_backward(layer, panel, width, rows, layer.cell)
    if layer.d_projected == NULL:
        upstream_gradient(layer, panel, width, rows, 0, n_slots, NULL, tile)
    else:
        d_projected = operand_dense(layer.d_projected + rows.step * layer.output_stride,
                                    layer.output_stride, layer.output_stride)
        # The panels of Q follow those of the recurrent weights.
        tile_multiply(rows.count, width, tile, NULL, &d_projected, NULL,
                      layer.panels + n_slots * layer.stride * layer.output_stride
                      + panel * TILE_WIDTH * LANES * layer.output_stride)
    for row in range(rows.count):
        if layer.zoneout.rate > 0 and layer.zoneout.sample_keys != NULL:
            key = zoneout_key(layer, rows, row)
        for block in range(width):
            unit_block = panel * TILE_WIDTH + block
            lstm_row_backward(layer, unit_block * LANES, rows, row, key, tile[row][block],
                              gate_row(layer, unit_block, rows.step + row), coupled, peephole)


# ---- projection ----

cdef void lstm_project(const LayerPass* layer, Py_ssize_t panel, const Rows* rows) noexcept nogil:
    """h = Q m."""
    cdef Tile tile
    cdef Operand output = operand_dense(layer.extra + extra_row(layer, rows) * layer.stride,
                                        layer.stride, layer.hidden_size)
    cdef Py_ssize_t width = min(TILE_WIDTH, layer.output_blocks - panel * TILE_WIDTH)
    cdef Py_ssize_t row, block, unit = panel * TILE_WIDTH * LANES
    # The panels of Q follow those of the gates.
    tile_multiply(rows.count, width, tile, NULL, &output, NULL,
                  layer.panels + layer.n_slots * layer.stride * panel_terms(layer)
                  + unit * layer.hidden_size)
    for row in range(rows.count):
        for block in range(width):
            v_store(layer.hidden + (rows.state + row) * layer.output_stride + unit + block * LANES,
                    tile[row][block])


cdef void lstm_collect_projected(const LayerPass* layer, Py_ssize_t panel,
                                 const Rows* rows) noexcept nogil:
    """The gradient of h, which also makes that of Q."""
    cdef Tile tile
    cdef Py_ssize_t width = min(TILE_WIDTH, layer.output_blocks - panel * TILE_WIDTH)
    cdef Py_ssize_t row, block, unit = panel * TILE_WIDTH * LANES
    upstream_gradient(layer, panel, width, rows, 0, layer.n_slots, NULL, tile)
    for row in range(rows.count):
        for block in range(width):
            v_store(layer.d_projected + (rows.step + row) * layer.output_stride
                    + unit + block * LANES, tile[row][block])


# ---- the variants ----

cdef void lstm_forward(const LayerPass* layer, Py_ssize_t panel, const Rows* rows) noexcept nogil:
    lstm_family_forward(layer, panel, rows, False, False)


cdef void lstm_backward(const LayerPass* layer, Py_ssize_t panel, const Rows* rows) noexcept nogil:
    lstm_family_backward(layer, panel, rows, False, False)


cdef void lstm_coupled_forward(const LayerPass* layer, Py_ssize_t panel,
                               const Rows* rows) noexcept nogil:
    lstm_family_forward(layer, panel, rows, True, False)


cdef void lstm_coupled_backward(const LayerPass* layer, Py_ssize_t panel,
                                const Rows* rows) noexcept nogil:
    lstm_family_backward(layer, panel, rows, True, False)


cdef void lstm_peephole_forward(const LayerPass* layer, Py_ssize_t panel,
                                const Rows* rows) noexcept nogil:
    lstm_family_forward(layer, panel, rows, False, True)


cdef void lstm_peephole_backward(const LayerPass* layer, Py_ssize_t panel,
                                 const Rows* rows) noexcept nogil:
    lstm_family_backward(layer, panel, rows, False, True)


cdef void lstm_coupled_peephole_forward(const LayerPass* layer, Py_ssize_t panel,
                                        const Rows* rows) noexcept nogil:
    lstm_family_forward(layer, panel, rows, True, True)


cdef void lstm_coupled_peephole_backward(const LayerPass* layer, Py_ssize_t panel,
                                         const Rows* rows) noexcept nogil:
    lstm_family_backward(layer, panel, rows, True, True)
