# Gated recurrent unit as first published (Cho et al. 2014): reset before the product.
#
#     r = s(W_r x + U_r h' + b_r)        z = s(W_z x + U_z h' + b_z)
#     n = tanh(W_n x + U_n (r * h') + b_n)
#     h = (1 - z) * h' + z * n
#
# backward, from dh (q = r * h'):
#
#     dz = dh * (n - h') * z * (1 - z)   dn = dh * z * (1 - n^2)
#     dq = U_n^T dn                      dr = dq * h' * r * (1 - r)
#     dh' = U_r^T dr + U_z^T dz + dh * (1 - z) + dq * r
#
# With recurrent dropout h' in the products, in q and in dr is masked, and so is dq in dh'.
# Slots r, z, n; two phases: r and z for all units, then n (backward: z and n, then r).
# extra: q. carry: dh * (1 - z) + dq * r.

cdef void gru_forward_reset_update(const LayerPass* layer, Py_ssize_t panel,
                                   const Rows* rows) noexcept nogil:
    cdef Tile tile
    cdef Operand x = input_operand(layer, rows)
    cdef Operand hidden = hidden_operand(layer, rows)
    cdef Py_ssize_t width = panel_width(layer, panel, 2)
    cdef Py_ssize_t q_row = extra_row(layer, rows)
    cdef Py_ssize_t row, block, unit = 2 * panel * LANES
    cdef vreg r_gate
    cdef real* update
    tile_multiply(rows.count, 2 * width, tile, layer.bias + 2 * unit, &x, &hidden,
                  layer.panels + 2 * unit * panel_terms(layer))
    for row in range(rows.count):
        for block in range(width):
            unit = (2 * panel + block) * LANES
            r_gate = v_sigmoid(tile[row][2 * block])
            v_store(layer.extra + (q_row + row) * layer.stride + unit,
                    r_gate * v_load(layer.recurrent + (rows.previous + row) * layer.stride + unit))
            if layer.gates == NULL:
                # The new hidden state's row is free until the second phase: keep z there.
                update = layer.hidden + (rows.state + row) * layer.stride + unit
            else:
                update = gate_row(layer, 2 * panel + block, rows.step + row) + LANES
                v_store(update - LANES, r_gate)
            v_store(update, v_sigmoid(tile[row][2 * block + 1]))


cdef void gru_forward_candidate(const LayerPass* layer, Py_ssize_t panel,
                                const Rows* rows) noexcept nogil:
    cdef Tile tile
    cdef Py_ssize_t q_row = extra_row(layer, rows)
    cdef Py_ssize_t n_terms = panel_terms(layer)
    cdef Operand x = input_operand(layer, rows)
    cdef Operand reset_hidden = operand_dense(layer.extra + q_row * layer.stride, layer.stride,
                                              layer.hidden_size)
    cdef Py_ssize_t width = panel_width(layer, panel, 4)
    cdef Py_ssize_t row, block, unit = 4 * panel * LANES
    cdef vreg n_gate, z_gate
    cdef real* gates
    cdef real* hidden
    tile_multiply(rows.count, width, tile, layer.bias + 2 * layer.stride + unit, &x, &reset_hidden,
                  layer.panels + (2 * layer.stride + unit) * n_terms)
    for row in range(rows.count):
        for block in range(width):
            unit = (4 * panel + block) * LANES
            hidden = layer.hidden + (rows.state + row) * layer.stride + unit
            n_gate = v_tanh(tile[row][block])
            if layer.gates == NULL:
                z_gate = v_load(hidden)
            else:
                gates = gate_row(layer, 4 * panel + block, rows.step + row)
                z_gate = v_load(gates + LANES)
                v_store(gates + 2 * LANES, n_gate)
            v_store(hidden, v_fma(z_gate, n_gate, (v_set(1) - z_gate) * v_load(
                layer.hidden + (rows.previous + row) * layer.stride + unit)))


cdef void gru_backward_update_candidate(const LayerPass* layer, Py_ssize_t panel,
                                        const Rows* rows) noexcept nogil:
    cdef Tile tile
    cdef Py_ssize_t width = panel_width(layer, panel, TILE_WIDTH)
    cdef Py_ssize_t row, block, unit
    cdef vreg one = v_set(1)
    cdef vreg z_gate, n_gate, d_hidden
    cdef real* gates
    cdef real* carry
    upstream_gradient(layer, panel, width, rows, 0, 2, layer.carry, tile)
    for row in range(rows.count):
        for block in range(width):
            unit = (panel * TILE_WIDTH + block) * LANES
            gates = gate_row(layer, panel * TILE_WIDTH + block, rows.step + row)
            carry = layer.carry + (rows.sample + row) * layer.stride + unit
            z_gate = v_load(gates + LANES)
            n_gate = v_load(gates + 2 * LANES)
            d_hidden = tile[row][block]
            v_store(gates + LANES, d_hidden * (one - z_gate) * z_gate * (
                n_gate - v_load(layer.hidden + (rows.previous + row) * layer.stride + unit)))
            v_store(gates + 2 * LANES, d_hidden * z_gate * v_fma(-n_gate, n_gate, one))
            v_store(carry, d_hidden * (one - z_gate))


cdef void gru_backward_reset(const LayerPass* layer, Py_ssize_t panel,
                             const Rows* rows) noexcept nogil:
    cdef Tile tile
    cdef Py_ssize_t width = panel_width(layer, panel, TILE_WIDTH)
    cdef Py_ssize_t row, block, unit
    cdef vreg r_gate, d_reset_hidden
    cdef real* gates
    cdef real* carry
    cdef Operand d_candidate = gate_operand(layer, rows.step, 2, 1)
    # The panels of U_n follow those of U_r and U_z.
    cdef const real* panels = layer.panels + 2 * layer.stride * layer.n_blocks * LANES
    tile_multiply(rows.count, width, tile, NULL, &d_candidate, NULL,
                  panels + panel * TILE_WIDTH * LANES * layer.stride)
    for row in range(rows.count):
        for block in range(width):
            unit = (panel * TILE_WIDTH + block) * LANES
            gates = gate_row(layer, panel * TILE_WIDTH + block, rows.step + row)
            carry = layer.carry + (rows.sample + row) * layer.stride + unit
            r_gate = v_load(gates)
            d_reset_hidden = tile[row][block]
            v_store(gates, d_reset_hidden * r_gate * (v_set(1) - r_gate) * v_load(
                layer.recurrent + (rows.previous + row) * layer.stride + unit))
            if layer.mask != NULL:
                d_reset_hidden = d_reset_hidden * v_load(
                    layer.mask + (rows.sample + row) * layer.stride + unit)
            v_store(carry, v_fma(d_reset_hidden, r_gate, v_load(carry)))
