# LSTM with coupled input and forget gates (Greff et al. 2017: CIFG): what is written in is
# what is forgotten.
#
#     i = s(W_i x + U_i h' + b_i)        g = tanh(W_g x + U_g h' + b_g)
#     o = s(W_o x + U_o h' + b_o)
#     c = (1 - i) * c' + i * g           h = o * tanh(c)
#
# backward, from dh and the carried dc:
#
#     do = dh * tanh(c) * o * (1 - o)    dc = dc + dh * o * (1 - tanh(c)^2)
#     di = dc * (g - c') * i * (1 - i)   dg = dc * i * (1 - g^2)
#     dc' = dc * (1 - i)
#
# Slots i, g, o. carry: dc.

cdef void lstm_coupled_forward(const LayerPass* layer, Py_ssize_t panel,
                               const Rows* rows) noexcept nogil:
    cdef Tile tile
    cdef Operand x = input_operand(layer, rows)
    cdef Operand hidden = hidden_operand(layer, rows)
    cdef Py_ssize_t unit = panel * LANES
    cdef const real* cell_prev = layer.cell + rows.previous * layer.stride + unit
    cdef real* cell = layer.cell + rows.state * layer.stride + unit
    cdef real* hidden_next = layer.hidden + rows.state * layer.stride + unit
    cdef real* gates = NULL
    cdef vreg i_gate, g_gate, o_gate, c
    cdef Py_ssize_t row
    if layer.gates != NULL:
        gates = gate_row(layer, panel, rows.step)
        prefetch_rows(gates, 3 * LANES, 3, rows.count)
        prefetch_rows(cell, layer.stride, 1, rows.count)
        prefetch_rows(hidden_next, layer.stride, 1, rows.count)
    tile_multiply(rows.count, 3, tile, layer.bias + 3 * unit, &x, &hidden,
                  layer.panels + 3 * unit * (layer.n_inputs + layer.hidden_size))
    for row in range(rows.count):
        i_gate = v_sigmoid(tile[row][0])
        g_gate = v_tanh(tile[row][1])
        o_gate = v_sigmoid(tile[row][2])
        c = v_load(cell_prev + row * layer.stride)
        c = v_fma(i_gate, g_gate, (v_set(1) - i_gate) * c)
        v_store(cell + row * layer.stride, c)
        v_store(hidden_next + row * layer.stride, o_gate * v_tanh(c))
        if gates != NULL:
            v_store(gates, i_gate)
            v_store(gates + LANES, g_gate)
            v_store(gates + 2 * LANES, o_gate)
            gates += 3 * LANES


cdef void lstm_coupled_backward(const LayerPass* layer, Py_ssize_t panel,
                                const Rows* rows) noexcept nogil:
    cdef Tile tile
    cdef Py_ssize_t width = panel_width(layer, panel, TILE_WIDTH)
    cdef Py_ssize_t row, block, unit
    cdef vreg one = v_set(1)
    cdef vreg i_gate, g_gate, o_gate, c_prev, d_hidden, d_cell, tanh_cell
    cdef real* gates
    cdef real* carry
    prefetch_backward(layer, panel, width, rows, layer.cell)
    upstream_gradient(layer, panel, width, rows, 0, 3, tile)
    for row in range(rows.count):
        for block in range(width):
            unit = (panel * TILE_WIDTH + block) * LANES
            gates = gate_row(layer, panel * TILE_WIDTH + block, rows.step + row)
            carry = layer.carry + (rows.sample + row) * layer.stride + unit
            i_gate = v_load(gates)
            g_gate = v_load(gates + LANES)
            o_gate = v_load(gates + 2 * LANES)
            c_prev = v_load(layer.cell + (rows.previous + row) * layer.stride + unit)
            d_hidden = tile[row][block]
            tanh_cell = v_tanh(v_load(layer.cell + (rows.state + row) * layer.stride + unit))
            d_cell = v_fma(d_hidden * o_gate, v_fma(-tanh_cell, tanh_cell, one), v_load(carry))
            v_store(gates, d_cell * (g_gate - c_prev) * i_gate * (one - i_gate))
            v_store(gates + LANES, d_cell * i_gate * v_fma(-g_gate, g_gate, one))
            v_store(gates + 2 * LANES, d_hidden * tanh_cell * o_gate * (one - o_gate))
            v_store(carry, d_cell * (one - i_gate))
