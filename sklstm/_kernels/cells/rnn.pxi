# Plain recurrent network (Elman 1990), with tanh or with the positive part (relu).
#
#     h = tanh(a)     or   h = max(a, 0)          a = W x + U h' + b
#
# backward, from dh:
#
#     da = dh * (1 - h^2)   or   da = dh * (h > 0)
#
# One slot, a; its activation is the hidden state itself, so the gates hold nothing before
# the backward pass, except where zoneout's expectation mixes the states: the activation.

cdef inline void rnn_forward(const LayerPass* layer, Py_ssize_t panel, const Rows* rows,
                             bint relu) noexcept nogil:
    cdef Tile tile
    cdef Operand x = input_operand(layer, rows)
    cdef Operand hidden = hidden_operand(layer, rows)
    cdef Py_ssize_t width = panel_width(layer, panel, TILE_WIDTH)
    cdef Py_ssize_t row, block, unit = panel * TILE_WIDTH * LANES
    cdef bint keeps = layer.gates != NULL and mixes_states(layer)
    cdef vreg activation
    cdef real* hidden_next = layer.hidden + rows.state * layer.stride + unit
    if layer.gates != NULL:
        prefetch_rows(hidden_next, layer.stride, width, rows.count)
    tile_multiply(rows.count, width, tile, layer.bias + unit, &x, &hidden,
                  layer.panels + unit * panel_terms(layer))
    for row in range(rows.count):
        for block in range(width):
            activation = (v_at_least(v_set(0), tile[row][block]) if relu
                          else v_tanh(tile[row][block]))
            v_store(hidden_next + row * layer.stride + block * LANES, activation)
            if keeps:
                v_store(gate_row(layer, panel * TILE_WIDTH + block, rows.step + row), activation)


cdef inline void rnn_backward(const LayerPass* layer, Py_ssize_t panel, const Rows* rows,
                              bint relu) noexcept nogil:
    cdef Tile tile
    cdef Py_ssize_t width = panel_width(layer, panel, TILE_WIDTH)
    cdef Py_ssize_t row, block, unit
    cdef real* gate
    cdef vreg hidden
    upstream_gradient(layer, panel, width, rows, 0, 1, NULL, tile)
    for row in range(rows.count):
        for block in range(width):
            unit = (panel * TILE_WIDTH + block) * LANES
            gate = gate_row(layer, panel * TILE_WIDTH + block, rows.step + row)
            hidden = v_load(gate if mixes_states(layer) else
                            layer.hidden + (rows.state + row) * layer.stride + unit)
            v_store(gate, tile[row][block] * (v_step(hidden) if relu
                                              else v_fma(-hidden, hidden, v_set(1))))


cdef void rnn_tanh_forward(const LayerPass* layer, Py_ssize_t panel,
                           const Rows* rows) noexcept nogil:
    rnn_forward(layer, panel, rows, False)


cdef void rnn_tanh_backward(const LayerPass* layer, Py_ssize_t panel,
                            const Rows* rows) noexcept nogil:
    rnn_backward(layer, panel, rows, False)


cdef void rnn_relu_forward(const LayerPass* layer, Py_ssize_t panel,
                           const Rows* rows) noexcept nogil:
    rnn_forward(layer, panel, rows, True)


cdef void rnn_relu_backward(const LayerPass* layer, Py_ssize_t panel,
                            const Rows* rows) noexcept nogil:
    rnn_backward(layer, panel, rows, True)
