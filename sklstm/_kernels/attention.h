/* Products between the rows of two sequences: what attention is made of.
 *
 * Rows of a sequence are not a constant distance apart in a packed batch, and neither
 * packing nor transposing them would pay for products this small: the tiles here follow
 * pointers. As in tile.h, each element is summed in one order of its own, whatever the
 * height and the width of its tile.
 */
#ifndef SKLSTM_ATTENTION_H
#define SKLSTM_ATTENTION_H

#include "tile.h"

/* The rows of one sequence of a packed batch: that of step t is row offsets[t] + place. */
typedef struct {
    real *rows;
    ptrdiff_t stride;            /* elements between rows */
    const ptrdiff_t *offsets;
    ptrdiff_t place;             /* of the sequence in the batch */
    ptrdiff_t length;            /* steps */
} SequenceRows;

ALWAYS_INLINE real *sequence_row(const SequenceRows *sequence, ptrdiff_t step) {
    return sequence->rows + (sequence->offsets[step] + sequence->place) * sequence->stride;
}

/* The sum over the lanes, by halves. */
ALWAYS_INLINE real v_sum(vreg v) {
    real parts[REGISTER_BYTES / sizeof(real)];
    v_store(parts, v);
    UNROLL for (int half = LANES / 2; half > 0; half /= 2)
        UNROLL for (int lane = 0; lane < half; lane++) parts[lane] += parts[lane + half];
    return parts[0];
}

/* out[i][j] = sum_k a[i][k] * b[j][k] for `n_rows` steps i of a and `width` steps j of b. */
ALWAYS_INLINE void dot_tile(
    const int n_rows, const int width, const SequenceRows *a, ptrdiff_t first_row,
    const SequenceRows *b, ptrdiff_t first_column, ptrdiff_t n_terms, const SequenceRows *out) {
    Tile tile;
    const real *left[TILE_ROWS], *right[TILE_WIDTH];
    UNROLL for (int m = 0; m < n_rows; m++) left[m] = sequence_row(a, first_row + m);
    UNROLL for (int s = 0; s < width; s++) right[s] = sequence_row(b, first_column + s);
    UNROLL for (int m = 0; m < n_rows; m++) UNROLL for (int s = 0; s < width; s++) tile[m][s] = v_set(0);
    for (ptrdiff_t k = 0; k < n_terms; k += LANES) {
        vreg row[TILE_ROWS];
        UNROLL for (int m = 0; m < n_rows; m++) row[m] = v_load(left[m] + k);
        UNROLL for (int s = 0; s < width; s++) {
            vreg column = v_load(right[s] + k);
            UNROLL for (int m = 0; m < n_rows; m++) tile[m][s] = v_fma(row[m], column, tile[m][s]);
        }
    }
    UNROLL for (int m = 0; m < n_rows; m++) {
        real *sums = sequence_row(out, first_row + m) + first_column;
        UNROLL for (int s = 0; s < width; s++) sums[s] = v_sum(tile[m][s]);
    }
}

/* out[i] (+)= sum_j weights[i][j] * terms[j], or weights[j][i] where they are transposed,
 * for `n_rows` steps i of out and `width` registers of each row. */
ALWAYS_INLINE void combine_tile(
    const int n_rows, const int width, const int transposed, const int accumulate,
    const SequenceRows *weights, const SequenceRows *terms, ptrdiff_t first_row,
    ptrdiff_t first_element, const SequenceRows *out) {
    Tile tile;
    const real *factors[TILE_ROWS];
    real *sums[TILE_ROWS];
    UNROLL for (int m = 0; m < n_rows; m++) {
        sums[m] = sequence_row(out, first_row + m) + first_element;
        factors[m] = transposed ? NULL : sequence_row(weights, first_row + m);
        UNROLL for (int s = 0; s < width; s++) tile[m][s] = accumulate ? v_load(sums[m] + s * LANES) : v_set(0);
    }
    for (ptrdiff_t j = 0; j < terms->length; j++) {
        const real *term = sequence_row(terms, j) + first_element;
        const real *column = transposed ? sequence_row(weights, j) + first_row : NULL;
        vreg broadcast[TILE_ROWS];
        UNROLL for (int m = 0; m < n_rows; m++) broadcast[m] = v_set(transposed ? column[m] : factors[m][j]);
        UNROLL for (int s = 0; s < width; s++) {
            vreg part = v_load(term + s * LANES);
            UNROLL for (int m = 0; m < n_rows; m++) tile[m][s] = v_fma(broadcast[m], part, tile[m][s]);
        }
    }
    UNROLL for (int m = 0; m < n_rows; m++)
        UNROLL for (int s = 0; s < width; s++) v_store(sums[m] + s * LANES, tile[m][s]);
}

#define DOT_TILE_CASE(ROWS) \
    case ROWS: dot_tile(ROWS, width_of_case, a, first_row, b, first_column, n_terms, out); break;
#define DOT_TILE(NAME, WIDTH)                                                                    \
    static void NAME(ptrdiff_t n_rows, const SequenceRows *a, ptrdiff_t first_row,               \
                     const SequenceRows *b, ptrdiff_t first_column, ptrdiff_t n_terms,           \
                     const SequenceRows *out) {                                                  \
        enum { width_of_case = WIDTH };                                                          \
        switch (n_rows) { FOR_EACH_HEIGHT(DOT_TILE_CASE) }                                       \
    }
DOT_TILE(dot_tile_1, 1)
DOT_TILE(dot_tile_2, 2)
DOT_TILE(dot_tile_3, 3)
DOT_TILE(dot_tile_4, 4)

/* The products of every step of a with every step of b; rows of out belong to a's steps. */
static void sequence_dots(const SequenceRows *a, const SequenceRows *b, ptrdiff_t n_terms,
                          const SequenceRows *out) {
    for (ptrdiff_t column = 0; column < b->length; column += TILE_WIDTH) {
        ptrdiff_t height, row = 0;
        for (; row < a->length; row += height) {
            height = tile_height(a->length - row);
            switch (b->length - column) {
            case 1: dot_tile_1(height, a, row, b, column, n_terms, out); break;
            case 2: dot_tile_2(height, a, row, b, column, n_terms, out); break;
            case 3: dot_tile_3(height, a, row, b, column, n_terms, out); break;
            default: dot_tile_4(height, a, row, b, column, n_terms, out); break;
            }
        }
    }
}

#define COMBINE_CASE(ROWS)                                                                       \
    case ROWS:                                                                                   \
        combine_tile(ROWS, width_of_case, transposed_of_case, accumulate_of_case, weights,       \
                     terms, first_row, first_element, out);                                      \
        break;
#define COMBINE_TILE(NAME, WIDTH, TRANSPOSED, ACCUMULATE)                                        \
    static void NAME(ptrdiff_t n_rows, const SequenceRows *weights, const SequenceRows *terms,   \
                     ptrdiff_t first_row, ptrdiff_t first_element, const SequenceRows *out) {    \
        enum { width_of_case = WIDTH, transposed_of_case = TRANSPOSED,                           \
               accumulate_of_case = ACCUMULATE };                                                \
        switch (n_rows) { FOR_EACH_HEIGHT(COMBINE_CASE) }                                        \
    }
/* The sums over all steps of `terms`, for every step of out and n_elements of its rows. */
#define COMBINE_SEQUENCES(NAME, TRANSPOSED, ACCUMULATE)                                          \
    COMBINE_TILE(NAME##_1, 1, TRANSPOSED, ACCUMULATE)                                            \
    COMBINE_TILE(NAME##_2, 2, TRANSPOSED, ACCUMULATE)                                            \
    COMBINE_TILE(NAME##_3, 3, TRANSPOSED, ACCUMULATE)                                            \
    COMBINE_TILE(NAME##_4, 4, TRANSPOSED, ACCUMULATE)                                            \
    static void NAME(const SequenceRows *weights, const SequenceRows *terms,                     \
                     ptrdiff_t n_elements, const SequenceRows *out) {                            \
        for (ptrdiff_t element = 0; element < n_elements; element += TILE_WIDTH * LANES) {       \
            ptrdiff_t height, row = 0;                                                           \
            for (; row < out->length; row += height) {                                           \
                height = tile_height(out->length - row);                                         \
                switch ((n_elements - element) / LANES) {                                        \
                case 1: NAME##_1(height, weights, terms, row, element, out); break;              \
                case 2: NAME##_2(height, weights, terms, row, element, out); break;              \
                case 3: NAME##_3(height, weights, terms, row, element, out); break;              \
                default: NAME##_4(height, weights, terms, row, element, out); break;             \
                }                                                                                \
            }                                                                                    \
        }                                                                                        \
    }
COMBINE_SEQUENCES(combine_steps, 0, 0)
COMBINE_SEQUENCES(combine_transposed, 1, 0)
COMBINE_SEQUENCES(add_transposed, 1, 1)

#endif
