# Single sequences of tags in a linear chain (equations in crf.pxi): the score of a given one,
# its part of the gradient, and the best one (Viterbi 1967).

cdef double score_of_path(const Chain* chain, Py_ssize_t sample, const Py_ssize_t* codes,
                          const real* start, const real* transitions,
                          const real* end) noexcept nogil:
    """s(y), added up in double precision; 0 without steps."""
    cdef Py_ssize_t t, row, code = 0, previous = 0
    cdef double score = 0
    for t in range(chain.lengths[sample]):
        row = chain.offsets[t] + sample
        code = codes[row]
        score += chain.emissions[row * chain.emission_stride + code]
        score += start[code] if t == 0 else transitions[previous * chain.n_tags + code]
        previous = code
    if chain.lengths[sample] > 0:
        score += end[code]
    return score


def crf_path_scores(
    const real[:, :] emissions,          # IN     (n_rows, n_tags)
    const Py_ssize_t[::1] offsets,       # IN     (n_timesteps + 1,)
    const Py_ssize_t[::1] lengths,       # IN     (n_samples,) descending
    const Py_ssize_t[::1] codes,         # IN     (n_rows,) tags
    const real[::1] start,               # IN     (n_tags,)
    const real[:, ::1] transitions,      # IN     (n_tags, n_tags)
    const real[::1] end,                 # IN     (n_tags,)
    double[::1] scores,                  # OUT    (n_samples,)
):
    """The score of one sequence of tags for every sample."""
    cdef Chain chain = make_chain(emissions, offsets, lengths, emissions.shape[1], None)
    cdef Py_ssize_t sample
    if codes.shape[0] == 0:
        scores[:] = 0
        return
    with nogil:
        for sample in range(chain.n_samples):
            scores[sample] = score_of_path(&chain, sample, &codes[0], &start[0],
                                           &transitions[0, 0], &end[0])


def crf_subtract_path(
    const Py_ssize_t[::1] offsets,       # IN     (n_timesteps + 1,)
    const Py_ssize_t[::1] lengths,       # IN     (n_samples,) descending
    const Py_ssize_t[::1] codes,         # IN     (n_rows,) tags
    const real[::1] weights,             # IN     (n_samples,) or None
    real[:, ::1] d_emissions,            # INOUT  (n_rows, stride) marginals, then the gradient
    real[:, ::1] d_transitions,          # INOUT  (n_tags, n_tags) the same for pairs
    real[::1] d_start,                   # OUT    (n_tags,)
    real[::1] d_end,                     # OUT    (n_tags,)
):
    """What is expected less what is there; sums over samples go in the order of the batch."""
    cdef Py_ssize_t t, b, row, last, tag, n_tags = d_start.shape[0]
    cdef real weight
    with nogil:
        d_start[:] = 0
        d_end[:] = 0
        for t in range(offsets.shape[0] - 1):
            for b in range(offsets[t + 1] - offsets[t]):
                row = offsets[t] + b
                weight = 1 if weights is None else weights[b]
                d_emissions[row, codes[row]] -= weight
                if t > 0:
                    d_transitions[codes[offsets[t - 1] + b], codes[row]] -= weight
        for b in range(lengths.shape[0]):
            if lengths[b] > 0:
                last = offsets[lengths[b] - 1] + b
                for tag in range(n_tags):
                    d_start[tag] += d_emissions[b, tag]
                    d_end[tag] += d_emissions[last, tag]


# ---- the best path ----

cdef inline void best_scores(const Chain* chain, Py_ssize_t row, const real* previous,
                             const real* start, const real* table, real* scores,
                             vreg* undefined) noexcept nogil:
    """Scores of the best paths to each tag of a row, less the largest of them."""
    cdef vreg best[4]
    cdef vreg value, highest = v_set(-INFINITY)
    cdef Py_ssize_t first_block = 0, block, unit, width
    cdef real largest
    while first_block < chain.n_blocks:
        width = min(TILE_WIDTH, chain.n_blocks - first_block)
        if previous != NULL:
            max_plus(width, previous, chain.n_tags, table + first_block * LANES, chain.stride,
                     best)
        for block in range(width):
            unit = (first_block + block) * LANES
            value = load_tags(chain, row, first_block + block)
            undefined[0] = undefined[0] + v_step(value)
            value = value + (best[block] if previous != NULL else v_load(start + unit))
            v_store(scores + unit, value)
            highest = v_at_least(highest, value)
        first_block += width
    largest = v_largest(highest)
    if isfinite(largest):
        for block in range(chain.n_blocks):
            v_store(scores + block * LANES, v_load(scores + block * LANES) - v_set(largest))


cdef inline Py_ssize_t best_tag(const real* scores, const real* column,
                                Py_ssize_t n_tags) noexcept nogil:
    """The tag with the largest score, the first of equal ones."""
    cdef Py_ssize_t tag, best = 0
    cdef real value, highest = -INFINITY
    for tag in range(n_tags):
        value = scores[tag] + column[tag]
        if value > highest:
            highest = value
            best = tag
    return best


cdef void viterbi_of_sample(const Chain* chain, Py_ssize_t sample, const real* start,
                            const real* table, const real* columns, const real* end,
                            real* scores, Py_ssize_t* codes, double* undefined) noexcept nogil:
    """Forward for the scores; backward from the last tag to what its score was made of."""
    cdef Py_ssize_t t, row = sample, previous, stride = chain.stride
    cdef Py_ssize_t length = chain.lengths[sample]
    cdef vreg seen = v_set(0)
    for t in range(length):
        previous = row
        row = chain.offsets[t] + sample
        best_scores(chain, row, NULL if t == 0 else scores + previous * stride, start, table,
                    scores + row * stride, &seen)
    undefined[0] = v_total(seen)
    for t in range(length - 1, -1, -1):
        previous = row
        row = chain.offsets[t] + sample
        codes[row] = best_tag(
            scores + row * stride,
            end if t == length - 1 else columns + codes[previous] * stride, chain.n_tags)


def crf_viterbi(
    const real[:, :] emissions,          # IN     (n_rows, n_tags)
    const Py_ssize_t[::1] offsets,       # IN     (n_timesteps + 1,)
    const Py_ssize_t[::1] lengths,       # IN     (n_samples,) descending
    const real[::1] start,               # IN     (stride,), any value behind n_tags
    const real[:, ::1] table,            # IN     (n_tags, stride) transitions, the same
    const real[:, ::1] columns,          # IN     (n_tags, stride) transitions transposed
    const real[::1] end,                 # IN     (n_tags,)
    real[:, ::1] scores,                 # OUT    (n_rows, stride) of the best paths to a tag
    Py_ssize_t[::1] codes,               # OUT    (n_rows,) the best path
    double[::1] undefined,               # OUT    (n_samples,) NaN where an emission is NaN
    int n_threads,
):
    """The best sequence of tags; of equal ones that with the lower tag at the last difference."""
    cdef Chain chain = make_chain(emissions, offsets, lengths, scores.shape[1], None)
    cdef Py_ssize_t sample
    if codes.shape[0] == 0:
        undefined[:] = 0
        return
    n_threads = chain_team(&chain, n_threads)
    for sample in prange(chain.n_samples, nogil=True, schedule="dynamic", chunksize=1,
                         num_threads=n_threads):
        viterbi_of_sample(&chain, sample, &start[0], &table[0, 0], &columns[0, 0], &end[0],
                          &scores[0, 0], &codes[0], &undefined[sample])
