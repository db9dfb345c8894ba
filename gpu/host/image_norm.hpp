// Group and batch normalisation: which numbers share a mean, and what follows from their sums.
// Room: gpu/host. Loops over host memory on the calling thread.
// Caller: gpu/host/host_images. Source: Wu & He 2018, arXiv:1803.08494; Ioffe & Szegedy 2015, arXiv:1502.03167.
#pragma once
#include <cstddef>
#include <vector>

#include "gpu/image_algebra.hpp"

namespace murm::host {

/// Thread: one at a time.   Cost: three passes over x forward, two back; memory for a few rows of channels.
class ImageNorm {
 public:
  /// As in ImageAlgebra.
  void forward(const NormShape& shape, const float* x, const float* scale, const float* shift,
               const float* residual, bool relu, float* y, float* statistics);
  void gradient(const NormShape& shape, const float* x, const float* scale, const float* statistics,
                const float* y, float* dy, float* dx, float* dscale, float* dshift);

 private:
  /// By channel. Grow to the widest layer seen.
  struct Rows {
    std::vector<float> partial, projected, mean, inverse, factor, slope, level;
    std::vector<double> sums, projections;
    void widen(std::size_t channels);
  };
  /// The sections of a shape: pictures that are normalised together.
  struct Section {
    std::size_t pictures = 0;
    std::size_t width = 0;  // channels that share a mean
  };
  static Section section_of(const NormShape& shape);
  void forward_section(const NormShape& shape, const float* x, float* statistics);
  void read_statistics(const NormShape& shape, const float* statistics);
  void gradient_section(const NormShape& shape, const float* x, const float* scale, const float* y,
                        float* dy, float* dscale, float* dshift);
  Rows rows_;
};

}  // namespace murm::host
