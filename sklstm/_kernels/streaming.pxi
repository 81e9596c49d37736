# One time step of some sequences that arrive step by step: all layers, pooling and head in
# one call, by the tiles of the passes, so that every number is that of a pass over the whole
# sequence. What calling costs counts here as much as computing.
#
# The state is a bytes object, which cannot change under its owner's hands: layer by layer
# the hidden and the cell states, then the pooled vectors, rows without padding.

cdef enum:
    POOL_LAST = 0
    POOL_MEAN = 1
    POOL_MAX = 2


cdef class Stream:
    """The layers and the head of a network, ready to be stepped through.

    `layers` has a tuple for each: cell name, hidden size, output size, inputs, panels, biases,
    peephole or None, whether there are a cell state, an extra row, a projection, and the rate
    of zoneout. `head` is panels and biases.
    """
    cdef list _arrays             # keeps what the pointers point to
    cdef bytearray _memory        # of the two arrays of structs
    cdef LayerPass* _layers
    cdef Cell* _cells
    cdef const real* _head_panels
    cdef const real* _head_bias
    cdef Py_ssize_t _n_layers, _n_outputs, _head_stride, _pooling
    cdef readonly Py_ssize_t n_state    # elements of the state of one sequence

    def __init__(self, list layers, tuple head, Py_ssize_t n_outputs, Py_ssize_t pooling):
        cdef Py_ssize_t i
        self._n_layers = len(layers)
        self._arrays = [layers, head]
        self._memory = bytearray(self._n_layers * (sizeof(LayerPass) + sizeof(Cell)))
        self._layers = <LayerPass*> <char*> self._memory
        self._cells = <Cell*> (self._layers + self._n_layers)
        self._n_outputs = n_outputs
        self._head_stride = ceil_divide(n_outputs, LANES) * LANES
        self._pooling = pooling
        self.n_state = 0
        for i in range(self._n_layers):
            self._set_layer(i, *layers[i])
        if pooling != POOL_LAST:
            self.n_state += self._layers[self._n_layers - 1].output_size
        self._head_panels = self._head_bias = NULL
        if n_outputs > 0:
            self._set_head(*head)

    def _set_layer(self, Py_ssize_t i, str cell_name, Py_ssize_t hidden_size,
                    Py_ssize_t output_size, Py_ssize_t n_inputs, const real[::1] panels,
                    const real[::1] biases, const real[:, ::1] peephole, bint has_cell,
                    bint has_extra, bint projects, double zoneout):
        cdef LayerPass* layer = &self._layers[i]
        find_cell(cell_name, projects, &self._cells[i])
        memset(layer, 0, sizeof(LayerPass))
        layer.n_inputs = n_inputs
        layer.hidden_size = hidden_size
        layer.n_blocks = ceil_divide(hidden_size, LANES)
        layer.stride = layer.n_blocks * LANES
        layer.output_size = output_size
        layer.output_blocks = ceil_divide(output_size, LANES)
        layer.output_stride = layer.output_blocks * LANES
        layer.n_slots = self._cells[i].n_slots
        layer.panels = &panels[0]
        layer.bias = &biases[0]
        layer.peephole = first_or_null(peephole)
        layer.zoneout = make_zoneout(zoneout, 0, None)
        # Only whether there is one; `step` puts the addresses in.
        layer.cell = <real*> layer.panels if has_cell else NULL
        layer.extra = <real*> layer.panels if has_extra else NULL
        self.n_state += output_size + (hidden_size if has_cell else 0)

    def _set_head(self, const real[::1] panels, const real[::1] biases):
        self._head_panels = &panels[0]
        self._head_bias = &biases[0]

    cdef Py_ssize_t _work_size(self, Py_ssize_t n) noexcept nogil:
        """Elements of the memory of a step."""
        cdef Py_ssize_t i, size = 0
        cdef const LayerPass* layer
        for i in range(self._n_layers):
            layer = &self._layers[i]
            size += 2 * n * layer.output_stride
            size += 2 * n * layer.stride if layer.cell != NULL else 0
            size += n * layer.stride if layer.extra != NULL else 0
        return size + n * (layer.output_stride + self._head_stride)

    def step(self, x, bytes state, Py_ssize_t n_steps, real[:, ::1] outputs):
        """The state after one step more, and its outputs.

        x: (n_samples, n_features), or (n_features,) for one sequence. outputs: (n_samples,
        n_outputs), or without a head (n_samples, output_size). None, and nothing done, if a
        size is not right or x is not finite: the caller finds out what it is.
        """
        cdef const real[::1] one
        cdef const real[:, ::1] several
        cdef const real* rows
        cdef Py_ssize_t n = outputs.shape[0], n_features
        cdef Py_ssize_t n_bytes = n * self.n_state * <Py_ssize_t> sizeof(real)
        cdef bytes work, new_state
        cdef Py_ssize_t i
        if n == 0 or PyBytes_GET_SIZE(state) != n_bytes:
            return None
        if x.ndim == 1:
            one = x
            n_features = one.shape[0]
            rows = &one[0] if n_features else NULL
            if n != 1:
                return None
        else:
            several = x
            n_features = several.shape[1]
            rows = &several[0, 0] if several.shape[0] and n_features else NULL
            if n != several.shape[0]:
                return None
        if n_features != self._layers[0].n_inputs:
            return None
        for i in range(n * n_features):
            if not isfinite(rows[i]):
                return None
        work = PyBytes_FromStringAndSize(NULL, self._work_size(n) * <Py_ssize_t> sizeof(real))
        new_state = PyBytes_FromStringAndSize(NULL, n_bytes)
        self._compute(n, n_steps, rows, <const real*> PyBytes_AS_STRING(state),
                      <real*> PyBytes_AS_STRING(new_state), <real*> PyBytes_AS_STRING(work),
                      &outputs[0, 0])
        return new_state

    cdef void _compute(self, Py_ssize_t n, Py_ssize_t n_steps, const real* x, const real* state,
                       real* new_state, real* work, real* outputs) noexcept nogil:
        cdef Py_ssize_t step[6]
        cdef Py_ssize_t i
        cdef LayerPass layer = self._layers[0]
        cdef Py_ssize_t x_stride = self._layers[0].n_inputs
        cdef unsigned int saved = flush_subnormals()
        step[STATE] = n
        step[N_ROWS] = n
        step[N_GOING] = step[PREVIOUS] = step[INPUT] = 0
        step[TIME] = n_steps
        for i in range(self._n_layers):
            layer = self._layers[i]
            layer.x = x
            layer.x_stride = x_stride
            layer.hidden = layer.recurrent = work
            load_rows(state, n, layer.output_size, layer.output_stride, work)
            work += 2 * n * layer.output_stride
            state += n * layer.output_size
            if layer.cell != NULL:
                layer.cell = work
                load_rows(state, n, layer.hidden_size, layer.stride, work)
                work += 2 * n * layer.stride
                state += n * layer.hidden_size
            if layer.extra != NULL:
                layer.extra = work
                work += n * layer.stride
            forward_step(&layer, &self._cells[i], step, 0, n)
            x = layer.hidden + n * layer.output_stride
            x_stride = layer.output_stride
            new_state = store_rows(x, n, layer.output_size, x_stride, new_state)
            if layer.cell != NULL:
                new_state = store_rows(layer.cell + n * layer.stride, n, layer.hidden_size,
                                       layer.stride, new_state)
        if self._pooling != POOL_LAST:
            load_rows(state, n, layer.output_size, x_stride, work)
            pool_step(self._pooling, n * x_stride, n_steps, x, work)
            store_rows(work, n, layer.output_size, x_stride, new_state)
            x = work
            if self._pooling == POOL_MEAN:
                divide(work, n * x_stride, n_steps + 1)
            work += n * x_stride
        if self._head_panels == NULL:
            store_rows(x, n, layer.output_size, x_stride, outputs)
        else:
            dense_block(x, x_stride, 1, layer.output_size, layer.output_size, self._head_panels,
                        self._head_bias, False, work, self._head_stride, 0, n)
            store_rows(work, n, self._n_outputs, self._head_stride, outputs)
        restore_subnormals(saved)


cdef inline void load_rows(const real* rows, Py_ssize_t n_rows, Py_ssize_t size,
                           Py_ssize_t stride, real* out) noexcept nogil:
    """Rows without padding -> padded with zeros."""
    cdef Py_ssize_t row
    for row in range(n_rows):
        memcpy(out + row * stride, rows + row * size, size * sizeof(real))
        memset(out + row * stride + size, 0, (stride - size) * sizeof(real))


cdef inline real* store_rows(const real* rows, Py_ssize_t n_rows, Py_ssize_t size,
                             Py_ssize_t stride, real* out) noexcept nogil:
    """The other way; returns where the next rows go."""
    cdef Py_ssize_t row
    for row in range(n_rows):
        memcpy(out + row * size, rows + row * stride, size * sizeof(real))
    return out + n_rows * size


cdef inline void pool_step(Py_ssize_t pooling, Py_ssize_t n_elements, Py_ssize_t n_steps,
                           const real* x, real* pooled) noexcept nogil:
    """Sum or maximum with one step more."""
    cdef Py_ssize_t block
    cdef vreg best, value
    cdef vbits where
    for block in range(n_elements // LANES):
        value = v_load(x + block * LANES)
        if pooling == POOL_MEAN:
            best = (v_load(pooled + block * LANES) if n_steps > 0 else v_set(0)) + value
        else:
            best = v_load(pooled + block * LANES) if n_steps > 0 else v_set(-INFINITY)
            where = v_bits_set(0)
            v_keep_larger(value, 0, &best, &where)
        v_store(pooled + block * LANES, best)


cdef inline void divide(real* values, Py_ssize_t n_elements, Py_ssize_t divisor) noexcept nogil:
    cdef Py_ssize_t block
    for block in range(n_elements // LANES):
        v_store(values + block * LANES, v_load(values + block * LANES) / v_set(<real> divisor))
