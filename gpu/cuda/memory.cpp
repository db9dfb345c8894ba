#include "gpu/cuda/memory.hpp"

#include "gpu/cuda/check.hpp"

namespace murm::cuda {

DeviceBuffer::DeviceBuffer(std::size_t capacity) : capacity_(capacity) {
  void* memory = nullptr;
  check(cudaMalloc(&memory, capacity * sizeof(float)), "cudaMalloc");
  data_ = static_cast<float*>(memory);
}

// A device that is lost cannot free either, and whoever used it has been told.
DeviceBuffer::~DeviceBuffer() { (void)cudaFree(data_); }

PinnedBuffer::PinnedBuffer(std::size_t capacity) {
  void* memory = nullptr;
  check(cudaHostAlloc(&memory, capacity * sizeof(float), cudaHostAllocPortable), "cudaHostAlloc");
  run_ = {static_cast<float*>(memory), capacity};
}

PinnedBuffer::~PinnedBuffer() { (void)cudaFreeHost(run_.data); }

Stream::Stream(int ordinal) : ordinal_(ordinal) {
  check(cudaSetDevice(ordinal_), "cudaSetDevice");
  check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
}

Stream::~Stream() {
  // Whoever had to know of an error has waited before.
  (void)cudaStreamSynchronize(stream_);
  (void)cudaStreamDestroy(stream_);
}

cudaStream_t Stream::use() {
  check(cudaSetDevice(ordinal_), "cudaSetDevice");
  return stream_;
}

void Stream::wait() { check(cudaStreamSynchronize(use()), "cudaStreamSynchronize"); }

}  // namespace murm::cuda
