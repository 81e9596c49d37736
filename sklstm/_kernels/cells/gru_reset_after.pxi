# Gated recurrent unit with the reset after the product (cuDNN, PyTorch, Keras).
#
#     r = s(W_r x + U_r h' + b_r)        z = s(W_z x + U_z h' + b_z)
#     q = U_n h' + b_hh                  n = tanh(W_n x + b_n + r * q)
#     h = (1 - z) * h' + z * n
#
# backward, from dh:
#
#     dz = dh * (n - h') * z * (1 - z)   dn = dh * z * (1 - n^2)
#     dr = dn * q * r * (1 - r)          dq = dn * r
#     dh' = U_r^T dr + U_z^T dz + U_n^T dq + dh * (1 - z)
#
# Slots n, r, z, q: the input feeds the first three, the hidden state the last three.
# carry: dh * (1 - z).

cdef void gru_reset_after_forward(const LayerPass* layer, Py_ssize_t panel,
                                  const Rows* rows) noexcept nogil:
    cdef Tile tile
    cdef Operand x = input_operand(layer, rows)
    cdef Operand hidden = hidden_operand(layer, rows)
    cdef Py_ssize_t unit = panel * LANES
    cdef const real* hidden_prev = layer.hidden + rows.previous * layer.stride + unit
    cdef real* hidden_next = layer.hidden + rows.state * layer.stride + unit
    cdef real* gates = prefetched_gates(layer, panel, rows)
    cdef vreg r_gate, z_gate, n_gate
    cdef Py_ssize_t row
    if gates != NULL:
        prefetch_rows(hidden_next, layer.stride, 1, rows.count)
    tile_multiply_split(rows.count, tile, layer.bias + 4 * unit, &x, &hidden,
                        layer.panels + 3 * unit * panel_terms(layer))
    for row in range(rows.count):
        r_gate = v_sigmoid(tile[row][1])
        z_gate = v_sigmoid(tile[row][2])
        n_gate = v_tanh(v_fma(r_gate, tile[row][3], tile[row][0]))
        v_store(hidden_next + row * layer.stride, v_fma(
            z_gate, n_gate, (v_set(1) - z_gate) * v_load(hidden_prev + row * layer.stride)))
        if gates != NULL:
            v_store(gates, n_gate)
            v_store(gates + LANES, r_gate)
            v_store(gates + 2 * LANES, z_gate)
            v_store(gates + 3 * LANES, tile[row][3])
            gates += 4 * LANES


cdef void gru_reset_after_backward(const LayerPass* layer, Py_ssize_t panel,
                                   const Rows* rows) noexcept nogil:
    cdef Tile tile
    cdef Py_ssize_t width = panel_width(layer, panel, TILE_WIDTH)
    cdef Py_ssize_t row, block, unit
    cdef vreg one = v_set(1)
    cdef vreg n_gate, r_gate, z_gate, d_hidden, d_candidate
    cdef real* gates
    cdef real* carry
    prefetch_backward(layer, panel, width, rows, layer.hidden)
    upstream_gradient(layer, panel, width, rows, 1, 3, layer.carry, tile)
    for row in range(rows.count):
        for block in range(width):
            unit = (panel * TILE_WIDTH + block) * LANES
            gates = gate_row(layer, panel * TILE_WIDTH + block, rows.step + row)
            carry = layer.carry + (rows.sample + row) * layer.stride + unit
            n_gate = v_load(gates)
            r_gate = v_load(gates + LANES)
            z_gate = v_load(gates + 2 * LANES)
            d_hidden = tile[row][block]
            d_candidate = d_hidden * z_gate * v_fma(-n_gate, n_gate, one)
            v_store(gates, d_candidate)
            v_store(gates + LANES,
                    d_candidate * v_load(gates + 3 * LANES) * r_gate * (one - r_gate))
            v_store(gates + 2 * LANES, d_hidden * (one - z_gate) * z_gate * (
                n_gate - v_load(layer.hidden + (rows.previous + row) * layer.stride + unit)))
            v_store(gates + 3 * LANES, d_candidate * r_gate)
            v_store(carry, d_hidden * (one - z_gate))
