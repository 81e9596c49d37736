# What outputs of connectionist temporal classification say. The classes, the states of a
# labelling and the two orders of rows are those of ctc.pxi.

def best_path(
    const real[:, :] outputs,            # IN     (n_rows, n_classes), rows contiguous
    const Py_ssize_t[::1] step_rows,     # IN     (n_steps of the longest,)
    const Py_ssize_t[::1] sample_rows,   # IN     (n_samples,)
    const Py_ssize_t[::1] lengths,       # IN     (n_samples,)
    const Py_ssize_t[::1] starts,        # IN     (n_samples,) where a sample's labels go
    Py_ssize_t[::1] labels,              # OUT    from starts[b] on; room for lengths[b]
    Py_ssize_t[::1] n_labels,            # OUT    (n_samples,)
    int n_threads,
):
    """The labelling of the most probable path: the likeliest class of every step (the first of
    equal ones), without repetitions and blanks."""
    cdef Py_ssize_t sample, n_samples = lengths.shape[0]
    n_threads = team(n_samples, outputs.shape[0] * outputs.shape[1], n_threads)
    for sample in prange(n_samples, nogil=True, schedule="static", num_threads=n_threads):
        n_labels[sample] = best_path_of_sample(outputs, step_rows, sample_rows[sample],
                                               lengths[sample], labels, starts[sample])


cdef Py_ssize_t best_path_of_sample(const real[:, :] outputs, const Py_ssize_t[::1] step_rows,
                                    Py_ssize_t sample_row, Py_ssize_t n_steps,
                                    Py_ssize_t[::1] labels, Py_ssize_t start) noexcept nogil:
    cdef Py_ssize_t t, k, best, previous = -1, count = 0, n_classes = outputs.shape[1]
    cdef const real* row
    for t in range(n_steps):
        row = &outputs[step_rows[t] + sample_row, 0]
        best = 0
        for k in range(1, n_classes):
            if row[k] > row[best]:
                best = k
        if best != previous and best != n_classes - 1:
            labels[start + count] = best
            count = count + 1
        previous = best
    return count


# ---- the best path of given labels ---------------------------------------------------------
#
# Viterbi's algorithm on the states of ctc.pxi: score_t(s) = e_t(s) + the largest of
# score_(t-1)(s), (s-1) and, where a label differs from the one before it, (s-2). Of equal ones
# the path that stays is taken.

def alignment_workspace_size(Py_ssize_t n_steps, Py_ssize_t n_labels):
    """Elements of both workspaces of align_labels for a sample: scores, and moves."""
    return 2 * (2 * n_labels + 1), n_steps * (2 * n_labels + 1)


def align_labels(
    const real[:, :] log_probabilities,  # IN     (n_rows, n_classes), rows contiguous
    const Py_ssize_t[::1] step_rows,     # IN     (n_steps of the longest,)
    const Py_ssize_t[::1] sample_rows,   # IN     (n_samples,)
    const Py_ssize_t[::1] lengths,       # IN     (n_samples,)
    const Py_ssize_t[::1] labels,        # IN     of all samples
    const Py_ssize_t[::1] label_starts,  # IN     (n_samples,)
    const Py_ssize_t[::1] n_labels,      # IN     (n_samples,)
    double[::1] workspace,               # SCRATCH scores
    const Py_ssize_t[::1] places,        # IN     (n_samples,) where each sample's scores are
    signed char[::1] moves,              # SCRATCH
    const Py_ssize_t[::1] move_places,   # IN     (n_samples,)
    Py_ssize_t[:, ::1] spans,            # OUT    (labels of all samples, 2) first, last step
    double[::1] scores,                  # OUT    (n_samples,) log probability of the path
    int n_threads,
):
    """The steps of each label on the best path; -1 and a score of -infinity if there is none."""
    cdef Py_ssize_t sample, n_samples = lengths.shape[0]
    n_threads = team(n_samples, moves.shape[0], n_threads)
    for sample in prange(n_samples, nogil=True, schedule="dynamic", num_threads=n_threads):
        scores[sample] = align_sample(
            log_probabilities, step_rows, sample_rows[sample], lengths[sample],
            &labels[0] + label_starts[sample] if labels.shape[0] else NULL, n_labels[sample],
            &workspace[0] + places[sample], &moves[0] + move_places[sample],
            &spans[0, 0] + 2 * label_starts[sample] if spans.shape[0] else NULL)


cdef double align_sample(const real[:, :] log_probabilities, const Py_ssize_t[::1] step_rows,
                         Py_ssize_t sample_row, Py_ssize_t n_steps, const Py_ssize_t* labels,
                         Py_ssize_t n_labels, double* scores, signed char* moves,
                         Py_ssize_t* spans) noexcept nogil:
    cdef Py_ssize_t t, s, n_states = 2 * n_labels + 1
    cdef double* previous = scores + n_states
    cdef double* swapped
    cdef double last
    for s in range(2 * n_labels):
        spans[s] = -1
    if n_steps == 0:
        return 0 if n_labels == 0 else -INFINITY
    for t in range(n_steps):
        swapped = previous
        previous = scores
        scores = swapped
        align_step(&log_probabilities[step_rows[t] + sample_row, 0],
                   log_probabilities.shape[1] - 1, t, labels, n_states, previous, scores,
                   moves + t * n_states)
    s = n_states - 1
    if n_labels > 0 and not scores[s] >= scores[s - 1]:
        s = s - 1
    last = scores[s]
    if last == -INFINITY:
        return last
    for t in range(n_steps - 1, -1, -1):
        if s % 2 == 1:
            spans[s - 1] = t
            if spans[s] < 0:
                spans[s] = t
        s = s - moves[t * n_states + s]
    return last


cdef inline void align_step(const real* row, Py_ssize_t blank, Py_ssize_t t,
                            const Py_ssize_t* labels, Py_ssize_t n_states,
                            const double* previous, double* scores,
                            signed char* moves) noexcept nogil:
    """Scores of one step, and from how many states before each was reached."""
    cdef Py_ssize_t s
    cdef double best, emission
    for s in range(n_states):
        emission = row[labels[s // 2]] if s % 2 == 1 else row[blank]
        moves[s] = 0
        if t == 0:
            scores[s] = emission if s < 2 else -INFINITY
            continue
        best = previous[s]
        if s > 0 and previous[s - 1] > best:
            best = previous[s - 1]
            moves[s] = 1
        if s % 2 == 1 and s > 1 and labels[s // 2] != labels[s // 2 - 1]:
            if previous[s - 2] > best:
                best = previous[s - 2]
                moves[s] = 2
        scores[s] = best + emission


# ---- edit distance -------------------------------------------------------------------------

def edit_distance(
    const Py_ssize_t[::1] first,         # IN     codes of all sequences
    const Py_ssize_t[::1] first_offsets,   # IN   (n_pairs + 1,)
    const Py_ssize_t[::1] second,        # IN     codes of all sequences
    const Py_ssize_t[::1] second_offsets,  # IN   (n_pairs + 1,)
    Py_ssize_t[::1] row,                 # SCRATCH (longest of the second + 1,)
    Py_ssize_t[::1] distances,           # OUT    (n_pairs,)
):
    """Fewest insertions, deletions and replacements that turn one sequence into the other."""
    cdef Py_ssize_t pair, i, j, diagonal, above, n_columns
    with nogil:
        for pair in range(distances.shape[0]):
            n_columns = second_offsets[pair + 1] - second_offsets[pair]
            for j in range(n_columns + 1):
                row[j] = j
            for i in range(first_offsets[pair], first_offsets[pair + 1]):
                diagonal = row[0]
                row[0] = diagonal + 1
                for j in range(n_columns):
                    above = row[j + 1]
                    if first[i] != second[second_offsets[pair] + j]:
                        diagonal = diagonal + 1
                    row[j + 1] = min(diagonal, above + 1, row[j] + 1)
                    diagonal = above
            distances[pair] = row[n_columns]
