# Connectionist temporal classification: Graves, Fernandez, Gomez and Schmidhuber, ICML 2006.
#
# A path names a class at every step; the last class is the blank. A labelling is what is left
# of a path when repetitions and then blanks are taken out, and its probability is the sum over
# its paths. With states s of the labels l_0 ... l_(L-1) put between blanks, l'_(2k+1) = l_k and
# l'_(2k) = blank, S = 2L + 1 in all, y_t(k) the softmax of the outputs and
# e_t(s) = log y_t(l'_s):
#
#     alpha_0(s) = e_0(s) for s = 0, 1
#     alpha_t(s) = e_t(s) + log(exp alpha_(t-1)(s) + exp alpha_(t-1)(s-1) [+ exp alpha_(t-1)(s-2)])
#     beta_(T-1)(s) = 0 for s = S-1, S-2
#     beta_t(s)  = log(exp g_t(s) + exp g_t(s+1) [+ exp g_t(s+2)]),  g_t = beta_(t+1) + e_(t+1)
#     loss       = -log(exp alpha_(T-1)(S-1) + exp alpha_(T-1)(S-2))
#     posterior_t(s) = exp(alpha_t(s) + beta_t(s)) / sum over s of the same
#     d_outputs_t(k) = y_t(k) - sum of posterior_t(s) over the s with l'_s = k
#
# with the terms in brackets where a label differs from the label before it. Everything stays in
# logarithms, so that no length and no certainty is too large. The largest alpha (beta) of a step
# is taken off at the next one, and what was taken off is summed up in double: numbers of either
# dtype stay small, and keep their digits, however long the sequence is. Posteriors are
# normalised step by step, which is the same as dividing by the likelihood, but adds up to one.
#
# Outputs may be packed (row of sample b at step t: offsets[t] + b) or sample after sample
# (starts[b] + t): the row is step_rows[t] + sample_rows[b] for both.

cdef enum:
    EDGE = 2            # states before the first one and behind the last one: what s +- 2 reads
    SCRATCH_ROWS = 3    # skip, emissions, beta: rows of states of a lattice beside alpha

# The logarithm of what no path reaches: not -infinity, whose differences are NaN.
cdef extern from *:
    """
    #define IMPOSSIBLE ((real)-1e30)
    """
    const real IMPOSSIBLE


# One sample. Rows of states have EDGE elements before and behind a whole number of registers.
cdef struct Lattice:
    const real* outputs
    Py_ssize_t output_stride
    Py_ssize_t n_classes
    const Py_ssize_t* step_rows
    Py_ssize_t sample_row
    Py_ssize_t n_steps
    const Py_ssize_t* labels
    Py_ssize_t n_labels
    Py_ssize_t n_states
    Py_ssize_t n_blocks       # registers of states
    Py_ssize_t stride         # of rows of states
    real* largest             # OUT    (n_steps,) of each row of outputs
    real* log_sums            # OUT    (n_steps,) log sum exp(outputs - largest)
    real* skip                # OUT    a row: 0 where s may follow s - 2, else IMPOSSIBLE
    real* emissions           # OUT    a row: e_t
    real* beta                # OUT    a row
    real* alpha               # OUT    n_steps rows, or two if only the loss is wanted


cdef inline Py_ssize_t lattice_stride(Py_ssize_t n_labels) noexcept nogil:
    return ceil_divide(2 * n_labels + 1, LANES) * LANES + 2 * EDGE


def ctc_workspace_size(Py_ssize_t n_steps, Py_ssize_t n_labels, bint with_gradient):
    """Elements of workspace that ctc_loss needs for a sample."""
    cdef Py_ssize_t n_alpha_rows = n_steps if with_gradient else 2
    return 2 * n_steps + (SCRATCH_ROWS + n_alpha_rows) * lattice_stride(n_labels)


def ctc_loss(
    const real[:, :] outputs,            # IN     (n_rows, n_classes), rows contiguous
    const Py_ssize_t[::1] step_rows,     # IN     (n_steps of the longest,)
    const Py_ssize_t[::1] sample_rows,   # IN     (n_samples,)
    const Py_ssize_t[::1] lengths,       # IN     (n_samples,) steps
    const Py_ssize_t[::1] labels,        # IN     label codes of all samples, below n_classes - 1
    const Py_ssize_t[::1] label_starts,  # IN     (n_samples,)
    const Py_ssize_t[::1] n_labels,      # IN     (n_samples,)
    const real[::1] factors,             # IN     (n_samples,) of the gradient
    real[::1] workspace,                 # SCRATCH
    const Py_ssize_t[::1] places,        # IN     (n_samples,) where each sample's workspace is
    double[::1] losses,                  # OUT    (n_samples,)
    real[:, :] d_outputs,                # OUT    (n_rows, n_classes), rows contiguous; or None
    int n_threads,
):
    """Loss of each sample, and its gradient; infinite, with a gradient of NaN, if the labels
    do not fit into the steps."""
    cdef Py_ssize_t sample, n_samples = lengths.shape[0]
    n_threads = team(n_samples, workspace.shape[0], n_threads)
    for sample in prange(n_samples, nogil=True, schedule="dynamic", num_threads=n_threads):
        losses[sample] = ctc_of_sample(
            outputs, &step_rows[0] if step_rows.shape[0] else NULL, sample_rows[sample],
            lengths[sample], &labels[0] + label_starts[sample] if labels.shape[0] else NULL,
            n_labels[sample], factors[sample], &workspace[0] + places[sample], d_outputs)


cdef double ctc_of_sample(const real[:, :] outputs, const Py_ssize_t* step_rows,
                          Py_ssize_t sample_row, Py_ssize_t n_steps, const Py_ssize_t* labels,
                          Py_ssize_t n_labels, real factor, real* workspace,
                          real[:, :] d_outputs) noexcept nogil:
    cdef Lattice lattice
    cdef unsigned int saved
    cdef double log_likelihood
    if n_steps == 0:
        return 0 if n_labels == 0 else INFINITY
    saved = flush_subnormals()
    lattice = make_lattice(outputs, step_rows, sample_row, n_steps, labels, n_labels, workspace)
    normalise_outputs(&lattice, factor, d_outputs)
    log_likelihood = ctc_forward(&lattice, d_outputs is not None)
    if log_likelihood < 0.1 * IMPOSSIBLE:
        log_likelihood = -INFINITY
    if d_outputs is not None:
        if log_likelihood == -INFINITY:
            factor = NAN
        ctc_backward(&lattice, factor, d_outputs)
    restore_subnormals(saved)
    return 0 - log_likelihood


cdef Lattice make_lattice(const real[:, :] outputs, const Py_ssize_t* step_rows,
                          Py_ssize_t sample_row, Py_ssize_t n_steps, const Py_ssize_t* labels,
                          Py_ssize_t n_labels, real* workspace) noexcept nogil:
    """Divide the workspace, and note which states may be skipped."""
    cdef Lattice lattice
    cdef Py_ssize_t k
    lattice.outputs = &outputs[0, 0]
    lattice.output_stride = outputs.strides[0] // <Py_ssize_t> sizeof(real)
    lattice.n_classes = outputs.shape[1]
    lattice.step_rows = step_rows
    lattice.sample_row = sample_row
    lattice.n_steps = n_steps
    lattice.labels = labels
    lattice.n_labels = n_labels
    lattice.n_states = 2 * n_labels + 1
    lattice.n_blocks = ceil_divide(lattice.n_states, LANES)
    lattice.stride = lattice_stride(n_labels)
    lattice.largest = workspace
    lattice.log_sums = workspace + n_steps
    # Pointers to rows of states point to state 0, behind the edge.
    workspace = workspace + 2 * n_steps + EDGE
    lattice.skip = workspace
    lattice.emissions = workspace + lattice.stride
    lattice.beta = workspace + 2 * lattice.stride
    lattice.alpha = workspace + SCRATCH_ROWS * lattice.stride
    fill_row(&lattice, lattice.skip, IMPOSSIBLE)
    fill_row(&lattice, lattice.emissions, IMPOSSIBLE)
    for k in range(1, n_labels):
        if labels[k] != labels[k - 1]:
            lattice.skip[2 * k + 1] = 0
    return lattice


cdef inline void fill_row(const Lattice* lattice, real* row, real value) noexcept nogil:
    cdef Py_ssize_t s
    for s in range(-EDGE, lattice.stride - EDGE):
        row[s] = value


cdef inline const real* output_row(const Lattice* lattice, Py_ssize_t t) noexcept nogil:
    return (lattice.outputs
            + (lattice.step_rows[t] + lattice.sample_row) * lattice.output_stride)


cdef void normalise_outputs(const Lattice* lattice, real factor,
                            real[:, :] d_outputs) noexcept nogil:
    """The softmax of each row, times the factor, into d_outputs; its normaliser is kept."""
    cdef Py_ssize_t t, k, block, n_classes = lattice.n_classes
    cdef const real* row
    cdef real* d_row
    cdef real largest, total
    cdef real exponentials[64]
    for t in range(lattice.n_steps):
        row = output_row(lattice, t)
        largest = row[0]
        for k in range(1, n_classes):
            largest = row[k] if row[k] > largest else largest
        lattice.largest[t] = largest
        d_row = NULL
        if d_outputs is not None:
            d_row = &d_outputs[lattice.step_rows[t] + lattice.sample_row, 0]
        total = 0
        for block in range(ceil_divide(n_classes, LANES)):
            exponentials_of_block(row, largest, block * LANES, n_classes, exponentials)
            for k in range(block * LANES, min((block + 1) * LANES, n_classes)):
                total = total + exponentials[k - block * LANES]
                if d_row != NULL:
                    d_row[k] = exponentials[k - block * LANES]
        lattice.log_sums[t] = total
        if d_row != NULL:
            total = factor / total
            for k in range(n_classes):
                d_row[k] = d_row[k] * total
    apply(logarithm_register, lattice.log_sums, lattice.n_steps)


cdef inline void gather_emissions(const Lattice* lattice, Py_ssize_t t) noexcept nogil:
    cdef const real* row = output_row(lattice, t)
    cdef real largest = lattice.largest[t], log_sum = lattice.log_sums[t]
    cdef real blank = at_least_impossible((row[lattice.n_classes - 1] - largest) - log_sum)
    cdef Py_ssize_t k
    for k in range(lattice.n_labels):
        lattice.emissions[2 * k] = blank
        lattice.emissions[2 * k + 1] = at_least_impossible(
            (row[lattice.labels[k]] - largest) - log_sum)
    lattice.emissions[2 * lattice.n_labels] = blank


cdef inline real at_least_impossible(real x) noexcept nogil:
    return IMPOSSIBLE if x < IMPOSSIBLE else x


cdef inline vreg log_sum_of_three(vreg a, vreg b, vreg c) noexcept nogil:
    """log(exp a + exp b + exp c) of numbers that are not infinite; NaN stays NaN.

    If one of two is NaN, the larger one is the second operand, and the smaller one, with the
    operands swapped, is the first: one of them is NaN.
    """
    cdef vreg larger = v_at_least(a, b), smallest = v_at_most(b, a)
    cdef vreg largest = v_at_least(larger, c), middle = v_at_most(c, larger)
    return largest + v_log(v_set(1) + v_exp(middle - largest) + v_exp(smallest - largest))


cdef double ctc_forward(const Lattice* lattice, bint keeps) noexcept nogil:
    """Rows of alpha; returns the log likelihood."""
    cdef Py_ssize_t t, block, s, n_rows = lattice.n_steps if keeps else 2
    cdef double taken_off = 0
    cdef real largest = 0, last
    cdef real* alpha = lattice.alpha
    cdef real* previous
    cdef vreg value, best
    for t in range(lattice.n_steps):
        previous = alpha
        alpha = lattice.alpha + (t % n_rows) * lattice.stride
        gather_emissions(lattice, t)
        fill_edges(lattice, alpha)
        if t == 0:
            fill_row(lattice, alpha, IMPOSSIBLE)
            alpha[0] = lattice.emissions[0]
            if lattice.n_labels > 0:
                alpha[1] = lattice.emissions[1]
            continue
        if t == 1:
            largest = max(previous[0], previous[1])
        taken_off = taken_off + largest
        best = v_set(2 * IMPOSSIBLE)
        for block in range(lattice.n_blocks):
            s = block * LANES
            value = log_sum_of_three(v_load(previous + s), v_load(previous + s - 1),
                                     v_load(previous + s - 2) + v_load(lattice.skip + s))
            value = value + (v_load(lattice.emissions + s) - v_set(largest))
            # Impossible states would sink lower at every step.
            value = v_at_least(v_set(2 * IMPOSSIBLE), value)
            best = v_at_least(best, value)
            v_store(alpha + s, value)
        largest = v_largest(best)
    last = alpha[lattice.n_states - 1]
    if lattice.n_labels > 0:
        last = log_sum_of_two(last, alpha[lattice.n_states - 2])
    return taken_off + last


cdef inline void fill_edges(const Lattice* lattice, real* row) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(EDGE):
        row[-1 - i] = IMPOSSIBLE
        row[lattice.stride - 2 * EDGE + i] = IMPOSSIBLE


cdef inline real log_sum_of_two(real a, real b) noexcept nogil:
    cdef real lanes[64]
    v_store(lanes, log_sum_of_three(v_set(a), v_set(b), v_set(2 * IMPOSSIBLE)))
    return lanes[0]


cdef void ctc_backward(const Lattice* lattice, real factor, real[:, :] d_outputs) noexcept nogil:
    """Rows of beta, from the last to the first, and what they take off the gradient."""
    cdef Py_ssize_t t, block, s
    cdef real* beta = lattice.beta
    cdef real largest
    cdef real* d_row
    cdef vreg value, best
    fill_row(lattice, beta, IMPOSSIBLE)
    beta[lattice.n_states - 1] = 0
    if lattice.n_labels > 0:
        beta[lattice.n_states - 2] = 0
    for t in range(lattice.n_steps - 1, -1, -1):
        if t < lattice.n_steps - 1:
            # In place: a block reads itself and the next one, which still is that of t + 1.
            for block in range(lattice.n_blocks):
                s = block * LANES
                value = log_sum_of_three(v_load(beta + s), v_load(beta + s + 1),
                                         v_load(beta + s + 2) + v_load(lattice.skip + s + 2))
                v_store(beta + s, v_at_least(v_set(2 * IMPOSSIBLE), value))
        d_row = &d_outputs[lattice.step_rows[t] + lattice.sample_row, 0]
        subtract_posteriors(lattice, lattice.alpha + t * lattice.stride, factor, d_row)
        gather_emissions(lattice, t)
        best = v_set(2 * IMPOSSIBLE)
        for block in range(lattice.n_blocks):
            best = v_at_least(best, v_load(beta + block * LANES))
        largest = v_largest(best)
        for block in range(lattice.n_blocks):
            s = block * LANES
            v_store(beta + s, v_load(beta + s) + (v_load(lattice.emissions + s) - v_set(largest)))


cdef inline void subtract_posteriors(const Lattice* lattice, real* alpha, real factor,
                                     real* d_row) noexcept nogil:
    """d_row -= factor * posterior of each class at a step; alpha is overwritten."""
    cdef Py_ssize_t block, s, k
    cdef vreg value, best = v_set(4 * IMPOSSIBLE)
    cdef real largest, blank = 0, total = 0
    for block in range(lattice.n_blocks):
        s = block * LANES
        value = v_load(alpha + s) + v_load(lattice.beta + s)
        best = v_at_least(best, value)
        v_store(alpha + s, value)
    largest = v_largest(best)
    for block in range(lattice.n_blocks):
        s = block * LANES
        v_store(alpha + s, v_exp(v_load(alpha + s) - v_set(largest)))
    for k in range(lattice.n_labels):
        blank = blank + alpha[2 * k]
        total = total + alpha[2 * k + 1]
    blank = blank + alpha[2 * lattice.n_labels]
    factor = factor / (total + blank)
    for k in range(lattice.n_labels):
        d_row[lattice.labels[k]] -= factor * alpha[2 * k + 1]
    d_row[lattice.n_classes - 1] -= factor * blank
