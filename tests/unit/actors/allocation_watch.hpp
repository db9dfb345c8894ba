// Counts what the calling thread allocates, and says which library asked for it.
// Room: tests. Takes the place of malloc and operator new in the program it is linked into (glibc only).
// Caller: tests/unit/actors/allocation_test. Not with a sanitizer, which brings its own malloc.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

namespace murm {

/// One call of malloc, calloc, realloc, aligned_alloc, memalign, posix_memalign or operator new.
struct Allocation {
  std::size_t bytes = 0;
  std::string library;  // file name of the caller's shared object or program
  std::string place;    // symbol when the caller's is exported, otherwise the offset in its file
};

/// Counts from construction to `stop`. Thread: the one that made it; one at a time.
class AllocationWatch {
 public:
  AllocationWatch();
  ~AllocationWatch();
  std::vector<Allocation> stop();
};

}  // namespace murm
