// MURM_CLONES: a loop compiled once per vector unit, the fitting one chosen when the program is loaded.
// Room: algorithms. One macro; knows the compiler, not what the loop does.
// Caller: loops over long arrays (algorithms/robust, gpu/host). Every clone rounds alike: contraction is off in the
// tree, but for the files that say otherwise in gpu/CMakeLists.txt.
#pragma once

// Sanitizers are not yet up when the choice is made: no clones there.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
#define MURM_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define MURM_CLONES
#endif
