# Long short-term memory (Hochreiter and Schmidhuber 1997; forget gate: Gers et al. 2000).
#
#     i = s(W_i x + U_i h' + b_i)        f = s(W_f x + U_f h' + b_f)
#     g = tanh(W_g x + U_g h' + b_g)     o = s(W_o x + U_o h' + b_o)
#     c = f * c' + i * g                 h = o * tanh(c)
#
# backward, from dh and the carried dc:
#
#     do = dh * tanh(c) * o * (1 - o)    dc = dc + dh * o * (1 - tanh(c)^2)
#     di = dc * g * i * (1 - i)          df = dc * c' * f * (1 - f)
#     dg = dc * i * (1 - g^2)            dc' = dc * f
#
# Slots i, f, g, o. carry: dc.

cdef void lstm_forward(const LayerPass* layer, Py_ssize_t panel, const Rows* rows) noexcept nogil:
    cdef Tile tile
    cdef Operand x = input_operand(layer, rows)
    cdef Operand hidden = hidden_operand(layer, rows)
    cdef Py_ssize_t unit = panel * LANES
    cdef const real* cell_prev = layer.cell + rows.previous * layer.stride + unit
    cdef real* cell = layer.cell + rows.state * layer.stride + unit
    cdef real* hidden_next = layer.hidden + rows.state * layer.stride + unit
    cdef real* gates = NULL
    cdef vreg i_gate, f_gate, g_gate, o_gate, c
    cdef Py_ssize_t row
    if layer.gates != NULL:
        gates = gate_row(layer, panel, rows.step)
        prefetch_rows(gates, 4 * LANES, 4, rows.count)
        prefetch_rows(cell, layer.stride, 1, rows.count)
        prefetch_rows(hidden_next, layer.stride, 1, rows.count)
    tile_multiply(rows.count, 4, tile, layer.bias + 4 * unit, &x, &hidden,
                  layer.panels + 4 * unit * (layer.n_inputs + layer.hidden_size))
    for row in range(rows.count):
        i_gate = v_sigmoid(tile[row][0])
        f_gate = v_sigmoid(tile[row][1])
        g_gate = v_tanh(tile[row][2])
        o_gate = v_sigmoid(tile[row][3])
        c = v_fma(f_gate, v_load(cell_prev + row * layer.stride), i_gate * g_gate)
        v_store(cell + row * layer.stride, c)
        v_store(hidden_next + row * layer.stride, o_gate * v_tanh(c))
        if gates != NULL:
            v_store(gates, i_gate)
            v_store(gates + LANES, f_gate)
            v_store(gates + 2 * LANES, g_gate)
            v_store(gates + 3 * LANES, o_gate)
            gates += 4 * LANES


cdef void lstm_backward(const LayerPass* layer, Py_ssize_t panel, const Rows* rows) noexcept nogil:
    cdef Tile tile
    cdef Py_ssize_t width = panel_width(layer, panel, TILE_WIDTH)
    cdef Py_ssize_t row, block, unit
    cdef vreg one = v_set(1)
    cdef vreg i_gate, f_gate, g_gate, o_gate, d_hidden, d_cell, tanh_cell
    cdef real* gates
    cdef real* carry
    prefetch_backward(layer, panel, width, rows, layer.cell)
    upstream_gradient(layer, panel, width, rows, 0, 4, tile)
    for row in range(rows.count):
        for block in range(width):
            unit = (panel * TILE_WIDTH + block) * LANES
            gates = gate_row(layer, panel * TILE_WIDTH + block, rows.step + row)
            carry = layer.carry + (rows.sample + row) * layer.stride + unit
            i_gate = v_load(gates)
            f_gate = v_load(gates + LANES)
            g_gate = v_load(gates + 2 * LANES)
            o_gate = v_load(gates + 3 * LANES)
            d_hidden = tile[row][block]
            tanh_cell = v_tanh(v_load(layer.cell + (rows.state + row) * layer.stride + unit))
            d_cell = v_fma(d_hidden * o_gate, v_fma(-tanh_cell, tanh_cell, one), v_load(carry))
            v_store(gates, d_cell * g_gate * i_gate * (one - i_gate))
            v_store(gates + LANES,
                    d_cell * v_load(layer.cell + (rows.previous + row) * layer.stride + unit)
                    * f_gate * (one - f_gate))
            v_store(gates + 2 * LANES, d_cell * i_gate * v_fma(-g_gate, g_gate, one))
            v_store(gates + 3 * LANES, d_hidden * tanh_cell * o_gate * (one - o_gate))
            v_store(carry, d_cell * f_gate)
