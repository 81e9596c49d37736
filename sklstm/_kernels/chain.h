/* What a linear chain of tags needs beside products: one number out of a register, and the
 * product in which sums are maxima and products are sums.
 *
 * Lanes are combined in halves, the upper onto the lower, whatever the compiler offers: a
 * row is summed in the same order by every copy of a kernel.
 */
#ifndef SKLSTM_CHAIN_H
#define SKLSTM_CHAIN_H

#include <float.h>

#include "tile.h"

#ifdef SKLSTM_FLOAT64
#define LOWEST (-DBL_MAX)
#else
#define LOWEST (-FLT_MAX)
#endif

ALWAYS_INLINE real v_total(vreg v) {
    real lane[REGISTER_BYTES / sizeof(real)];
    v_store(lane, v);
    UNROLL for (int half = LANES / 2; half > 0; half /= 2)
        UNROLL for (int i = 0; i < half; i++) lane[i] += lane[i + half];
    return lane[0];
}

/* A NaN may or may not come out. */
ALWAYS_INLINE real v_largest(vreg v) {
    real lane[REGISTER_BYTES / sizeof(real)];
    v_store(lane, v);
    UNROLL for (int half = LANES / 2; half > 0; half /= 2)
        UNROLL for (int i = 0; i < half; i++) lane[i] = lane[i + half] > lane[i] ? lane[i + half] : lane[i];
    return lane[0];
}

/* The power of two that brings a positive number into [1, 2); NaN for one that is not finite. */
ALWAYS_INLINE real unit_scale(real x) {
    real_bits bits, exponent;
    memcpy(&bits, &x, sizeof x);
    exponent = bits >> MANTISSA_BITS & (2 * EXPONENT_BIAS + 1);
    if (exponent == 2 * EXPONENT_BIAS + 1) return (real)NAN;
    bits = (2 * EXPONENT_BIAS - exponent) << MANTISSA_BITS;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* The first n of a register's lanes from memory that may end behind them. */
ALWAYS_INLINE vreg v_load_part(const real *p, ptrdiff_t n, real rest) {
    real lane[REGISTER_BYTES / sizeof(real)];
    for (int i = 0; i < LANES; i++) lane[i] = i < n ? p[i] : rest;
    return v_load(lane);
}

/* best[s] = max_k a[k] + table[k][s] for `width` adjacent registers of each row of a table. */
ALWAYS_INLINE void max_plus_fixed(const int width, const real *a, ptrdiff_t n_terms,
                                  const real *table, ptrdiff_t stride, vreg *out) {
    vreg best[TILE_WIDTH];
    UNROLL for (int s = 0; s < width; s++) best[s] = v_set(-(real)INFINITY);
    for (ptrdiff_t k = 0; k < n_terms; k++) {
        vreg term = v_set(a[k]);
        UNROLL for (int s = 0; s < width; s++)
            best[s] = v_at_least(best[s], term + v_load(table + k * stride + s * LANES));
    }
    UNROLL for (int s = 0; s < width; s++) out[s] = best[s];
}

MAYBE_UNUSED static void max_plus(ptrdiff_t width, const real *a, ptrdiff_t n_terms,
                                  const real *table, ptrdiff_t stride, vreg *out) {
    switch (width) {
    case 1: max_plus_fixed(1, a, n_terms, table, stride, out); break;
    case 2: max_plus_fixed(2, a, n_terms, table, stride, out); break;
    case 3: max_plus_fixed(3, a, n_terms, table, stride, out); break;
    default: max_plus_fixed(4, a, n_terms, table, stride, out); break;
    }
}

#endif
