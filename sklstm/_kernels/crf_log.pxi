# The sums over all sequences of tags of crf.pxi, computed from logarithms: for transitions that
# differ so much that exp of them underflows, forbidden ones (-infinity) included. Every sum
#
#     log sum_i exp(v_i + transition_ij)
#
# takes out its own largest term, which costs n_tags^2 exponentials a row where crf.pxi has
# products. Rows of log alpha and log beta are raised so that their largest element is 0, as
# small numbers have more digits behind the point.

cdef inline void log_product(const Chain* chain, const real* v, const real* table,
                             real* out) noexcept nogil:
    """out_j = log sum_i exp(v_i + table_ij)."""
    cdef Py_ssize_t block, i
    cdef vreg largest, total
    cdef const real* column
    for block in range(chain.n_blocks):
        column = table + block * LANES
        largest = v_set(-INFINITY)
        for i in range(chain.n_tags):
            largest = v_at_least(largest, v_set(v[i]) + v_load(column + i * chain.stride))
        largest = v_at_least(v_set(LOWEST), largest)
        total = v_set(0)
        for i in range(chain.n_tags):
            total = total + v_exp(v_set(v[i]) + v_load(column + i * chain.stride) - largest)
        v_store(out + block * LANES, v_log(total) + largest)


cdef inline real log_of_sum(const Chain* chain, const real* a, const real* b) noexcept nogil:
    """log sum_j exp(a_j + b_j)."""
    cdef Py_ssize_t block
    cdef vreg best = v_set(LOWEST), total = v_set(0)
    cdef real largest
    for block in range(chain.n_blocks):
        best = v_at_least(best, v_load(a + block * LANES) + v_load(b + block * LANES))
    largest = v_largest(best)
    for block in range(chain.n_blocks):
        total = total + v_exp(v_load(a + block * LANES) + v_load(b + block * LANES)
                              - v_set(largest))
    return <real> log(<double> v_total(total)) + largest


cdef void log_forward_of_sample(const Chain* chain, Py_ssize_t sample, const real* start,
                                const real* end, const real* table, double largest, real* alpha,
                                real* potentials, real* shifts,
                                double* log_partition) noexcept nogil:
    cdef Py_ssize_t t, row = 0, previous, stride = chain.stride
    cdef double total = 0
    for t in range(chain.lengths[sample]):
        previous = row
        row = chain.offsets[t] + sample
        total += raise_emissions(chain, row, start if t == 0 else NULL, potentials + row * stride)
        if t == 0:
            memcpy(alpha + row * stride, potentials + row * stride, stride * sizeof(real))
        else:
            log_product(chain, alpha + previous * stride, table, alpha + row * stride)
            add_row(chain, potentials + row * stride, alpha + row * stride)
            total += largest
        shifts[row] = raise_row(chain, alpha + row * stride)
        total += shifts[row]
    if chain.lengths[sample] > 0:
        total += log_of_sum(chain, alpha + row * stride, end)
    log_partition[0] = total


def crf_log_forward(
    const real[:, :] emissions,          # IN     (n_rows, n_tags)
    const Py_ssize_t[::1] offsets,       # IN     (n_timesteps + 1,)
    const Py_ssize_t[::1] lengths,       # IN     (n_samples,) descending
    const real[::1] start,               # IN     (stride,)
    const real[::1] end,                 # IN     (stride,) end - largest, -infinity behind
    const real[:, ::1] table,            # IN     (n_tags, stride) transitions - largest, the same
    double largest,                      # of the transitions
    real[:, ::1] alpha,                  # OUT    (n_rows, stride) log alpha
    real[:, ::1] potentials,             # OUT    (n_rows, stride) log p
    real[::1] shifts,                    # OUT    (n_rows,) what alpha was raised by
    double[::1] log_partition,           # OUT    (n_samples,) log Z, less the largest of end
    int n_threads,
):
    """crf_forward from logarithms."""
    cdef Chain chain = make_chain(emissions, offsets, lengths, alpha.shape[1], None)
    cdef Py_ssize_t sample
    cdef real* first_alpha = pointer(alpha)
    cdef real* first_potential = pointer(potentials)
    if emissions.shape[0] == 0:
        log_partition[:] = 0
        return
    n_threads = chain_team(&chain, n_threads)
    for sample in prange(chain.n_samples, nogil=True, schedule="dynamic", chunksize=1,
                         num_threads=n_threads):
        log_forward_of_sample(&chain, sample, &start[0], &end[0], &table[0, 0], largest,
                              first_alpha, first_potential, &shifts[0], &log_partition[sample])


cdef void log_backward_of_sample(const Chain* chain, Py_ssize_t sample, const real* end,
                                 const real* columns, const real* shifts, const real* alpha,
                                 real* potentials, real* marginals, real* beta) noexcept nogil:
    cdef Py_ssize_t t, row = 0, block, previous, stride = chain.stride
    cdef real total
    cdef vreg value, weight = v_set(weight_of(chain, sample))
    for t in range(chain.lengths[sample] - 1, -1, -1):
        previous = row
        row = chain.offsets[t] + sample
        if t == chain.lengths[sample] - 1:
            memcpy(beta, end, stride * sizeof(real))
        else:
            log_product(chain, potentials + previous * stride, columns, beta)
            raise_row(chain, beta)
        total = log_of_sum(chain, alpha + row * stride, beta)
        # In this order: a marginal may take the place of its alpha.
        add_row(chain, beta, potentials + row * stride)
        for block in range(chain.n_blocks):
            value = v_exp(v_load(alpha + row * stride + block * LANES)
                          + v_load(beta + block * LANES) - v_set(total)) * weight
            if weight_of(chain, sample) == 0:
                value = v_set(0)
            v_store(marginals + row * stride + block * LANES, value)
            value = v_load(potentials + row * stride + block * LANES)
            v_store(potentials + row * stride + block * LANES,
                    value - v_set(total + shifts[row]))


def crf_log_backward(
    const real[:, :] emissions,          # IN     (n_rows, n_tags)
    const Py_ssize_t[::1] offsets,       # IN     (n_timesteps + 1,)
    const Py_ssize_t[::1] lengths,       # IN     (n_samples,) descending
    const real[::1] weights,             # IN     (n_samples,) or None
    const real[::1] end,                 # IN     (stride,) end - largest, -infinity behind
    const real[:, ::1] columns,          # IN     (n_tags, stride) transitions transposed, the same
    const real[::1] shifts,              # IN     (n_rows,) of crf_log_forward
    const real[:, ::1] alpha,            # IN     (n_rows, stride)
    real[:, ::1] potentials,             # INOUT  (n_rows, stride), then one side of the pairs
    real[:, ::1] marginals,              # OUT    (n_rows, stride) times the weight of the
                                         #        sequence; may be alpha
    real[:, ::1] scratch,                # (n_samples, stride)
    int n_threads,
):
    """crf_backward from logarithms.

    The logarithm of the probability of i at a row and j at its successor is `alpha[row, i]`
    plus transition_ij plus `potentials[successor, j]`.
    """
    cdef Chain chain = make_chain(emissions, offsets, lengths, alpha.shape[1], weights)
    cdef Py_ssize_t sample, stride = chain.stride
    cdef const real* first_alpha = first_or_null(alpha)
    cdef real* first_potential = pointer(potentials)
    cdef real* first_marginal = pointer(marginals)
    cdef real* beta = pointer(scratch)
    if emissions.shape[0] == 0:
        return
    n_threads = chain_team(&chain, n_threads)
    for sample in prange(chain.n_samples, nogil=True, schedule="dynamic", chunksize=1,
                         num_threads=n_threads):
        log_backward_of_sample(&chain, sample, &end[0], &columns[0, 0], &shifts[0], first_alpha,
                               first_potential, first_marginal, beta + sample * stride)


cdef void log_pairs_from(const Chain* chain, Py_ssize_t tag, Py_ssize_t n_timesteps,
                         const real* table, const real* alpha, const real* potentials,
                         real* d_transitions) noexcept nogil:
    """Sums over all rows of the pairs that begin with one tag."""
    cdef Py_ssize_t block, lane, t, b, before, after, stride = chain.stride
    cdef vreg total, transition
    cdef real sums[16]
    for block in range(chain.n_blocks):
        total = v_set(0)
        transition = v_load(table + tag * stride + block * LANES)
        for t in range(1, n_timesteps):
            for b in range(chain.offsets[t + 1] - chain.offsets[t]):
                if weight_of(chain, b) == 0:
                    continue
                before = chain.offsets[t - 1] + b
                after = chain.offsets[t] + b
                total = v_fma(v_set(weight_of(chain, b)), v_exp(
                    v_set(alpha[before * stride + tag]) + transition
                    + v_load(potentials + after * stride + block * LANES)), total)
        v_store(sums, total)
        for lane in range(min(LANES, chain.n_tags - block * LANES)):
            d_transitions[tag * chain.n_tags + block * LANES + lane] = sums[lane]


def crf_log_pairs(
    const real[:, :] emissions,          # IN     (n_rows, n_tags)
    const Py_ssize_t[::1] offsets,       # IN     (n_timesteps + 1,)
    const Py_ssize_t[::1] lengths,       # IN     (n_samples,) descending
    const real[::1] weights,             # IN     (n_samples,) or None
    const real[:, ::1] table,            # IN     (n_tags, stride) transitions - largest
    const real[:, ::1] alpha,            # IN     (n_rows, stride) of crf_log_forward
    const real[:, ::1] potentials,       # IN     (n_rows, stride) of crf_log_backward
    real[:, ::1] d_transitions,          # OUT    (n_tags, n_tags)
    int n_threads,
):
    """Expected numbers of pairs, summed over the rows in their order."""
    cdef Chain chain = make_chain(emissions, offsets, lengths, alpha.shape[1], weights)
    cdef Py_ssize_t tag, n_timesteps = offsets.shape[0] - 1
    cdef const real* first_alpha = first_or_null(alpha)
    cdef const real* first_potential = first_or_null(potentials)
    n_threads = chain_team(&chain, n_threads)
    for tag in prange(chain.n_tags, nogil=True, schedule="static", num_threads=n_threads):
        log_pairs_from(&chain, tag, n_timesteps, &table[0, 0], first_alpha, first_potential,
                       &d_transitions[0, 0])
