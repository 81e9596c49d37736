# Products of rows with a weight matrix: heads, and the gradient of a layer's input.

cdef enum:
    DENSE_ROWS = 48           # rows that stay in the first cache while panels pass by


cdef void dense_block(const real* a, Py_ssize_t row_stride, Py_ssize_t n_groups,
                      Py_ssize_t group_length, Py_ssize_t group_stride, const real* panels,
                      const real* bias, bint accumulate, real* out, Py_ssize_t out_stride,
                      Py_ssize_t start, Py_ssize_t stop) noexcept nogil:
    cdef Tile tile
    cdef Operand operand
    cdef Py_ssize_t n_terms = n_groups * group_length
    cdef Py_ssize_t n_blocks = out_stride // LANES
    cdef Py_ssize_t panel, width, first, count, row, block
    cdef const real* panel_bias = NULL
    cdef real* target
    for panel in range(ceil_divide(n_blocks, TILE_WIDTH)):
        width = min(TILE_WIDTH, n_blocks - panel * TILE_WIDTH)
        if bias != NULL:
            panel_bias = bias + panel * TILE_WIDTH * LANES
        first = start
        while first < stop:
            count = tile_height(stop - first)
            operand = operand_grouped(a + first * row_stride, row_stride, n_groups,
                                      group_length, group_stride)
            tile_multiply(count, width, tile, panel_bias, &operand, NULL,
                          panels + panel * TILE_WIDTH * LANES * n_terms)
            for row in range(count):
                for block in range(width):
                    target = out + (first + row) * out_stride + (panel * TILE_WIDTH + block) * LANES
                    if accumulate:
                        tile[row][block] = v_load(target) + tile[row][block]
                    v_store(target, tile[row][block])
            first = first + count


def dense(
    const real[:, :] a,                  # IN     (any, any), rows contiguous: out's row i starts at
                                         #        a's, and may go on beyond its end
    Py_ssize_t n_groups,                 # the terms of the product in a row of `a`: n_groups runs
    Py_ssize_t group_length,             #   of group_length elements, group_stride apart
    Py_ssize_t group_stride,
    const real[::1] panels,              # IN     pack_gates or pack_columns
    const real[::1] bias,                # IN     (stride,) or None
    bint accumulate,                     # add to what out holds
    real[:, ::1] out,                    # OUT    (n_rows, stride), a whole number of registers
    int n_threads,
):
    """out = a @ weight (+ bias, + out); a row's result does not depend on the other rows."""
    cdef Py_ssize_t n_rows = out.shape[0], out_stride = out.shape[1]
    cdef Py_ssize_t row_stride = a.strides[0] // <Py_ssize_t> sizeof(real)
    cdef Py_ssize_t block, n_row_blocks = ceil_divide(n_rows, DENSE_ROWS)
    cdef const real* bias_or_null = NULL
    cdef const real* rows
    cdef unsigned int saved
    if n_rows == 0 or n_groups * group_length == 0:
        return
    if bias is not None:
        bias_or_null = &bias[0]
    rows = &a[0, 0]
    n_threads = team(n_row_blocks, n_rows * n_groups * group_length * out_stride, n_threads)
    for block in prange(n_row_blocks, nogil=True, schedule="static", num_threads=n_threads):
        saved = flush_subnormals()
        dense_block(rows, row_stride, n_groups, group_length, group_stride, &panels[0],
                    bias_or_null, accumulate, &out[0, 0], out_stride,
                    block * DENSE_ROWS, min(n_rows, (block + 1) * DENSE_ROWS))
        restore_subnormals(saved)
