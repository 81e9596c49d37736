/* The SIMD register type and everything that depends on its width.
 *
 * One translation unit is compiled per instruction set and dtype. `real` is the
 * element type, `vreg` one register of LANES elements, TILE_ROWS the height of the
 * register tile. Arithmetic operators on `vreg` are elementwise.
 *
 * The build passes -ffp-contract=off, so a multiplication and an addition are fused
 * only where `v_fma` is written: every copy of a kernel rounds alike, whatever the
 * height of the tile it was unrolled for.
 */
#ifndef SKLSTM_SIMD_H
#define SKLSTM_SIMD_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#endif

#if defined(__GNUC__)
#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 16")
#define MAYBE_UNUSED __attribute__((unused))
#else
#define ALWAYS_INLINE static inline
#define UNROLL
#define MAYBE_UNUSED
#endif

#ifdef SKLSTM_FLOAT64
typedef double real;
typedef uint64_t real_bits;
#define MANTISSA_BITS 52
#define EXPONENT_BIAS 1023
#else
typedef float real;
typedef uint32_t real_bits;
#define MANTISSA_BITS 23
#define EXPONENT_BIAS 127
#endif

/* Tile heights fill the register file: accumulators (TILE_ROWS x 4), the broadcast
 * inputs and one weight register. AVX-512 has 32 registers, AVX2 and SSE have 16. */
#if defined(__AVX512F__)
#define REGISTER_BYTES 64
#define TILE_ROWS 6
#elif defined(__AVX2__) && defined(__FMA__)
#define REGISTER_BYTES 32
#define TILE_ROWS 3
#elif defined(__GNUC__) && defined(__aarch64__)
#define REGISTER_BYTES 16
#define TILE_ROWS 6
#elif defined(__GNUC__)
#define REGISTER_BYTES 16
#define TILE_ROWS 2
#else
#define SKLSTM_SCALAR
#define TILE_ROWS 2
#ifdef SKLSTM_FLOAT64
#define REGISTER_BYTES 8
#else
#define REGISTER_BYTES 4
#endif
#endif
#define LANES ((int)(REGISTER_BYTES / sizeof(real)))
#define TILE_WIDTH 4

/* ---- registers ---------------------------------------------------------------- */

#ifdef SKLSTM_SCALAR
typedef real vreg;
typedef real_bits vbits;
#else
typedef real vreg __attribute__((vector_size(REGISTER_BYTES)));
typedef real_bits vbits __attribute__((vector_size(REGISTER_BYTES)));
#endif

ALWAYS_INLINE vreg v_load(const real *p) { vreg v; memcpy(&v, p, sizeof v); return v; }
ALWAYS_INLINE void v_store(real *p, vreg v) { memcpy(p, &v, sizeof v); }
ALWAYS_INLINE vbits v_bits(vreg v) { vbits b; memcpy(&b, &v, sizeof b); return b; }
ALWAYS_INLINE vreg v_from_bits(vbits b) { vreg v; memcpy(&v, &b, sizeof v); return v; }

/* x in every lane. The difference is exact for every x, -0.0 included, so the compiler
 * makes it one broadcast; a sum with 0.0 would have to be computed (45
 * instead of 33 instructions for 24 products). */
#ifdef SKLSTM_SCALAR
ALWAYS_INLINE vreg v_set(real x) { return x; }
ALWAYS_INLINE vbits v_sign_mask(void) { return (real_bits)1 << (8 * sizeof(real) - 1); }
#else
ALWAYS_INLINE vreg v_set(real x) { return x - (vreg){0}; }
ALWAYS_INLINE vbits v_sign_mask(void) { return (vbits){0} + ((real_bits)1 << (8 * sizeof(real) - 1)); }
#endif

/* a * b + c, rounded once where the instruction set can, and otherwise twice. */
#if defined(__AVX512F__) && defined(SKLSTM_FLOAT64)
ALWAYS_INLINE vreg v_fma(vreg a, vreg b, vreg c) { return (vreg)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c); }
#elif defined(__AVX512F__)
ALWAYS_INLINE vreg v_fma(vreg a, vreg b, vreg c) { return (vreg)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c); }
#elif REGISTER_BYTES == 32 && defined(SKLSTM_FLOAT64)
ALWAYS_INLINE vreg v_fma(vreg a, vreg b, vreg c) { return (vreg)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c); }
#elif REGISTER_BYTES == 32
ALWAYS_INLINE vreg v_fma(vreg a, vreg b, vreg c) { return (vreg)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c); }
#elif defined(__aarch64__) && !defined(SKLSTM_SCALAR)
ALWAYS_INLINE vreg v_fma(vreg a, vreg b, vreg c) {
    for (int lane = 0; lane < LANES; lane++)
        c[lane] = sizeof(real) == 8 ? __builtin_fma(a[lane], b[lane], c[lane])
                                    : __builtin_fmaf(a[lane], b[lane], c[lane]);
    return c;
}
#else
ALWAYS_INLINE vreg v_fma(vreg a, vreg b, vreg c) { return a * b + c; }
#endif

/* a where the mask is set, otherwise b. */
#ifdef SKLSTM_SCALAR
ALWAYS_INLINE vreg v_select(vbits mask, vreg a, vreg b) { return mask ? a : b; }
#else
ALWAYS_INLINE vreg v_select(vbits mask, vreg a, vreg b) { return v_from_bits((v_bits(a) & mask) | (v_bits(b) & ~mask)); }
#endif

/* The larger (smaller) of a bound and x. A NaN in x stays NaN: x is the second operand,
 * which is what the x86 instructions return when the comparison is unordered. */
#if defined(__AVX512F__) && defined(SKLSTM_FLOAT64)
ALWAYS_INLINE vreg v_at_least(vreg bound, vreg x) { return (vreg)_mm512_max_pd((__m512d)bound, (__m512d)x); }
ALWAYS_INLINE vreg v_at_most(vreg bound, vreg x) { return (vreg)_mm512_min_pd((__m512d)bound, (__m512d)x); }
#elif defined(__AVX512F__)
ALWAYS_INLINE vreg v_at_least(vreg bound, vreg x) { return (vreg)_mm512_max_ps((__m512)bound, (__m512)x); }
ALWAYS_INLINE vreg v_at_most(vreg bound, vreg x) { return (vreg)_mm512_min_ps((__m512)bound, (__m512)x); }
#elif REGISTER_BYTES == 32 && defined(SKLSTM_FLOAT64)
ALWAYS_INLINE vreg v_at_least(vreg bound, vreg x) { return (vreg)_mm256_max_pd((__m256d)bound, (__m256d)x); }
ALWAYS_INLINE vreg v_at_most(vreg bound, vreg x) { return (vreg)_mm256_min_pd((__m256d)bound, (__m256d)x); }
#elif REGISTER_BYTES == 32
ALWAYS_INLINE vreg v_at_least(vreg bound, vreg x) { return (vreg)_mm256_max_ps((__m256)bound, (__m256)x); }
ALWAYS_INLINE vreg v_at_most(vreg bound, vreg x) { return (vreg)_mm256_min_ps((__m256)bound, (__m256)x); }
#elif !defined(SKLSTM_SCALAR)
ALWAYS_INLINE vreg v_at_least(vreg bound, vreg x) { return v_select((vbits)(bound > x), bound, x); }
ALWAYS_INLINE vreg v_at_most(vreg bound, vreg x) { return v_select((vbits)(bound < x), bound, x); }
#else
ALWAYS_INLINE vreg v_at_least(vreg bound, vreg x) { return bound > x ? bound : x; }
ALWAYS_INLINE vreg v_at_most(vreg bound, vreg x) { return bound < x ? bound : x; }
#endif

/* 1 where x is positive, otherwise 0; NaN stays NaN: the derivative of the positive part. */
#ifdef SKLSTM_SCALAR
ALWAYS_INLINE vreg v_step(vreg x) { return x != x ? x : x > 0; }
#else
ALWAYS_INLINE vreg v_step(vreg x) {
    return v_from_bits(((vbits)(x > v_set(0)) & v_bits(v_set(1))) | ((vbits)(x != x) & v_bits(x)));
}
#endif

/* Where x is larger, or NaN: best = x and where = step. */
#ifdef SKLSTM_SCALAR
ALWAYS_INLINE vbits v_bits_set(real_bits x) { return x; }
ALWAYS_INLINE real_bits v_lane(vbits b, ptrdiff_t lane) { (void)lane; return b; }
ALWAYS_INLINE void v_keep_larger(vreg x, real_bits step, vreg *best, vbits *where) {
    if (x > *best || x != x) { *best = x; *where = step; }
}
#else
ALWAYS_INLINE vbits v_bits_set(real_bits x) { return (vbits){0} + x; }
ALWAYS_INLINE real_bits v_lane(vbits b, ptrdiff_t lane) { return b[lane]; }
ALWAYS_INLINE void v_keep_larger(vreg x, real_bits step, vreg *best, vbits *where) {
    vbits larger = (vbits)(x > *best) | (vbits)(x != x);
    *best = v_from_bits((v_bits(x) & larger) | (v_bits(*best) & ~larger));
    *where = ((vbits)((vbits){0} + step) & larger) | (*where & ~larger);
}
#endif

/* ---- elementary functions ------------------------------------------------------
 *
 * exp(x) = 2^k * exp(r), x = k * ln 2 + r, |r| <= ln(2) / 2 (Cody and Waite's two-part
 * ln 2), exp(r) - 1 = r + r^2 * q(r) with q the minimax polynomial whose error relative
 * to expm1(r) is 1.4e-8 (float32) and 1.8e-17 (float64); the coefficients were computed
 * with the Remez exchange in 60 digits. Adding 1.5 * 2^MANTISSA_BITS rounds to an integer
 * and leaves k in the low bits. Errors over all arguments are below 2 ulp and tested
 * (tests/kernels/test_elementary.py); NaN stays NaN because it is never clamped away.
 */
#ifdef SKLSTM_FLOAT64
#define LOG2_E 1.442695040888963407
#define LN2_HIGH 0x1.62e42feep-1
#define LN2_LOW 1.90821492927058781614e-10
#define EXP_ARGUMENT 708.0
#define EXP_OVERFLOW 709.782712893384
#define EXP_UNDERFLOW -745.2
static const real EXPM1_Q[] = {
    0.50000000000000054933, 0.16666666666666685884, 0.04166666666657410494,
    0.0083333333333146682709, 0.0013888888932254792255, 0.00019841269902865887747,
    0.000024801504570980599088, 2.7557228094330525447e-6, 2.7626283310942795249e-7,
    2.5114431619076466159e-8};
#define EXPM1_DEGREE 9
#else
#define LOG2_E 1.442695040888963407f
#define LN2_HIGH 0.693145751953125f
#define LN2_LOW 1.42860682030941723e-6f
#define EXP_ARGUMENT 87.3f
#define EXP_OVERFLOW 88.7228394f
#define EXP_UNDERFLOW -103.98f
static const real EXPM1_Q[] = {
    0.50000000617073711558f, 0.16666543122416501201f, 0.04166628256622356694f,
    0.0083665714337656008002f, 0.0013946420998968501546f};
#define EXPM1_DEGREE 4
#endif
#define ROUND_SHIFT ((real)1.5 * (real)((real_bits)1 << MANTISSA_BITS))

/* Returns expm1(r) and leaves x = k ln 2 + r with k + ROUND_SHIFT in *rounded. */
ALWAYS_INLINE vreg v_reduced_expm1(vreg x, vreg *rounded) {
    vreg t = v_fma(x, v_set(LOG2_E), v_set(ROUND_SHIFT));
    vreg k = t - v_set(ROUND_SHIFT);
    vreg r = v_fma(k, v_set(-LN2_LOW), v_fma(k, v_set(-LN2_HIGH), x));
    vreg q = v_set(EXPM1_Q[EXPM1_DEGREE]);
    UNROLL
    for (int i = EXPM1_DEGREE - 1; i >= 0; i--) q = v_fma(q, r, v_set(EXPM1_Q[i]));
    *rounded = t;
    return v_fma(r * r, q, r);
}

/* 2^k for k + ROUND_SHIFT; k within the exponents of normal numbers. */
ALWAYS_INLINE vreg v_power_of_two(vreg rounded) {
    return v_from_bits((v_bits(rounded) << MANTISSA_BITS) + v_bits(v_set(1)));
}

ALWAYS_INLINE vreg v_sigmoid(vreg x) {
    const vreg one = v_set(1);
    vreg rounded, z = v_at_most(v_set(EXP_ARGUMENT), v_at_least(v_set(-EXP_ARGUMENT), -x));
    vreg p = v_reduced_expm1(z, &rounded);
    vreg scale = v_power_of_two(rounded);
    /* exp(-x) + 1 in this order: scale + 1 alone would lose the 1 just where it still counts. */
    return one / (v_fma(p, scale, one) + scale);
}

ALWAYS_INLINE vreg v_tanh(vreg x) {
    const vbits sign = v_sign_mask();
    vreg z = v_from_bits(v_bits(x + x) | sign);         /* -2 |x| */
    vreg rounded, p = v_reduced_expm1(v_at_least(v_set(-50), z), &rounded);
    vreg scale = v_power_of_two(rounded);
    vreg m = v_fma(p, scale, scale - v_set(1));         /* expm1(-2 |x|), in (-1, 0] */
    vreg magnitude = m / v_fma(p, scale, scale + v_set(1)); /* m / (m + 2) = -tanh|x| */
    return v_from_bits((v_bits(magnitude) & ~sign) | (v_bits(x) & sign));
}

/* For whole arguments, unlike v_sigmoid's inner exponential: scales in two steps so that
 * subnormal results and results next to the largest number are right. */
ALWAYS_INLINE vreg v_exp(vreg x) {
    vreg z = v_at_most(v_set(EXP_OVERFLOW + 1), v_at_least(v_set(EXP_UNDERFLOW - 1), x));
    vreg rounded, p = v_reduced_expm1(z, &rounded);
    vreg half = v_fma(rounded - v_set(ROUND_SHIFT), v_set((real)0.5), v_set(ROUND_SHIFT));
    vreg rest = (rounded - half) + v_set(ROUND_SHIFT);
    vreg scale = v_power_of_two(half);
    return v_fma(p, scale, scale) * v_power_of_two(rest);
}

/* log(x) = k * ln 2 + log(1 + f), x = 2^k * (1 + f), 1 + f between sqrt(1/2) and sqrt(2), as
 * in fdlibm: with s = f / (2 + f), log(1 + f) = 2 atanh(s) = f - (f^2/2 - s * (f^2/2 + R)), where
 * R = z * Q(z), z = s^2, and Q is the minimax polynomial whose error relative to log(1 + f) is
 * 8.1e-10 (float32) and 1.2e-18 (float64), computed as those above. log(0) is -infinity, of a
 * negative number NaN; subnormal numbers are scaled first. */
#ifdef SKLSTM_FLOAT64
#define SQRT_HALF_BITS UINT64_C(0x3fe6a09e667f3bcd)
#define SMALLEST_NORMAL 0x1p-1022
#define SUBNORMAL_SHIFT 54
static const real LOG_Q[] = {
    0.66666666666667344128, 0.39999999999414675746, 0.28571428742388012491,
    0.22222198573157717871, 0.18183564327007024513, 0.1531405053947184746,
    0.14795949746504109102};
#define LOG_DEGREE 6
#else
#define SQRT_HALF_BITS UINT32_C(0x3f3504f3)
#define SMALLEST_NORMAL 0x1p-126f
#define SUBNORMAL_SHIFT 25
static const real LOG_Q[] = {
    0.66666776381715953664f, 0.39977541564840396189f, 0.29871728022238305384f};
#define LOG_DEGREE 2
#endif

ALWAYS_INLINE vreg v_log(vreg x) {
    const vreg one = v_set(1);
    vbits tiny = (vbits)(x < v_set(SMALLEST_NORMAL));
    vreg scale = v_select(tiny, v_set((real)((real_bits)1 << SUBNORMAL_SHIFT)), one);
    vbits bits = v_bits(x * scale) + (v_bits(one) - v_bits_set(SQRT_HALF_BITS));
    /* Whole numbers stand in the low bits of ROUND_SHIFT. */
    vreg k = v_from_bits((bits >> MANTISSA_BITS) + v_bits(v_set(ROUND_SHIFT))) - v_set(ROUND_SHIFT);
    k = k - v_select(tiny, v_set(EXPONENT_BIAS + SUBNORMAL_SHIFT), v_set(EXPONENT_BIAS));
    bits = (bits & (((real_bits)1 << MANTISSA_BITS) - 1)) + v_bits_set(SQRT_HALF_BITS);
    vreg f = v_from_bits(bits) - one;
    vreg s = f / (f + v_set(2));
    vreg z = s * s, q = v_set(LOG_Q[LOG_DEGREE]);
    UNROLL
    for (int i = LOG_DEGREE - 1; i >= 0; i--) q = v_fma(q, z, v_set(LOG_Q[i]));
    vreg half = v_set((real)0.5) * f * f;
    vreg low = v_fma(k, v_set(LN2_LOW), s * v_fma(z, q, half));
    vreg result = k * v_set(LN2_HIGH) - ((half - low) - f);
    result = v_select((vbits)(x < v_set(INFINITY)), result, x);
    result = v_select((vbits)(x == v_set(0)), v_set(-INFINITY), result);
    return v_select((vbits)(x < v_set(0)), v_set(NAN), result);
}

/* ---- random numbers --------------------------------------------------------------
 *
 * Counters through a mixing function, not a generator with a state: a number depends on its
 * place (seed, sequence, step, unit) alone, so it is the same for any number of threads, any
 * companions in the batch, any instruction set and dtype, and can be computed again in the
 * backward pass. The mixing functions are the finalisers of SplitMix64 (Steele et al. 2014)
 * and of MurmurHash3 (Appleby), which pass statistical tests on counters. */

/* One number for a sequence at a step. */
ALWAYS_INLINE uint32_t random_key(uint32_t seed, uint32_t sample, uint32_t step) {
    uint64_t z = ((uint64_t)sample << 32 | step) + seed * UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)(z >> 31);
}

/* Two random numbers of 16 bits for each of the units from `unit` on. */
#ifdef SKLSTM_SCALAR
typedef uint32_t vrandom;
ALWAYS_INLINE vrandom v_random(uint32_t key, ptrdiff_t unit) {
    vrandom x = (uint32_t)unit;
#else
typedef uint32_t vrandom __attribute__((vector_size(4 * LANES)));
static const uint32_t LANE_NUMBERS[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
ALWAYS_INLINE vrandom v_random(uint32_t key, ptrdiff_t unit) {
    vrandom x;
    memcpy(&x, LANE_NUMBERS, sizeof x);
    x += (uint32_t)unit;
#endif
    x = x * UINT32_C(0x9e3779b9) + key;
    x = (x ^ (x >> 16)) * UINT32_C(0x85ebca6b);
    x = (x ^ (x >> 13)) * UINT32_C(0xc2b2ae35);
    return x ^ (x >> 16);
}

/* The lanes whose number, the first (part 0) or the second (part 1), is below a threshold. */
ALWAYS_INLINE vbits v_below(vrandom x, int part, uint32_t threshold) {
    x = part ? x >> 16 : x & UINT32_C(0xffff);
#ifdef SKLSTM_SCALAR
    return (real_bits)0 - (real_bits)(x < threshold);
#elif defined(SKLSTM_FLOAT64)
    typedef int64_t vwide __attribute__((vector_size(REGISTER_BYTES)));
    return (vbits)__builtin_convertvector(x < threshold, vwide);
#else
    return (vbits)(x < threshold);
#endif
}

/* One number for each unit, close to a standard normal one: Box and Muller's transform of the two
 * random numbers, sqrt(-2 log u) sin(pi (v - 1/2)) with u and v inside (0, 1). Never above 4.9. The
 * sine is its series, with an error below 4e-6. */
ALWAYS_INLINE vreg v_uniform(vrandom x, int part) {
    x = (part ? x >> 16 : x) & UINT32_C(0xffff);
#ifdef SKLSTM_SCALAR
    return ((real)x + (real)0.5) * (real)0x1p-16;
#else
    typedef int32_t vnumber __attribute__((vector_size(4 * LANES)));
    return (__builtin_convertvector((vnumber)x, vreg) + v_set((real)0.5)) * v_set((real)0x1p-16);
#endif
}

ALWAYS_INLINE vreg v_normal(vrandom x) {
    vreg square = v_set(-2) * v_log(v_uniform(x, 0));
    vreg angle = v_set((real)3.14159265358979324) * (v_uniform(x, 1) - v_set((real)0.5));
    vreg z = angle * angle;
    vreg sine = v_fma(z, v_set((real)(1.0 / 362880)), v_set((real)(-1.0 / 5040)));
    sine = v_fma(z, sine, v_set((real)(1.0 / 120)));
    sine = v_fma(z, sine, v_set((real)(-1.0 / 6)));
    sine = v_fma(z, sine, v_set(1)) * angle;
    return v_exp(v_set((real)0.5) * v_log(square)) * sine;
}

/* Ask for n registers of memory that will be read soon; any address is allowed. */
ALWAYS_INLINE void prefetch(const real *p, ptrdiff_t n_registers) {
#if defined(__GNUC__)
    for (ptrdiff_t i = 0; i < n_registers * REGISTER_BYTES; i += 64) __builtin_prefetch((const char *)p + i);
#else
    (void)p, (void)n_registers;
#endif
}

/* ---- subnormals ----------------------------------------------------------------
 * Vanishing gradients become subnormal, which some chips compute a hundred times slower.
 * Set in each thread for the length of a region and restored: never for the process. */
#if defined(__SSE2__)
ALWAYS_INLINE unsigned int flush_subnormals(void) {
    unsigned int saved = _mm_getcsr();
    _mm_setcsr(saved | 0x8040);
    return saved;
}
ALWAYS_INLINE void restore_subnormals(unsigned int saved) { _mm_setcsr(saved); }
#else
ALWAYS_INLINE unsigned int flush_subnormals(void) { return 0; }
ALWAYS_INLINE void restore_subnormals(unsigned int saved) { (void)saved; }
#endif

/* Independent fused multiply-adds for the benchmark's upper limit: returns their number. */
MAYBE_UNUSED static double fma_loop(ptrdiff_t n_rounds) {
    enum { CHAINS = 12 };
    vreg chain[CHAINS];
    vreg factor = v_set((real)0.999), term = v_set((real)1e-3);
    real result[REGISTER_BYTES / sizeof(real)];
    volatile real keep;
    for (int i = 0; i < CHAINS; i++) chain[i] = v_set((real)i);
    for (ptrdiff_t round = 0; round < n_rounds; round++)
        UNROLL for (int i = 0; i < CHAINS; i++) chain[i] = v_fma(chain[i], factor, term);
    for (int i = 1; i < CHAINS; i++) chain[0] = chain[0] + chain[i];
    v_store(result, chain[0]);
    keep = result[0];
    (void)keep;
    return (double)n_rounds * CHAINS * LANES;
}

#endif
