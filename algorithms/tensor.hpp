// Opaque tensor handles: what an algorithm holds instead of numbers.
// Room: algorithms. Knows lengths; the storage, its device and its memory belong to the driver.
// Caller: machines (algorithms), devices (gpu), codec (serialization).
#pragma once
#include <cstddef>
#include <memory>
#include <span>
#include <utility>

#include "algorithms/vocabulary.hpp"

namespace murm {

/// Memory of a driver: host, device, received frames, or none at all (a phantom that only has a size).
class TensorStorage {
 public:
  virtual ~TensorStorage() = default;

 protected:
  TensorStorage() = default;
  TensorStorage(const TensorStorage&) = default;
  TensorStorage& operator=(const TensorStorage&) = default;
};

/// Memory the processor can address: one run of fp32 numbers, or several (the frames a tensor came in).
/// Runs are consecutive parts of the tensor, each at least 4-byte aligned; only one-run storage is mutable.
class HostStorage : public TensorStorage {
 public:
  struct Run {
    float* data = nullptr;
    std::size_t length = 0;
  };
  virtual std::span<const Run> runs() const = 0;
};

/// A range of fp32 numbers in some storage; copying the handle shares the storage.
/// Thread: any; the storage is returned to its pool where the last handle dies.
class Tensor {
 public:
  Tensor() = default;
  Tensor(std::shared_ptr<TensorStorage> storage, std::size_t offset, std::size_t length)
      : storage_(std::move(storage)), offset_(offset), length_(length) {}

  bool empty() const { return storage_ == nullptr; }
  std::size_t offset() const { return offset_; }  // elements from the start of the storage
  std::size_t length() const { return length_; }  // elements
  const std::shared_ptr<TensorStorage>& storage() const { return storage_; }

  /// The `length` elements from `offset` on, counted within this tensor. Requires: inside (asserted).
  Tensor slice(std::size_t offset, std::size_t length) const {
    MURM_ASSERT(offset <= length_, std::to_string(offset));
    MURM_ASSERT(length <= length_ - offset, std::to_string(length));
    return Tensor(storage_, offset_ + offset, length);
  }

 private:
  std::shared_ptr<TensorStorage> storage_;
  std::size_t offset_ = 0;
  std::size_t length_ = 0;
};

/// Calls `visit(data, offset, length)` for every run of a host tensor, in order; `offset` counts within
/// the tensor. Requires: host storage (asserted).
template <class Visitor>
void for_each_run(const Tensor& tensor, Visitor&& visit) {
  const auto* host = dynamic_cast<const HostStorage*>(tensor.storage().get());
  MURM_ASSERT(host != nullptr || tensor.length() == 0, "tensor is not in host memory");
  if (host == nullptr) return;
  std::size_t start = 0;  // of the run, within the storage
  const std::size_t begin = tensor.offset();
  const std::size_t end = begin + tensor.length();
  for (const HostStorage::Run& run : host->runs()) {
    const std::size_t from = start > begin ? start : begin;
    const std::size_t to = start + run.length < end ? start + run.length : end;
    if (from < to) visit(run.data + (from - start), from - begin, to - from);
    start += run.length;
  }
}

/// The numbers of a host tensor that lies in one run. Requires: one run covers it (asserted).
inline std::span<float> host_span(const Tensor& tensor) {
  std::span<float> found;
  for_each_run(tensor, [&](float* data, std::size_t offset, std::size_t length) {
    if (offset == 0 && length == tensor.length()) found = {data, length};
  });
  MURM_ASSERT(found.size() == tensor.length(), "tensor is in several runs");
  return found;
}

}  // namespace murm
