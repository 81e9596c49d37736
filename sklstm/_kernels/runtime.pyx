"""What this machine and this build offer: instruction sets, OpenMP.

Compiled for the lowest instruction set, so that it can be imported anywhere.
"""

cdef extern from *:
    """
    #if defined(__x86_64__) && defined(__GNUC__)
    static int cpu_level(void) {
        /* Asks the operating system too: registers it does not save are not reported. */
        __builtin_cpu_init();
        if (!(__builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt"))) return 1;
        if (!(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
              __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2"))) return 2;
        if (!(__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
              __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
              __builtin_cpu_supports("avx512vl"))) return 3;
        return 4;
    }
    #else
    static int cpu_level(void) { return 0; }
    #endif
    #ifdef _OPENMP
    #include <omp.h>
    #define BUILT_WITH_OPENMP 1
    #else
    #define BUILT_WITH_OPENMP 0
    static int omp_get_max_threads(void) { return 1; }
    #endif
    """
    int cpu_level() nogil
    int omp_get_max_threads() nogil
    const int BUILT_WITH_OPENMP


def cpu_isas():
    """Instruction sets of this processor, best first."""
    level = cpu_level()
    return tuple(f"v{n}" for n in range(level, 1, -1)) + ("generic",)


def built_with_openmp():
    """Whether the kernels can use more than one thread."""
    return bool(BUILT_WITH_OPENMP)


def openmp_max_threads():
    """Threads OpenMP would use by itself, OMP_NUM_THREADS included."""
    return omp_get_max_threads()
