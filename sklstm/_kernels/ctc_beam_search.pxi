# Prefix beam search for connectionist temporal classification (Graves et al. 2006, section 3.2;
# in this form Hannun et al. 2014). With p_b(l) and p_n(l) the probability of all paths of the
# first t steps that stand for the prefix l and end with a blank, or with its last label,
#
#     p_b'(l)     = y_t(blank) * (p_b(l) + p_n(l))
#     p_n'(l)     = y_t(last label) * p_n(l)                      the label goes on
#     p_n'(l + k) = y_t(k) * (p_b(l) + p_n(l)),  or y_t(k) * p_b(l) if k is the last label of l
#
# and after each step the `beam_width` prefixes with the largest p_b + p_n are kept; all in
# logarithms. With a beam as wide as there are prefixes the result is the most probable
# labelling; best_path finds the labelling of the most probable path, which is another question.
#
# Prefixes are nodes of a tree, each of which is made once: a prefix that left the beam and comes
# back is the same node. A node is made when its prefix is kept, never for a mere candidate.
# Where candidates are equally probable, the one that came first stays: of prefixes in the beam
# in its order, each before its extensions, those in the order of the classes.

cdef struct Prefix:           # a node
    Py_ssize_t parent         # -1: of the root, the empty prefix
    Py_ssize_t label
    Py_ssize_t first_child
    Py_ssize_t next_sibling

cdef struct Candidate:
    double total              # log(p_b + p_n)
    double blank              # log p_b
    double label              # log p_n
    Py_ssize_t node           # -1: an extension that has none yet
    Py_ssize_t parent         # of an extension: the node it extends, and by what
    Py_ssize_t extension
    Py_ssize_t order          # of arrival, for equal totals


cdef inline double log_add(double a, double b) noexcept nogil:
    cdef double larger = a if a > b else b, smaller = b if a > b else a
    if larger == -INFINITY:
        return larger
    return larger + log1p(exp(smaller - larger))


def beam_workspace_size(Py_ssize_t n_steps, Py_ssize_t beam_width):
    """Bytes of workspace that prefix_beam_search needs for a sequence of so many steps."""
    return ((1 + n_steps * beam_width) * <Py_ssize_t> sizeof(Prefix)
            + 2 * beam_width * <Py_ssize_t> sizeof(Candidate))


def prefix_beam_search(
    const real[:, :] log_probabilities,  # IN     (n_rows, n_classes), rows contiguous
    const Py_ssize_t[::1] step_rows,     # IN     (n_steps of the longest,)
    const Py_ssize_t[::1] sample_rows,   # IN     (n_samples,)
    const Py_ssize_t[::1] lengths,       # IN     (n_samples,)
    Py_ssize_t beam_width,
    char[:, ::1] workspace,              # SCRATCH (n_threads, beam_workspace_size of the longest)
    const Py_ssize_t[::1] starts,        # IN     (n_samples,) where a sample's labels go
    Py_ssize_t[::1] labels,              # OUT    from starts[b] on; room for lengths[b]
    Py_ssize_t[::1] n_labels,            # OUT    (n_samples,)
    double[::1] scores,                  # OUT    (n_samples,) log probability of the labels,
                                         #        without the paths that left the beam
    int n_threads,
):
    """The best labelling that the beam found for each sample."""
    cdef Py_ssize_t sample, n_samples = lengths.shape[0]
    cdef int n_team = team(n_samples, log_probabilities.shape[0] * log_probabilities.shape[1]
                           * beam_width, n_threads)
    for sample in prange(n_samples, nogil=True, schedule="dynamic", num_threads=n_team):
        n_labels[sample] = beam_search_of_sample(
            log_probabilities, step_rows, sample_rows[sample], lengths[sample], beam_width,
            &workspace[threadid(), 0], &labels[0] + starts[sample] if labels.shape[0] else NULL,
            &scores[sample])


cdef Py_ssize_t beam_search_of_sample(const real[:, :] log_probabilities,
                                      const Py_ssize_t[::1] step_rows, Py_ssize_t sample_row,
                                      Py_ssize_t n_steps, Py_ssize_t beam_width,
                                      char* workspace, Py_ssize_t* labels,
                                      double* score) noexcept nogil:
    cdef Candidate* beam = <Candidate*> workspace
    cdef Candidate* kept = beam + beam_width
    cdef Candidate* swapped
    cdef Prefix* tree = <Prefix*> (kept + beam_width)
    cdef Py_ssize_t t, i, n_beam = 1, n_nodes = 1, best = 0
    tree[0] = make_prefix(-1, -1, -1)
    beam[0] = make_candidate(0, -INFINITY, 0, 0)
    for t in range(n_steps):
        n_beam = extend_beam(&log_probabilities[step_rows[t] + sample_row, 0],
                             log_probabilities.shape[1] - 1, tree, beam, n_beam, kept,
                             beam_width)
        swapped = beam
        beam = kept
        kept = swapped
        for i in range(n_beam):
            if beam[i].node < 0:
                beam[i].node = child_of(tree, beam[i].parent, beam[i].extension, &n_nodes)
    for i in range(1, n_beam):
        if is_better(&beam[i], &beam[best]):
            best = i
    score[0] = beam[best].total
    return write_prefix(tree, beam[best].node, labels)


cdef inline Prefix make_prefix(Py_ssize_t parent, Py_ssize_t label,
                               Py_ssize_t next_sibling) noexcept nogil:
    cdef Prefix prefix
    prefix.parent = parent
    prefix.label = label
    prefix.first_child = -1
    prefix.next_sibling = next_sibling
    return prefix


cdef inline Candidate make_candidate(double blank, double label, Py_ssize_t node,
                                     Py_ssize_t order) noexcept nogil:
    cdef Candidate candidate
    candidate.blank = blank
    candidate.label = label
    candidate.total = log_add(blank, label)
    candidate.node = node
    candidate.parent = -1
    candidate.extension = -1
    candidate.order = order
    return candidate


cdef inline bint is_better(const Candidate* a, const Candidate* b) noexcept nogil:
    return a.total > b.total or (a.total == b.total and a.order < b.order)


cdef Py_ssize_t extend_beam(const real* row, Py_ssize_t blank, const Prefix* tree,
                            const Candidate* beam, Py_ssize_t n_beam, Candidate* kept,
                            Py_ssize_t beam_width) noexcept nogil:
    """All candidates of the next step, of which the best are kept; returns their number."""
    cdef Py_ssize_t i, j, k, last, n_kept = 0, order = 0
    cdef double label
    cdef Candidate candidate
    for i in range(n_beam):
        last = tree[beam[i].node].label
        label = -INFINITY
        if last >= 0:
            label = row[last] + beam[i].label
            # What arrives from the prefix without its last label, if the beam has it.
            j = position_in_beam(beam, n_beam, tree[beam[i].node].parent)
            if j >= 0:
                label = log_add(label, row[last] + mass_before(tree, &beam[j], last))
        candidate = make_candidate(row[blank] + beam[i].total, label, beam[i].node, order)
        n_kept = keep(kept, n_kept, beam_width, &candidate)
        order = order + 1
        for k in range(blank):
            candidate.label = row[k] + mass_before(tree, &beam[i], k)
            order = order + 1
            if n_kept == beam_width and not candidate.label > kept[0].total:
                continue
            if candidate.label == -INFINITY or has_child_in_beam(tree, beam, n_beam,
                                                                 beam[i].node, k):
                continue
            candidate.total = candidate.label
            candidate.blank = -INFINITY
            candidate.node = -1
            candidate.parent = beam[i].node
            candidate.extension = k
            candidate.order = order
            n_kept = keep(kept, n_kept, beam_width, &candidate)
    return n_kept


cdef inline double mass_before(const Prefix* tree, const Candidate* prefix,
                               Py_ssize_t label) noexcept nogil:
    """Log probability of the paths of a prefix after which a label is a new one."""
    return prefix.blank if tree[prefix.node].label == label else prefix.total


cdef inline Py_ssize_t position_in_beam(const Candidate* beam, Py_ssize_t n_beam,
                                        Py_ssize_t node) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n_beam):
        if beam[i].node == node:
            return i
    return -1


cdef inline bint has_child_in_beam(const Prefix* tree, const Candidate* beam, Py_ssize_t n_beam,
                                   Py_ssize_t node, Py_ssize_t label) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n_beam):
        if tree[beam[i].node].parent == node and tree[beam[i].node].label == label:
            return True
    return False


cdef Py_ssize_t keep(Candidate* heap, Py_ssize_t n_kept, Py_ssize_t beam_width,
                     const Candidate* candidate) noexcept nogil:
    """Put a candidate into a heap of limited size, the worst one on top; returns its size."""
    cdef Py_ssize_t place = n_kept, other
    cdef Candidate moved
    if n_kept < beam_width:
        heap[place] = candidate[0]
        while place > 0 and is_better(&heap[(place - 1) // 2], &heap[place]):
            other = (place - 1) // 2
            moved = heap[place]
            heap[place] = heap[other]
            heap[other] = moved
            place = other
        return n_kept + 1
    if not is_better(candidate, &heap[0]):
        return n_kept
    heap[0] = candidate[0]
    place = 0
    while 2 * place + 1 < n_kept:
        other = 2 * place + 1
        if other + 1 < n_kept and is_better(&heap[other], &heap[other + 1]):
            other = other + 1
        if is_better(&heap[other], &heap[place]):
            break
        moved = heap[place]
        heap[place] = heap[other]
        heap[other] = moved
        place = other
    return n_kept


cdef Py_ssize_t child_of(Prefix* tree, Py_ssize_t parent, Py_ssize_t label,
                         Py_ssize_t* n_nodes) noexcept nogil:
    """The node of a prefix with one more label, made if there is none."""
    cdef Py_ssize_t node = tree[parent].first_child
    while node >= 0:
        if tree[node].label == label:
            return node
        node = tree[node].next_sibling
    node = n_nodes[0]
    n_nodes[0] = node + 1
    tree[node] = make_prefix(parent, label, tree[parent].first_child)
    tree[parent].first_child = node
    return node


cdef Py_ssize_t write_prefix(const Prefix* tree, Py_ssize_t node,
                             Py_ssize_t* labels) noexcept nogil:
    cdef Py_ssize_t n_labels = 0, place = node
    while tree[place].parent >= 0:
        n_labels = n_labels + 1
        place = tree[place].parent
    place = n_labels
    while tree[node].parent >= 0:
        place = place - 1
        labels[place] = tree[node].label
        node = tree[node].parent
    return n_labels
