/* The register tile: every product of the library is made of these.
 *
 * n_rows (at most TILE_ROWS) times width (at most TILE_WIDTH) registers accumulate
 *
 *     tile[row][slot] += sum_k operand[row, k] * panel[k][slot]
 *
 * with k ascending, one fused multiply-add a term: the result of a row depends neither
 * on n_rows nor on its neighbours in the tile.
 */
#ifndef SKLSTM_TILE_H
#define SKLSTM_TILE_H

#include "simd.h"

typedef vreg Tile[TILE_ROWS][TILE_WIDTH];

typedef struct {
    const real *rows;          /* first element of the first row */
    ptrdiff_t row_stride;      /* elements between rows */
    ptrdiff_t n_groups;        /* the k axis: n_groups runs of group_length elements, */
    ptrdiff_t group_length;    /* group_stride apart                                  */
    ptrdiff_t group_stride;
    const ptrdiff_t *codes;    /* or NULL; as first operand: row m starts from the bias  */
    ptrdiff_t bias_stride;     /* codes[m] * bias_stride elements on, not from one for all */
} Operand;

ALWAYS_INLINE Operand operand_dense(const real *rows, ptrdiff_t row_stride, ptrdiff_t length) {
    Operand operand = {rows, row_stride, 1, length, length, NULL, 0};
    return operand;
}

/* Rows whose product with the panel stands in a table already, the bias in it. */
ALWAYS_INLINE Operand operand_coded(const real *any, const ptrdiff_t *codes, ptrdiff_t bias_stride) {
    Operand operand = {any, 0, 1, 0, 0, codes, bias_stride};
    return operand;
}

ALWAYS_INLINE Operand operand_grouped(const real *rows, ptrdiff_t row_stride, ptrdiff_t n_groups,
                                      ptrdiff_t group_length, ptrdiff_t group_stride) {
    Operand operand = {rows, row_stride, n_groups, group_length, group_stride, NULL, 0};
    if (group_length == group_stride) {
        operand.n_groups = 1;
        operand.group_length = operand.group_stride = n_groups * group_length;
    }
    return operand;
}

/* n_terms steps along k, panel_stride elements of the panel apart. */
ALWAYS_INLINE const real *tile_accumulate(
    const int n_rows, const int width, const int first_slot, Tile tile,
    const real *a, const ptrdiff_t row_stride, const ptrdiff_t term_stride,
    ptrdiff_t n_terms, const real *panel, const ptrdiff_t panel_stride) {
    for (ptrdiff_t k = 0; k < n_terms; k++) {
        vreg broadcast[TILE_ROWS];
        UNROLL for (int m = 0; m < n_rows; m++) broadcast[m] = v_set(a[m * row_stride]);
        UNROLL for (int s = 0; s < width; s++) {
            vreg w = v_load(panel + s * LANES);
            UNROLL for (int m = 0; m < n_rows; m++)
                tile[m][first_slot + s] = v_fma(broadcast[m], w, tile[m][first_slot + s]);
        }
        a += term_stride;
        panel += panel_stride;
    }
    return panel;
}

ALWAYS_INLINE void tile_multiply_fixed(
    const int n_rows, const int width, const int shift, Tile out,
    const real *bias, const Operand *first, const Operand *second, const real *panel) {
    const int n_slots = width + shift;
    Tile tile;
    UNROLL for (int m = 0; m < n_rows; m++) {
        const real *start = first->codes ? bias + first->codes[m] * first->bias_stride : bias;
        UNROLL for (int s = 0; s < n_slots; s++) tile[m][s] = bias ? v_load(start + s * LANES) : v_set(0);
    }
    const real *a = first->rows;
    for (ptrdiff_t group = 0; group < first->n_groups; group++, a += first->group_stride)
        panel = tile_accumulate(n_rows, width, 0, tile, a, first->row_stride, 1, first->group_length,
                                panel, width * LANES);
    if (second)
        tile_accumulate(n_rows, width, shift, tile, second->rows, second->row_stride, 1,
                        second->group_length, panel, width * LANES);
    UNROLL for (int m = 0; m < n_rows; m++)
        UNROLL for (int s = 0; s < n_slots; s++) out[m][s] = tile[m][s];
}

#if TILE_ROWS == 6
#define FOR_EACH_HEIGHT(CASE) CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6)
#elif TILE_ROWS == 3
#define FOR_EACH_HEIGHT(CASE) CASE(1) CASE(2) CASE(3)
#else
#define FOR_EACH_HEIGHT(CASE) CASE(1) CASE(2)
#endif

#define TILE_MULTIPLY(NAME, WIDTH, SHIFT)                                                        \
    MAYBE_UNUSED static void NAME(ptrdiff_t n_rows, Tile out,             \
        const real *bias, const Operand *first, const Operand *second, const real *panel) {      \
        enum { width_of_case = WIDTH, shift_of_case = SHIFT };                                   \
        switch (n_rows) { FOR_EACH_HEIGHT(TILE_MULTIPLY_CASE) }                                  \
    }
#define TILE_MULTIPLY_CASE(ROWS)                                                                 \
    case ROWS:                                                                                   \
        tile_multiply_fixed(ROWS, width_of_case, shift_of_case, out, bias, first, second, panel); \
        break;
TILE_MULTIPLY(tile_multiply_1, 1, 0)
TILE_MULTIPLY(tile_multiply_2, 2, 0)
TILE_MULTIPLY(tile_multiply_3, 3, 0)
TILE_MULTIPLY(tile_multiply_4, 4, 0)
/* The first operand feeds slots 0 to 2, the second slots 1 to 3: a gate whose input and
 * recurrent parts stay apart until the epilogue. The bias fills all four slots. */
TILE_MULTIPLY(tile_multiply_split, 3, 1)

ALWAYS_INLINE void tile_multiply(ptrdiff_t n_rows, ptrdiff_t width, Tile out,
    const real *bias, const Operand *first, const Operand *second, const real *panel) {
    switch (width) {
    case 1: tile_multiply_1(n_rows, out, bias, first, second, panel); break;
    case 2: tile_multiply_2(n_rows, out, bias, first, second, panel); break;
    case 3: tile_multiply_3(n_rows, out, bias, first, second, panel); break;
    default: tile_multiply_4(n_rows, out, bias, first, second, panel); break;
    }
}

/* The weight gradient: n_columns adjacent columns of a against `width` adjacent registers of
 * each row of a panel, summed over n_terms rows in ascending order onto what `sums` holds. */
#define OUTER_CASE(ROWS)                                                                         \
    case ROWS: {                                                                                 \
        Tile tile;                                                        \
        UNROLL for (int m = 0; m < ROWS; m++)                                                    \
            UNROLL for (int s = 0; s < width_of_case; s++)                                       \
                tile[m][s] = v_load(sums + (m * width_of_case + s) * LANES);                     \
        tile_accumulate(ROWS, width_of_case, 0, tile, a, 1, a_stride, n_terms, panel, panel_stride); \
        UNROLL for (int m = 0; m < ROWS; m++)                                                    \
            UNROLL for (int s = 0; s < width_of_case; s++)                                       \
                v_store(sums + (m * width_of_case + s) * LANES, tile[m][s]);                     \
        break;                                                                                   \
    }
#define TILE_OUTER(NAME, WIDTH)                                                                  \
    static void NAME(ptrdiff_t n_columns, real *sums, const real *a, ptrdiff_t a_stride,         \
                     ptrdiff_t n_terms, const real *panel, ptrdiff_t panel_stride) {             \
        enum { width_of_case = WIDTH };                                                          \
        switch (n_columns) { FOR_EACH_HEIGHT(OUTER_CASE) }                                       \
    }
TILE_OUTER(tile_outer_1, 1)
TILE_OUTER(tile_outer_2, 2)
TILE_OUTER(tile_outer_3, 3)
TILE_OUTER(tile_outer_4, 4)

ALWAYS_INLINE void tile_outer(ptrdiff_t n_columns, ptrdiff_t width, real *sums, const real *a,
                              ptrdiff_t a_stride, ptrdiff_t n_terms, const real *panel,
                              ptrdiff_t panel_stride) {
    switch (width) {
    case 1: tile_outer_1(n_columns, sums, a, a_stride, n_terms, panel, panel_stride); break;
    case 2: tile_outer_2(n_columns, sums, a, a_stride, n_terms, panel, panel_stride); break;
    case 3: tile_outer_3(n_columns, sums, a, a_stride, n_terms, panel, panel_stride); break;
    default: tile_outer_4(n_columns, sums, a, a_stride, n_terms, panel, panel_stride); break;
    }
}

/* The height of the next tile when n_rows are left: full ones, and the last two alike. */
ALWAYS_INLINE ptrdiff_t tile_height(ptrdiff_t n_rows) {
    if (n_rows <= TILE_ROWS) return n_rows;
    if (n_rows >= 2 * TILE_ROWS) return TILE_ROWS;
    return (n_rows + 1) / 2;
}

#endif
