#include "tests/unit/actors/allocation_watch.hpp"

#include <dlfcn.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <new>

extern "C" {
void* __libc_malloc(std::size_t bytes);
void* __libc_calloc(std::size_t count, std::size_t bytes);
void* __libc_realloc(void* memory, std::size_t bytes);
void* __libc_memalign(std::size_t alignment, std::size_t bytes);
}

namespace {

struct Record {
  void* caller;
  std::size_t bytes;
};

// Fixed and trivial: noting down an allocation must not allocate. Callers are named afterwards.
thread_local constinit bool watching = false;
thread_local constinit std::size_t count = 0;
constinit std::array<Record, 65536> records{};

void note(void* caller, std::size_t bytes) {
  if (!watching) return;
  if (count < records.size()) records[count] = {caller, bytes};
  ++count;
}

void* required(void* memory) {
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

// Each entry notes its own return address, so the caller is whoever asked, not an entry of ours.
#define MURM_NOTE(bytes) note(__builtin_return_address(0), bytes)

extern "C" {

void* malloc(std::size_t bytes) {
  MURM_NOTE(bytes);
  return __libc_malloc(bytes);
}
void* calloc(std::size_t number, std::size_t bytes) {
  MURM_NOTE(number * bytes);
  return __libc_calloc(number, bytes);
}
void* realloc(void* memory, std::size_t bytes) {
  MURM_NOTE(bytes);
  return __libc_realloc(memory, bytes);
}
void* aligned_alloc(std::size_t alignment, std::size_t bytes) {
  MURM_NOTE(bytes);
  return __libc_memalign(alignment, bytes);
}
void* memalign(std::size_t alignment, std::size_t bytes) {
  MURM_NOTE(bytes);
  return __libc_memalign(alignment, bytes);
}
int posix_memalign(void** memory, std::size_t alignment, std::size_t bytes) {
  MURM_NOTE(bytes);
  void* const made = __libc_memalign(alignment, bytes);
  if (made == nullptr) return ENOMEM;
  *memory = made;
  return 0;
}

}  // extern "C"

void* operator new(std::size_t bytes) {
  MURM_NOTE(bytes);
  return required(__libc_malloc(bytes));
}
void* operator new[](std::size_t bytes) {
  MURM_NOTE(bytes);
  return required(__libc_malloc(bytes));
}
void* operator new(std::size_t bytes, const std::nothrow_t& /*tag*/) noexcept {
  MURM_NOTE(bytes);
  return __libc_malloc(bytes);
}
void* operator new[](std::size_t bytes, const std::nothrow_t& /*tag*/) noexcept {
  MURM_NOTE(bytes);
  return __libc_malloc(bytes);
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  MURM_NOTE(bytes);
  return required(__libc_memalign(static_cast<std::size_t>(alignment), bytes));
}
void* operator new[](std::size_t bytes, std::align_val_t alignment) {
  MURM_NOTE(bytes);
  return required(__libc_memalign(static_cast<std::size_t>(alignment), bytes));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t /*bytes*/) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t /*bytes*/) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t /*to*/) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t /*to*/) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t /*bytes*/, std::align_val_t /*to*/) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t /*bytes*/, std::align_val_t /*to*/) noexcept {
  std::free(memory);
}

namespace murm {

AllocationWatch::AllocationWatch() {
  count = 0;
  watching = true;
}

AllocationWatch::~AllocationWatch() { watching = false; }

std::vector<Allocation> AllocationWatch::stop() {
  watching = false;
  std::vector<Allocation> result;
  for (std::size_t i = 0; i < count; ++i) {
    Allocation allocation{.bytes = 0, .library = "too many to name", .place = ""};
    if (i < records.size()) {
      allocation = {records[i].bytes, "unknown", ""};
      Dl_info info{};
      if (dladdr(records[i].caller, &info) != 0) {
        allocation.library = std::filesystem::path(info.dli_fname).filename();
        const auto offset = reinterpret_cast<std::uintptr_t>(records[i].caller) -
                            reinterpret_cast<std::uintptr_t>(info.dli_fbase);
        allocation.place = info.dli_sname != nullptr ? info.dli_sname : std::to_string(offset);
      }
    }
    result.push_back(std::move(allocation));
  }
  return result;
}

}  // namespace murm
