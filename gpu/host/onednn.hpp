// What every use of oneDNN here does: errors end the program, addresses change with each call, threads are counted.
// Room: gpu/host. Knows oneDNN and OpenMP; no shape.
// Caller: gpu/host/matrix_product, gpu/host/convolution: the only files that include it.
#pragma once
#include <omp.h>

#include <array>
#include <cstddef>
#include <oneapi/dnnl/dnnl.hpp>
#include <string>

#include "algorithms/vocabulary.hpp"

namespace murm::host {

/// The number of OpenMP threads is a property of the calling thread.
inline void use_threads(std::size_t count) {
  // A lone byte of thread-local data can make a linker place RELRO in an unmapped page.
  alignas(64) thread_local std::size_t current = 0;
  if (current == count) return;
  omp_set_num_threads(static_cast<int>(count));
  current = count;
}

inline void check(dnnl_status_t status, const char* what) {
  MURM_ASSERT(status == dnnl_success, std::string(what) + " failed: " + std::to_string(status));
}

inline void set_address(const dnnl::memory& target, const void* data) {
  // oneDNN takes sources as mutable pointers and does not write to them.
  check(dnnl_memory_set_data_handle(target.get(), const_cast<void*>(data)),
        "dnnl_memory_set_data_handle");
}

/// to <- from, in the other's layout. dnnl::reorder::execute would allocate its list of arguments.
inline void reorder(const dnnl::reorder& primitive, const dnnl::memory& from,
                    const dnnl::memory& to, dnnl::stream& stream) {
  const std::array<dnnl_exec_arg_t, 2> arguments{
      {{DNNL_ARG_FROM, from.get()}, {DNNL_ARG_TO, to.get()}}};
  check(dnnl_primitive_execute(primitive.get(), stream.get(), 2, arguments.data()),
        "dnnl_primitive_execute");
  check(dnnl_stream_wait(stream.get()), "dnnl_stream_wait");
}

}  // namespace murm::host
