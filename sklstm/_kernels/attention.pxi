# Attention: every step of one sequence (a query) looks at all steps of another (the memory).
#
#     dot        score_ts = q_t . k_s                       (Luong, Pham and Manning 2015)
#     additive   score_ts = w . tanh(q_t + k_s)             (Bahdanau, Cho and Bengio 2015)
#
#     weight_t = softmax over s of score_ts
#     context_t = sum_s weight_ts v_s
#
# and back, with d the gradient of what follows it:
#
#     d weight_ts = d context_t . v_s
#     d score_ts = weight_ts (d weight_ts - sum_u weight_tu d weight_tu)
#     d v_s = sum_t weight_ts d context_t
#     dot:       d q_t = sum_s d score_ts k_s,  d k_s = sum_t d score_ts q_t
#     additive:  with a_ts = tanh(q_t + k_s) and z_ts = d score_ts w (1 - a_ts^2):
#                d q_t = sum_s z_ts,  d k_s = sum_t z_ts,  d w = sum_ts d score_ts a_ts
#
# Queries and memory are two packed batches of the same samples, each in its own order:
# sequence b of the queries looks at sequence memory_place[b] of the memory. Projections
# that make q, k and v of hidden states are products of rows, see dense.pxi. Threads share
# out the sequences; all sums run over the steps of one pair of sequences, in their order.
# Rows are whole registers, zero beyond their size.

cdef extern from "attention.h" nogil:
    ctypedef struct SequenceRows:
        real* rows
        Py_ssize_t stride
        const Py_ssize_t* offsets
        Py_ssize_t place
        Py_ssize_t length
    real* sequence_row(const SequenceRows* sequence, Py_ssize_t step)
    real v_sum(vreg v)
    void sequence_dots(const SequenceRows* a, const SequenceRows* b, Py_ssize_t n_terms,
                       const SequenceRows* out)
    void combine_steps(const SequenceRows* weights, const SequenceRows* terms,
                       Py_ssize_t n_elements, const SequenceRows* out)
    void combine_transposed(const SequenceRows* weights, const SequenceRows* terms,
                            Py_ssize_t n_elements, const SequenceRows* out)
    void add_transposed(const SequenceRows* weights, const SequenceRows* terms,
                        Py_ssize_t n_elements, const SequenceRows* out)


# One pass; or, after `of_sequence`, one pair of sequences.
cdef struct AttentionPass:
    Py_ssize_t n_terms        # elements of q and k
    Py_ssize_t n_values       # elements of v and of the context
    const real* score_weight  # NULL: dot
    SequenceRows queries
    SequenceRows keys
    SequenceRows values
    SequenceRows weights      # rows of the queries
    SequenceRows context
    SequenceRows d_scores
    SequenceRows d_context
    SequenceRows d_queries
    SequenceRows d_keys
    SequenceRows d_values
    bint shares_gradient      # d_values is d_keys: both are added up in one array


cdef inline SequenceRows sequence_rows(const real[:, ::1] rows,
                                       const Py_ssize_t[::1] offsets) noexcept nogil:
    """Rows of a batch, of no sequence yet."""
    cdef SequenceRows sequence
    sequence.rows = pointer(rows)
    sequence.stride = rows.shape[1] if rows is not None else 0
    sequence.offsets = &offsets[0]
    sequence.place = 0
    sequence.length = 0
    return sequence


cdef inline AttentionPass of_sequence(const AttentionPass* attention, Py_ssize_t query_place,
                                      Py_ssize_t n_queries, Py_ssize_t memory_place,
                                      Py_ssize_t n_memory) noexcept nogil:
    """What a pass knows about one pair of sequences."""
    cdef AttentionPass pair = attention[0]
    cdef SequenceRows* of_queries[6]
    cdef SequenceRows* of_memory[4]
    cdef int i
    of_queries[0], of_queries[1], of_queries[2] = &pair.queries, &pair.weights, &pair.context
    of_queries[3], of_queries[4] = &pair.d_scores, &pair.d_context
    of_queries[5] = &pair.d_queries
    of_memory[0], of_memory[1] = &pair.keys, &pair.values
    of_memory[2], of_memory[3] = &pair.d_keys, &pair.d_values
    for i in range(6):
        of_queries[i].place, of_queries[i].length = query_place, n_queries
    for i in range(4):
        of_memory[i].place, of_memory[i].length = memory_place, n_memory
    return pair


cdef inline void softmax_of_row(real* values, Py_ssize_t n_values) noexcept nogil:
    """Scores to weights; a NaN makes all of them NaN."""
    cdef Py_ssize_t i
    cdef real largest = values[0], total = 0
    for i in range(1, n_values):
        if values[i] > largest:
            largest = values[i]
    for i in range(n_values):
        values[i] = values[i] - largest
    apply(exponential_register, values, n_values)
    for i in range(n_values):
        total = total + values[i]
    for i in range(n_values):
        values[i] = values[i] / total


cdef void additive_scores(const AttentionPass* pair) noexcept nogil:
    cdef Py_ssize_t t, s, k
    cdef const real* query
    cdef const real* key
    cdef real* scores
    cdef vreg total
    for t in range(pair.queries.length):
        query = sequence_row(&pair.queries, t)
        scores = sequence_row(&pair.weights, t)
        for s in range(pair.keys.length):
            key = sequence_row(&pair.keys, s)
            total = v_set(0)
            for k in range(pair.n_terms // LANES):
                total = v_fma(v_load(pair.score_weight + k * LANES),
                              v_tanh(v_load(query + k * LANES) + v_load(key + k * LANES)), total)
            scores[s] = v_sum(total)


cdef void attend_sequence(const AttentionPass* pair) noexcept nogil:
    cdef Py_ssize_t t, s, n_memory = pair.keys.length
    cdef real* weights
    if pair.score_weight == NULL:
        sequence_dots(&pair.queries, &pair.keys, pair.n_terms, &pair.weights)
    else:
        additive_scores(pair)
    for t in range(pair.queries.length):
        weights = sequence_row(&pair.weights, t)
        if n_memory > 0:
            softmax_of_row(weights, n_memory)
        for s in range(n_memory, pair.weights.stride):
            weights[s] = 0
    combine_steps(&pair.weights, &pair.values, pair.n_values, &pair.context)


cdef void softmax_backward(const AttentionPass* pair) noexcept nogil:
    """Gradient of the weights, in d_scores, to that of the scores."""
    cdef Py_ssize_t t, s
    cdef const real* weights
    cdef real* gradient
    cdef real mean
    for t in range(pair.queries.length):
        weights = sequence_row(&pair.weights, t)
        gradient = sequence_row(&pair.d_scores, t)
        mean = 0
        for s in range(pair.keys.length):
            mean = mean + weights[s] * gradient[s]
        for s in range(pair.keys.length):
            gradient[s] = weights[s] * (gradient[s] - mean)


cdef void additive_backward(const AttentionPass* pair, real* d_score_weight) noexcept nogil:
    """Register by register of the terms: sums over queries stay in d_keys' rows."""
    cdef Py_ssize_t t, s, k, block
    cdef real* d_key
    cdef const real* d_scores
    cdef vreg query, weight, activation, d_score, z, d_query, d_weight
    for block in range(pair.n_terms // LANES):
        k = block * LANES
        weight = v_load(pair.score_weight + k)
        d_weight = v_set(0)
        for s in range(pair.keys.length):
            v_store(sequence_row(&pair.d_keys, s) + k, v_set(0))
        for t in range(pair.queries.length):
            query = v_load(sequence_row(&pair.queries, t) + k)
            d_scores = sequence_row(&pair.d_scores, t)
            d_query = v_set(0)
            for s in range(pair.keys.length):
                activation = v_tanh(query + v_load(sequence_row(&pair.keys, s) + k))
                d_score = v_set(d_scores[s])
                d_weight = v_fma(d_score, activation, d_weight)
                z = d_score * weight * v_fma(-activation, activation, v_set(1))
                d_query = d_query + z
                d_key = sequence_row(&pair.d_keys, s) + k
                v_store(d_key, v_load(d_key) + z)
            v_store(sequence_row(&pair.d_queries, t) + k, d_query)
        v_store(d_score_weight + k, d_weight)


cdef void attend_sequence_backward(const AttentionPass* pair,
                                   real* d_score_weight) noexcept nogil:
    sequence_dots(&pair.d_context, &pair.values, pair.n_values, &pair.d_scores)
    softmax_backward(pair)
    if pair.score_weight == NULL:
        combine_steps(&pair.d_scores, &pair.keys, pair.n_terms, &pair.d_queries)
        combine_transposed(&pair.d_scores, &pair.queries, pair.n_terms, &pair.d_keys)
    else:
        additive_backward(pair, d_score_weight)
    if pair.shares_gradient:
        add_transposed(&pair.weights, &pair.d_context, pair.n_values, &pair.d_values)
    else:
        combine_transposed(&pair.weights, &pair.d_context, pair.n_values, &pair.d_values)


def attention_forward(
    const real[::1] score_weight,        # IN     (n_terms,) of additive scores; None: dot
    const real[:, ::1] queries,          # IN     (n_query_rows, n_terms)
    const real[:, ::1] keys,             # IN     (n_memory_rows, n_terms)
    const real[:, ::1] values,           # IN     (n_memory_rows, n_values), keys itself allowed
    const Py_ssize_t[::1] query_offsets, # IN     (n_steps + 1,) packed row where each step starts
    const Py_ssize_t[::1] query_lengths, # IN     (n_samples,)
    const Py_ssize_t[::1] memory_offsets,  # IN   the same of the memory
    const Py_ssize_t[::1] memory_lengths,
    const Py_ssize_t[::1] memory_place,  # IN     (n_samples,) sequence that each one looks at;
                                         #        several may look at one
    real[:, ::1] weights,                # OUT    (n_query_rows, >= longest memory): zero beyond
                                         #        a sequence's memory
    real[:, ::1] context,                # OUT    (n_query_rows, n_values)
    int n_threads,
):
    """Weights and contexts of all queries; a context of no memory is zero."""
    cdef AttentionPass attention, pair
    cdef Py_ssize_t b, n_samples = query_lengths.shape[0]
    cdef unsigned int saved
    memset(&attention, 0, sizeof(AttentionPass))
    attention.n_terms, attention.n_values = queries.shape[1], values.shape[1]
    attention.score_weight = &score_weight[0] if score_weight is not None else NULL
    attention.queries = sequence_rows(queries, query_offsets)
    attention.weights = sequence_rows(weights, query_offsets)
    attention.context = sequence_rows(context, query_offsets)
    attention.keys = sequence_rows(keys, memory_offsets)
    attention.values = sequence_rows(values, memory_offsets)
    n_threads = team(n_samples, queries.shape[0] * weights.shape[1] * attention.n_terms,
                     n_threads)
    for b in prange(n_samples, nogil=True, schedule="dynamic", chunksize=1,
                    num_threads=n_threads):
        saved = flush_subnormals()
        pair = of_sequence(&attention, b, query_lengths[b], memory_place[b],
                           memory_lengths[memory_place[b]])
        attend_sequence(&pair)
        restore_subnormals(saved)


def attention_backward(
    const real[::1] score_weight,        # IN     to memory_place: of the forward pass, but
    const real[:, ::1] queries,          #        only one sequence may look at each memory
    const real[:, ::1] keys,
    const real[:, ::1] values,
    const Py_ssize_t[::1] query_offsets,
    const Py_ssize_t[::1] query_lengths,
    const Py_ssize_t[::1] memory_offsets,
    const Py_ssize_t[::1] memory_lengths,
    const Py_ssize_t[::1] memory_place,
    const real[:, ::1] weights,          # IN     (n_query_rows, longest memory or more)
    const real[:, ::1] d_context,        # IN     (n_query_rows, n_values)
    real[:, ::1] d_scores,               # OUT    (n_query_rows, longest memory or more)
    real[:, ::1] d_queries,              # OUT    (n_query_rows, n_terms)
    real[:, ::1] d_keys,                 # OUT    (n_memory_rows, n_terms)
    real[:, ::1] d_values,               # OUT    (n_memory_rows, n_values), or None: keys are
                                         #        values, and d_keys gets the sum
    real[:, ::1] d_score_weight,         # OUT    (n_samples, n_terms) each pair's own; None: dot
    int n_threads,
):
    """Gradients of queries, keys, values and of the weight of additive scores."""
    cdef AttentionPass attention, pair
    cdef Py_ssize_t b, n_samples = query_lengths.shape[0]
    cdef unsigned int saved
    memset(&attention, 0, sizeof(AttentionPass))
    attention.n_terms, attention.n_values = queries.shape[1], values.shape[1]
    attention.score_weight = &score_weight[0] if score_weight is not None else NULL
    attention.queries = sequence_rows(queries, query_offsets)
    attention.weights = sequence_rows(weights, query_offsets)
    attention.d_scores = sequence_rows(d_scores, query_offsets)
    attention.d_context = sequence_rows(d_context, query_offsets)
    attention.d_queries = sequence_rows(d_queries, query_offsets)
    attention.keys = sequence_rows(keys, memory_offsets)
    attention.values = sequence_rows(values, memory_offsets)
    attention.d_keys = sequence_rows(d_keys, memory_offsets)
    attention.shares_gradient = d_values is None
    attention.d_values = sequence_rows(d_keys if d_values is None else d_values, memory_offsets)
    n_threads = team(n_samples, queries.shape[0] * weights.shape[1] * attention.n_terms,
                     n_threads)
    for b in prange(n_samples, nogil=True, schedule="dynamic", chunksize=1,
                    num_threads=n_threads):
        saved = flush_subnormals()
        pair = of_sequence(&attention, b, query_lengths[b], memory_place[b],
                           memory_lengths[memory_place[b]])
        attend_sequence_backward(
            &pair, &d_score_weight[b, 0] if d_score_weight is not None else NULL)
        restore_subnormals(saved)
