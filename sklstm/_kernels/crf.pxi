# Linear-chain conditional random field (Lafferty, McCallum and Pereira 2001). A sequence of
# tags y has the score
#
#     s(y) = start[y_1] + sum_t emission[t, y_t] + sum_(t>1) transition[y_(t-1), y_t] + end[y_T]
#
# and the probability exp(s(y)) / Z, where Z is the sum of exp(s) over all sequences. With
#
#     E_ij = exp(transition_ij - largest),    p_t = exp(emission_t - largest of the row)
#     alpha_1 = p_1 * exp(start),             alpha_t = (alpha_(t-1) E) * p_t
#     beta_T  = exp(end - largest),           beta_t  = E (p_(t+1) * beta_(t+1))
#
# Z is alpha_T . beta_T times what was taken out, and the probabilities, of which the gradient
# of -log(exp(s(gold)) / Z) is made, are
#
#     P(y_t = j)                = alpha_tj beta_tj / (alpha_t . beta_t)
#     P(y_(t-1) = i and y_t = j) = alpha_(t-1)i E_ij p_tj beta_tj / (the sum over i and j)
#
# All recursions are products with one matrix: blocks of sequences go through the register
# tile, and the sum of the pairs over all rows is a weight gradient (gradients.pxi). alpha is
# scaled by a power of two, which rounds nothing, so that its largest element is in [1, 2);
# beta so that alpha . beta = 1.
#
# Exact for emissions of any size: elements of alpha_(t-1) E differ by no more than the factor
# exp(r), r the range of the transitions, so that what underflows in alpha and beta could not
# have mattered any more if exp(2 r) times the smallest number is small against the rounding
# error. Where r is larger, crf_log.pxi computes the same from logarithms.
#
# Rows are packed (time-major, longest sequence first), tags padded to whole registers: padded
# tags have p = 0. A sequence without steps has Z = 1.

cdef extern from "chain.h" nogil:
    const real LOWEST             # finite: for -infinity where that is subtracted from itself
    real v_total(vreg v)
    real v_largest(vreg v)
    real unit_scale(real x)
    vreg v_load_part(const real* p, Py_ssize_t n, real rest)
    void max_plus(Py_ssize_t width, const real* a, Py_ssize_t n_terms, const real* table,
                  Py_ssize_t stride, vreg* out)


# Packed rows of a chain of tags.
cdef struct Chain:
    Py_ssize_t n_tags
    Py_ssize_t stride             # n_tags rounded up to LANES
    Py_ssize_t n_blocks           # stride / LANES
    Py_ssize_t n_samples
    const Py_ssize_t* offsets     # IN     (n_timesteps + 1,) first row of each step
    const Py_ssize_t* lengths     # IN     (n_samples,) descending
    const real* emissions         # IN     (n_rows, emission_stride)
    Py_ssize_t emission_stride
    const real* weights           # IN     (n_samples,) or NULL


cdef Chain make_chain(const real[:, :] emissions, const Py_ssize_t[::1] offsets,
                      const Py_ssize_t[::1] lengths, Py_ssize_t stride,
                      const real[::1] weights):
    cdef Chain chain
    chain.n_tags = emissions.shape[1]
    chain.stride = stride
    chain.n_blocks = stride // LANES
    chain.n_samples = lengths.shape[0]
    chain.offsets = &offsets[0]
    chain.lengths = &lengths[0] if chain.n_samples else NULL
    chain.emissions = &emissions[0, 0] if emissions.shape[0] else NULL
    chain.emission_stride = emissions.strides[0] // <Py_ssize_t> sizeof(real)
    chain.weights = NULL
    if weights is not None and chain.n_samples:
        chain.weights = &weights[0]
    return chain


cdef inline int chain_team(const Chain* chain, int n_threads) noexcept nogil:
    """Threads for a pass over all rows."""
    if chain.n_samples == 0:
        return 1
    return team(ceil_divide(chain.n_samples, TILE_ROWS),
                chain.offsets[chain.lengths[0]] * chain.stride * chain.n_tags, n_threads)


cdef inline Py_ssize_t rows_alive(const Chain* chain, Py_ssize_t t, Py_ssize_t first,
                                  Py_ssize_t stop) noexcept nogil:
    """How many of the sequences from first to stop have a step t."""
    return max(0, min(stop, chain.offsets[t + 1] - chain.offsets[t]) - first)


cdef inline real weight_of(const Chain* chain, Py_ssize_t sample) noexcept nogil:
    return 1 if chain.weights == NULL else chain.weights[sample]


cdef inline vreg load_tags(const Chain* chain, Py_ssize_t row, Py_ssize_t block) noexcept nogil:
    """A register of emissions; padded tags get -infinity."""
    cdef const real* scores = chain.emissions + row * chain.emission_stride + block * LANES
    cdef Py_ssize_t n_left = chain.n_tags - block * LANES
    return v_load(scores) if n_left >= LANES else v_load_part(scores, n_left, -INFINITY)


cdef inline void add_row(const Chain* chain, const real* a, real* out) noexcept nogil:
    cdef Py_ssize_t block
    for block in range(chain.n_blocks):
        v_store(out + block * LANES, v_load(out + block * LANES) + v_load(a + block * LANES))


cdef inline real raise_row(const Chain* chain, real* row) noexcept nogil:
    """Subtract the largest element, and return it."""
    cdef Py_ssize_t block
    cdef vreg best = v_set(LOWEST)
    cdef real largest
    for block in range(chain.n_blocks):
        best = v_at_least(best, v_load(row + block * LANES))
    largest = v_largest(best)
    for block in range(chain.n_blocks):
        v_store(row + block * LANES, v_load(row + block * LANES) - v_set(largest))
    return largest


cdef inline double raise_emissions(const Chain* chain, Py_ssize_t row, const real* start,
                                   real* out) noexcept nogil:
    """Emissions (plus start, if there is one) less their largest, which is returned.

    Start is added to what is small already, and keeps its digits.
    """
    cdef Py_ssize_t block
    cdef double largest
    for block in range(chain.n_blocks):
        v_store(out + block * LANES, load_tags(chain, row, block))
    largest = raise_row(chain, out)
    if start != NULL:
        add_row(chain, start, out)
        largest += raise_row(chain, out)
    return largest


cdef void chain_product(const Chain* chain, Py_ssize_t n_rows, const real* rows,
                        const real* panels, real* out) noexcept nogil:
    """out = rows @ matrix for at most TILE_ROWS rows."""
    cdef Tile tile
    cdef Operand operand = operand_dense(rows, chain.stride, chain.n_tags)
    cdef Py_ssize_t first_block = 0, width, row, block
    while first_block < chain.n_blocks:
        width = min(TILE_WIDTH, chain.n_blocks - first_block)
        tile_multiply(n_rows, width, tile, NULL, &operand, NULL,
                      panels + first_block * LANES * chain.n_tags)
        for row in range(n_rows):
            for block in range(width):
                v_store(out + row * chain.stride + (first_block + block) * LANES,
                        tile[row][block])
        first_block += width


# ---- forward ----

cdef inline double alpha_row(const Chain* chain, Py_ssize_t row, const real* start, real* alpha,
                             real* potential, real* scale) noexcept nogil:
    """Finish a row of alpha from alpha_(t-1) E, or begin one; the logarithm taken out."""
    cdef Py_ssize_t block
    cdef vreg p, value, best = v_set(0)
    cdef double largest = raise_emissions(chain, row, start, potential)
    for block in range(chain.n_blocks):
        p = v_exp(v_load(potential + block * LANES))
        v_store(potential + block * LANES, p)
        value = p if start != NULL else v_load(alpha + block * LANES) * p
        v_store(alpha + block * LANES, value)
        best = v_at_least(best, value)
    scale[0] = unit_scale(v_largest(best))
    for block in range(chain.n_blocks):
        v_store(alpha + block * LANES, v_load(alpha + block * LANES) * v_set(scale[0]))
    return largest - log(<double> scale[0])


cdef void alpha_of_block(const Chain* chain, Py_ssize_t first, Py_ssize_t stop,
                         const real* start, const real* end, const real* panels, double largest,
                         real* alpha, real* potentials, real* scales,
                         double* log_partition) noexcept nogil:
    """All steps of at most TILE_ROWS sequences."""
    cdef Py_ssize_t t, i, block, count, row, stride = chain.stride
    cdef vreg total
    for i in range(first, stop):
        log_partition[i] = 0
    for t in range(chain.lengths[first]):
        count = rows_alive(chain, t, first, stop)
        row = chain.offsets[t] + first
        if t > 0:
            chain_product(chain, count, alpha + (chain.offsets[t - 1] + first) * stride, panels,
                          alpha + row * stride)
        for i in range(count):
            log_partition[first + i] += alpha_row(
                chain, row + i, start if t == 0 else NULL, alpha + (row + i) * stride,
                potentials + (row + i) * stride, scales + row + i)
            if t > 0:
                log_partition[first + i] += largest
            if t == chain.lengths[first + i] - 1:
                total = v_set(0)
                for block in range(chain.n_blocks):
                    total = v_fma(v_load(alpha + (row + i) * stride + block * LANES),
                                  v_load(end + block * LANES), total)
                log_partition[first + i] += log(<double> v_total(total))


def crf_forward(
    const real[:, :] emissions,          # IN     (n_rows, n_tags), tags contiguous
    const Py_ssize_t[::1] offsets,       # IN     (n_timesteps + 1,)
    const Py_ssize_t[::1] lengths,       # IN     (n_samples,) descending
    const real[::1] start,               # IN     (stride,)
    const real[::1] end,                 # IN     (stride,) exp(end - largest), 0 behind
    const real[::1] panels,              # IN     pack_gates of E transposed
    double largest,                      # of the transitions
    real[:, ::1] alpha,                  # OUT    (n_rows, stride)
    real[:, ::1] potentials,             # OUT    (n_rows, stride) p
    real[::1] scales,                    # OUT    (n_rows,) of alpha
    double[::1] log_partition,           # OUT    (n_samples,) log Z, less the largest of end
    int n_threads,
):
    """alpha, and the logarithm of the sum over all sequences of tags."""
    cdef Chain chain = make_chain(emissions, offsets, lengths, alpha.shape[1], None)
    cdef Py_ssize_t block
    cdef unsigned int saved
    cdef real* first_alpha = pointer(alpha)
    cdef real* first_potential = pointer(potentials)
    cdef real* first_scale
    if emissions.shape[0] == 0:
        log_partition[:] = 0
        return
    first_scale = &scales[0]
    n_threads = chain_team(&chain, n_threads)
    for block in prange(ceil_divide(chain.n_samples, TILE_ROWS), nogil=True, schedule="dynamic",
                        chunksize=1, num_threads=n_threads):
        saved = flush_subnormals()
        alpha_of_block(&chain, block * TILE_ROWS, min(chain.n_samples, (block + 1) * TILE_ROWS),
                       &start[0], &end[0], &panels[0], largest, first_alpha, first_potential,
                       first_scale, &log_partition[0])
        restore_subnormals(saved)


# ---- backward ----

cdef inline void marginal_row(const Chain* chain, Py_ssize_t sample, real scale,
                              const real* beta, real* alpha, real* potential, real* marginal,
                              real* carry) noexcept nogil:
    """Marginals of a row, what it sends to the step before, and its side of the pairs."""
    cdef Py_ssize_t block
    cdef real weight = weight_of(chain, sample)
    cdef vreg total = v_set(0), factor, share, value, kept
    for block in range(chain.n_blocks):
        total = v_fma(v_load(alpha + block * LANES), v_load(beta + block * LANES), total)
    factor = v_set(1 / v_total(total))
    for block in range(chain.n_blocks):
        share = v_load(beta + block * LANES) * factor
        kept = v_load(alpha + block * LANES) * share
        value = v_load(potential + block * LANES) * share * v_set(scale)
        v_store(carry + block * LANES, value)
        if weight == 0:
            # Of no influence, even if it is NaN.
            kept = v_set(0)
            value = v_set(0)
            v_store(alpha + block * LANES, v_set(0))
        v_store(marginal + block * LANES, kept * v_set(weight))
        v_store(potential + block * LANES, value * v_set(weight))


cdef void beta_of_block(const Chain* chain, Py_ssize_t first, Py_ssize_t stop, const real* end,
                        const real* panels, const real* scales, real* alpha, real* potentials,
                        real* marginals, real* carry, real* beta) noexcept nogil:
    """All steps of at most TILE_ROWS sequences, the last first."""
    cdef Py_ssize_t t, i, block, count, n_going_on = 0, row, stride = chain.stride
    for t in range(chain.lengths[first] - 1, -1, -1):
        count = rows_alive(chain, t, first, stop)
        row = chain.offsets[t] + first
        if n_going_on > 0:
            chain_product(chain, n_going_on, carry + first * stride, panels,
                          beta + first * stride)
        for i in range(n_going_on, count):
            memcpy(beta + (first + i) * stride, end, stride * sizeof(real))
        for i in range(count):
            marginal_row(chain, first + i, scales[row + i], beta + (first + i) * stride,
                         alpha + (row + i) * stride, potentials + (row + i) * stride,
                         marginals + (row + i) * stride, carry + (first + i) * stride)
        n_going_on = count


def crf_backward(
    const real[:, :] emissions,          # IN     (n_rows, n_tags)
    const Py_ssize_t[::1] offsets,       # IN     (n_timesteps + 1,)
    const Py_ssize_t[::1] lengths,       # IN     (n_samples,) descending
    const real[::1] weights,             # IN     (n_samples,) or None
    const real[::1] end,                 # IN     (stride,) exp(end - largest), 0 behind
    const real[::1] panels,              # IN     pack_gates of E
    const real[::1] scales,              # IN     (n_rows,) of crf_forward
    real[:, ::1] alpha,                  # INOUT  (n_rows, stride), then one side of the pairs
    real[:, ::1] potentials,             # INOUT  (n_rows, stride), then the other side
    real[:, ::1] marginals,              # OUT    (n_rows, stride) times the weight of the
                                         #        sequence; may be alpha
    real[:, :, ::1] scratch,             # (2, n_samples, stride)
    int n_threads,
):
    """Marginals of every row; `alpha` and `potentials` become the factors of the pairs.

    The probability of i at a row and j at its successor, times the weight, is E_ij times
    `alpha[row, i]` times `potentials[successor, j]`.
    """
    cdef Chain chain = make_chain(emissions, offsets, lengths, alpha.shape[1], weights)
    cdef Py_ssize_t block
    cdef unsigned int saved
    cdef real* first_alpha = pointer(alpha)
    cdef real* first_potential = pointer(potentials)
    cdef real* first_marginal = pointer(marginals)
    if emissions.shape[0] == 0:
        return
    n_threads = chain_team(&chain, n_threads)
    for block in prange(ceil_divide(chain.n_samples, TILE_ROWS), nogil=True, schedule="dynamic",
                        chunksize=1, num_threads=n_threads):
        saved = flush_subnormals()
        beta_of_block(&chain, block * TILE_ROWS, min(chain.n_samples, (block + 1) * TILE_ROWS),
                      &end[0], &panels[0], &scales[0], first_alpha, first_potential,
                      first_marginal, &scratch[0, 0, 0], &scratch[1, 0, 0])
        restore_subnormals(saved)
