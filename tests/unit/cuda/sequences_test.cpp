// Embeddings, layer normalisation and dropout of the CUDA room against the host device.
// Room: tests. Caller: ctest.
#include "gpu/cuda/sequences.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "gpu/host/host_device.hpp"
#include "tests/catch.hpp"
#include "tests/unit/cuda/device_array.hpp"
#include "tests/unit/cuda/made_up_numbers.hpp"

namespace murm {
namespace {

/// Rows of whole quads at an aligned address, and others.
struct RowCase {
  std::size_t n, width, shift;
};

TEST_CASE("embeddings on a device are the host's, bit for bit") {
  const auto c = GENERATE(RowCase{2, 64, 0}, RowCase{1, 1, 0}, RowCase{3, 7, 0}, RowCase{2, 64, 1},
                          RowCase{1, 300, 0}, RowCase{5, 12, 3});
  const std::size_t length = 5, rows = 11;
  Floats tokens(c.n * length);
  for (std::size_t i = 0; i < tokens.size(); ++i) tokens[i] = static_cast<float>(i * i % rows);
  const Floats table = normal_numbers(rows * c.width, 1),
               places = normal_numbers(length * c.width, 2);
  Floats expected(tokens.size() * c.width);
  HostDevice host;
  host.sequences().embed(c.n, length, rows, c.width, tokens.data(), table.data(), places.data(),
                         expected.data());
  const DeviceArray on_tokens(tokens), on_table(table, c.shift), on_places(places, c.shift),
      y(garbage(expected.size()));
  cuda::embed(nullptr, c.n, length, rows, c.width, on_tokens.get(), on_table.get(), on_places.get(),
              y.get());
  CHECK(y.read() == expected);
}

TEST_CASE("a token that the table does not have gives NaN on a device, and no gradient") {
  const float bad = GENERATE(3.0F, -1.0F, 1e20F, std::numeric_limits<float>::quiet_NaN());
  const DeviceArray tokens(Floats{1, bad}), table(normal_numbers(3 * 4, 1)),
      places(normal_numbers(2 * 4, 2)), y(Floats(8, 0.0F)), dtable(Floats(12, 0.0F)),
      dplaces(Floats(8, 0.0F));
  cuda::embed(nullptr, 1, 2, 3, 4, tokens.get(), table.get(), places.get(), y.get());
  const Floats seen = y.read();
  for (std::size_t i = 0; i < 8; ++i) CHECK(std::isnan(seen[i]) == (i >= 4));
  cuda::embed_gradient(nullptr, 1, 2, 3, 4, tokens.get(), DeviceArray(Floats(8, 1.0F)).get(),
                       dtable.get(), dplaces.get());
  CHECK(dtable.read() == Floats{0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0});
}

TEST_CASE("gradients of embeddings are added in the host's order, to the same bits") {
  // The last ones have more tokens than a block looks at together, and tables of both kinds.
  struct Case {
    std::size_t n, length, rows, width;
  };
  const auto c = GENERATE(Case{2, 5, 11, 64}, Case{1, 1, 1, 1}, Case{3, 7, 4, 5},
                          Case{4, 33, 3, 300}, Case{3, 1500, 5, 20}, Case{2, 150, 4100, 2});
  Random random(3, 0);
  Floats tokens(c.n * c.length);
  for (float& token : tokens) {
    token = static_cast<float>(random.below(static_cast<std::uint32_t>(c.rows)));
  }
  const Floats dy = normal_numbers(tokens.size() * c.width, 1);
  Floats dtable = normal_numbers(c.rows * c.width, 2),
         dplaces = normal_numbers(c.length * c.width, 3);
  const DeviceArray on_tokens(tokens), on_dy(dy), on_dtable(dtable, 1), on_dplaces(dplaces, 1);
  cuda::embed_gradient(nullptr, c.n, c.length, c.rows, c.width, on_tokens.get(), on_dy.get(),
                       on_dtable.get(), on_dplaces.get());
  HostDevice host;
  host.sequences().embed_gradient(c.n, c.length, c.rows, c.width, tokens.data(), dy.data(),
                                  dtable.data(), dplaces.data());
  CHECK(on_dtable.read() == dtable);
  CHECK(on_dplaces.read() == dplaces);
}

const auto kNormCases = std::vector<RowCase>{{1, 1, 0},     {3, 7, 0},    {2, 64, 0},
                                             {9, 64, 1},    {17, 200, 0}, {5, 1030, 0},
                                             {4200, 12, 0}, {70, 36, 2}};

TEST_CASE("layer normalisation on a device is the host's") {
  const auto c = GENERATE(from_range(kNormCases));
  Floats x = normal_numbers(c.n * c.width, 1);
  for (float& number : x) number = 3.0F * number + 2.0F;
  const Floats scale = normal_numbers(c.width, 2), shift = normal_numbers(c.width, 3);
  Floats expected(x.size()), statistics(2 * c.n);
  HostDevice host;
  host.sequences().layer_norm(c.n, c.width, x.data(), scale.data(), shift.data(), expected.data(),
                              statistics.data());
  const DeviceArray on_x(x), on_scale(scale, c.shift), on_shift(shift, c.shift),
      y(garbage(x.size())), on_statistics(garbage(2 * c.n));
  cuda::layer_norm(nullptr, c.n, c.width, on_x.get(), on_scale.get(), on_shift.get(), y.get(),
                   on_statistics.get());
  CHECK(distance(y.read(), expected) < 1e-5);
  CHECK(distance(on_statistics.read(), statistics) < 1e-5);
}

TEST_CASE("the way back of layer normalisation adds what the host adds, and the same bits again") {
  const auto c = GENERATE(from_range(kNormCases));
  const Floats x = normal_numbers(c.n * c.width, 1), dy = normal_numbers(x.size(), 2),
               scale = normal_numbers(c.width, 3), y(x.size()), one(c.width, 1.0F);
  Floats dx = normal_numbers(x.size(), 4), dscale(c.width, 1.0F), dshift(c.width, 2.0F);
  Floats statistics(2 * c.n), normal(x.size());
  HostDevice host;
  host.sequences().layer_norm(c.n, c.width, x.data(), one.data(), scale.data(), normal.data(),
                              statistics.data());
  const DeviceArray on_x(x), on_scale(scale, c.shift), on_statistics(statistics), on_dy(dy);
  const std::size_t workspace = cuda::layer_norm_gradient_workspace(c.n, c.width);
  std::vector<Floats> first;
  for (int run = 0; run < 2; ++run) {
    const DeviceArray on_dx(dx), on_dscale(dscale, c.shift), on_dshift(dshift, c.shift),
        sums(garbage(workspace));
    cuda::layer_norm_gradient(nullptr, c.n, c.width, on_x.get(), on_scale.get(),
                              on_statistics.get(), on_dy.get(), on_dx.get(), on_dscale.get(),
                              on_dshift.get(), sums.get());
    std::vector<Floats> found{on_dx.read(), on_dscale.read(), on_dshift.read()};
    if (run == 1) CHECK(found == first);
    first = std::move(found);
  }
  host.sequences().layer_norm_gradient(c.n, c.width, x.data(), scale.data(), statistics.data(),
                                       dy.data(), dx.data(), dscale.data(), dshift.data());
  CHECK(distance(first[0], dx) < 1e-5);
  CHECK(distance(first[1], dscale) < 1e-5);
  CHECK(distance(first[2], dshift) < 1e-5);
}

TEST_CASE("dropout on a device drops what the host drops") {
  const std::size_t n = GENERATE(as<std::size_t>{}, 0, 1, 255, 10001);
  const double probability = GENERATE(0.0, 0.1, 0.75);
  Floats x = normal_numbers(n, 1);
  const DeviceArray on_x(x, 1);
  cuda::dropout(nullptr, n, 99, probability, on_x.get());
  HostDevice host;
  host.sequences().dropout(n, 99, probability, x.data());
  CHECK(on_x.read() == x);
}

TEST_CASE("nothing to do starts nothing") {
  const DeviceArray x(Floats(4, 1.0F));
  cuda::embed(nullptr, 0, 1, 1, 4, x.get(), x.get(), x.get(), x.get());
  cuda::embed_gradient(nullptr, 0, 1, 1, 4, x.get(), x.get(), x.get(), x.get());
  cuda::layer_norm(nullptr, 0, 4, x.get(), x.get(), x.get(), x.get(), x.get());
  CHECK(cuda::layer_norm_gradient_workspace(0, 4) == 0);
  cuda::layer_norm_gradient(nullptr, 0, 4, x.get(), x.get(), x.get(), x.get(), x.get(), x.get(),
                            x.get(), nullptr);
  CHECK(x.read() == Floats(4, 1.0F));
}

}  // namespace
}  // namespace murm
