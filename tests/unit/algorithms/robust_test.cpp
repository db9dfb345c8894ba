#include "algorithms/robust/robust.hpp"

#include <bit>
#include <string>

#include "algorithms/robust/coordinate_rules.hpp"
#include "algorithms/robust/distance_rules.hpp"
#include "tests/catch.hpp"
#include "tests/unit/algorithms/robust_reference.hpp"

using namespace murm;
using namespace murm::test;

namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

RobustOptions options_of(RobustRule rule) {
  RobustOptions options;
  options.rule = rule;
  return options;
}

/// `sum` is `mean` times all samples, within rounding.
void check_near(const std::vector<float>& sum, const Vector& mean, const Contributions& all,
                double tolerance = 1e-5) {
  double worst = 0;
  double scale = 1e-30;
  for (std::size_t i = 0; i < sum.size(); ++i) {
    const double difference = static_cast<double>(sum[i]) / all.total() - mean[i];
    worst = std::isnan(difference) ? 1e300 : std::max(worst, std::abs(difference));
    scale = std::max(scale, std::abs(mean[i]));
  }
  CHECK(worst <= tolerance * scale);
}

Vector mean_of_all(const Contributions& all) {
  std::vector<std::size_t> everybody(all.sums.size());
  std::iota(everybody.begin(), everybody.end(), std::size_t{0});
  return weighted_mean(all, everybody);
}

Vector reference(const RobustOptions& options, const Contributions& all) {
  const std::size_t count = all.sums.size();
  const std::size_t f = tolerated_by(options, count, count);
  const bool few = count < 3 && options.rule != RobustRule::centered_clipping;
  switch (few ? RobustRule::mean : options.rule) {
    case RobustRule::mean:
      return mean_of_all(all);
    case RobustRule::krum:
      return reference_krum(all, f, 1);
    case RobustRule::multi_krum:
      return reference_krum(all, f, count - f);
    case RobustRule::median:
      return reference_trimmed(all, (count - 1) / 2);
    case RobustRule::trimmed_mean:
      return reference_trimmed(all, f);
    case RobustRule::geometric_median:
      return reference_geometric_median(all, options.smoothing, 8);
    case RobustRule::centered_clipping:
      return reference_clipping(all, options.clip_radius, 1, Vector(all.length()));
  }
  return {};
}

RobustRule any_rule() { return static_cast<RobustRule>(GENERATE(range(0, 7))); }

/// The rows of a call, for the rules with everything decided.
struct Bare {
  explicit Bare(const Contributions& all)
      : rows((fill(all), workspace), all.samples, all.length(), 1, 0), out(all.length()) {}
  void fill(const Contributions& all) {
    workspace.first_piece.assign(1, 0);
    for (const auto& sum : all.sums) {
      workspace.pieces.push_back({0, sum.size(), sum.data()});
      workspace.first_piece.push_back(workspace.pieces.size());
    }
  }
  RobustWorkspace workspace;
  RobustRows rows;
  std::vector<float> out;
};

}  // namespace

TEST_CASE("every robust rule has a name and is found by it") {
  CHECK(robust_rule_names().size() == 7);
  for (const auto name : robust_rule_names()) {
    REQUIRE(robust_rule_named(name).has_value());
    CHECK(to_string(*robust_rule_named(name)) == name);
  }
  CHECK(robust_rule_named("centered-clipping") == RobustRule::centered_clipping);
  CHECK_FALSE(robust_rule_named("average").has_value());
}

TEST_CASE("the mean is the first contribution with the others added in order, bit for bit") {
  const bool equal_samples = GENERATE(true, false);
  for (const std::size_t count : {1U, 2U, 7U}) {
    const auto all = make_contributions(count, 1000, 3, equal_samples);
    std::vector<float> expected = all.sums[0];
    for (std::size_t k = 1; k < count; ++k) {
      for (std::size_t i = 0; i < expected.size(); ++i) expected[i] += 1.0F * all.sums[k][i];
    }
    CHECK(combined({}, all) == expected);
    // One or two contributions cannot be told apart.
    if (count > 2) continue;
    for (const RobustRule rule : {RobustRule::krum, RobustRule::multi_krum, RobustRule::median,
                                  RobustRule::trimmed_mean, RobustRule::geometric_median}) {
      CHECK(combined(options_of(rule), all) == expected);
    }
  }
}

TEST_CASE("every rule gives what its plainest form gives") {
  const auto options = options_of(any_rule());
  const bool equal_samples = GENERATE(true, false);
  INFO(to_string(options.rule));
  for (const std::size_t count : {1U, 2U, 3U, 4U, 5U, 6U, 8U, 13U, 20U, 33U}) {
    for (const std::size_t length : {1U, 15U, 64U, 65U, 513U, 1100U}) {
      INFO(count << " contributions of " << length);
      const auto all = make_contributions(count, length, 7 * count + length, equal_samples);
      // In one dimension the steps end at a contribution, where a rounding of the distance weighs much.
      const bool sharp = options.rule != RobustRule::geometric_median || length > 1;
      check_near(combined(options, all), reference(options, all), all, sharp ? 1e-5 : 1e-2);
    }
  }
}

TEST_CASE("the median sorts any number of contributions") {
  for (std::size_t count = 3; count <= 80; ++count) {
    INFO(count);
    const auto all = make_contributions(count, 20, count);
    check_near(combined(options_of(RobustRule::median), all),
               reference_trimmed(all, (count - 1) / 2), all);
  }
}

TEST_CASE("options of a rule are obeyed") {
  const auto all = make_contributions(12, 300, 5, false);
  auto options = options_of(RobustRule::trimmed_mean);
  options.tolerated = 4;
  check_near(combined(options, all), reference_trimmed(all, 4), all);
  options = options_of(RobustRule::multi_krum);
  options.tolerated = 2;
  options.selected = 5;
  check_near(combined(options, all), reference_krum(all, 2, 5), all);
  options = options_of(RobustRule::geometric_median);
  options.iterations = 3;
  options.smoothing = 12;
  check_near(combined(options, all), reference_geometric_median(all, 12, 3), all);
  options = options_of(RobustRule::centered_clipping);
  options.iterations = 3;
  options.clip_radius = 6;
  check_near(combined(options, all), reference_clipping(all, 6, 3, Vector(300)), all);
  options.clip_radius = 0;
  check_near(combined(options, all), reference_clipping(all, 0, 3, Vector(300)), all);
}

TEST_CASE("rules that tolerate nobody are the mean") {
  const auto all = make_contributions(9, 700, 11, GENERATE(true, false));
  const auto mean = mean_of_all(all);
  const auto sum = combined({}, all);
  auto options = options_of(RobustRule::multi_krum);
  options.selected = 9;
  CHECK(combined(options, all) == sum);
  Bare bare(all);
  CHECK(krum(bare.rows, 0, 9).size() == 9);
  options = options_of(RobustRule::geometric_median);
  options.smoothing = std::numeric_limits<double>::infinity();
  check_near(combined(options, all), mean, all);
  options = options_of(RobustRule::centered_clipping);
  options.clip_radius = std::numeric_limits<double>::infinity();
  check_near(combined(options, all), mean, all);
  if (all.samples[0] != all.samples[1]) return;  // a trimmed mean gives each contribution one voice
  trimmed_mean(bare.rows, 0, bare.out);
  check_near(bare.out, mean, all);
}

TEST_CASE("multi-krum of up to four contributions is the mean, bit for bit") {
  const auto all = make_contributions(GENERATE(3U, 4U), 100, 2, false);
  CHECK(combined(options_of(RobustRule::multi_krum), all) == combined({}, all));
}

TEST_CASE("a rule bears a quarter by default and never more than it admits") {
  struct Row {
    RobustRule rule;
    std::uint32_t asked;
    std::size_t count;
    std::uint32_t borne;
  };
  for (const Row& row :
       {Row{RobustRule::krum, 0, 20, 5}, Row{RobustRule::krum, 0, 4, 0},
        Row{RobustRule::krum, 0, 5, 1}, Row{RobustRule::krum, 100, 20, 8},
        Row{RobustRule::krum, 2, 20, 2}, Row{RobustRule::multi_krum, 9, 9, 3},
        Row{RobustRule::trimmed_mean, 0, 3, 1}, Row{RobustRule::trimmed_mean, 0, 2, 0},
        Row{RobustRule::trimmed_mean, 7, 8, 3}, Row{RobustRule::trimmed_mean, 0, 16, 4}}) {
    RobustOptions options = options_of(row.rule);
    options.tolerated = row.asked;
    INFO(to_string(row.rule) << ", " << row.asked << " of " << row.count);
    CHECK(tolerated_by(options, row.count, row.count) == row.borne);
  }
}

TEST_CASE("the order of contributions does not matter") {
  const auto options = options_of(any_rule());
  INFO(to_string(options.rule));
  const auto all = make_contributions(11, 500, 8);
  auto turned = all;
  std::reverse(turned.sums.begin(), turned.sums.end());
  std::rotate(turned.sums.begin(), turned.sums.begin() + 4, turned.sums.end());
  const auto first = combined(options, all);
  const auto second = combined(options, turned);
  if (options.rule == RobustRule::krum || options.rule == RobustRule::median ||
      options.rule == RobustRule::trimmed_mean) {
    CHECK(first == second);
  }
  check_near(second, Vector(reference(options, all)), all);
}

TEST_CASE("bad contributions up to the tolerated do not lead out of the honest ones") {
  const auto rule = static_cast<RobustRule>(GENERATE(range(1, 7)));
  const float bad = GENERATE(kNaN, kInfinity, -kInfinity, 3e38F, -3e38F, 1e20F, 5e3F);
  const std::size_t liars = GENERATE(1U, 3U);
  INFO(to_string(rule) << ", " << liars << " times " << bad);
  auto all = make_contributions(4 * liars + 1, 130, 21);
  Contributions honest = all;
  honest.sums.resize(all.sums.size() - liars);
  honest.samples.resize(honest.sums.size());
  for (std::size_t k = honest.sums.size(); k < all.sums.size(); ++k) {
    // Whole contributions, or single numbers of them.
    for (std::size_t i = k % 2; i < all.length(); i += 1 + k % 2) all.sums[k][i] = bad;
  }
  std::rotate(all.sums.begin(), all.sums.begin() + 2, all.sums.end());
  auto options = options_of(rule);
  options.iterations = rule == RobustRule::geometric_median ? 60 : 0;
  const auto out = combined(options, all);
  if (rule == RobustRule::geometric_median || rule == RobustRule::centered_clipping) {
    Vector estimate(out.begin(), out.end());
    for (double& x : estimate) x /= all.total();
    const Vector centre = mean_of_all(honest);
    double radius = 0;
    for (std::size_t k = 0; k < honest.sums.size(); ++k) {
      radius = std::max(radius, distance(honest.mean_of(k), centre));
    }
    // Lemma 2.1 of Minsker (2015); clipping from zero moves by the median distance at most.
    const double n = static_cast<double>(all.sums.size());
    const double f = static_cast<double>(liars);
    const double bound = rule == RobustRule::geometric_median
                             ? 2 * (n - f) / (n - 2 * f) * radius
                             : 2 * distance(centre, Vector(centre.size())) + radius;
    CHECK(distance(estimate, centre) <= bound);
    return;
  }
  std::size_t outside = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    float low = kInfinity;
    float high = -kInfinity;
    for (const auto& sum : honest.sums) {
      low = std::min(low, sum[i]);
      high = std::max(high, sum[i]);
    }
    const float mean = out[i] / static_cast<float>(all.sums.size());
    const float rounding = 1e-5F * std::max(std::abs(low), std::abs(high));
    const bool inside = mean >= low - rounding && mean <= high + rounding;  // false for NaN
    outside += inside ? 0U : 1U;
  }
  CHECK(outside == 0);
}

TEST_CASE("centered clipping starts from the last round's centre and remembers this one") {
  const auto all = make_contributions(7, 200, 31, false);
  auto options = options_of(RobustRule::centered_clipping);
  options.clip_radius = 3;
  std::vector<float> state(200, 0.25F);
  const auto out = combined(options, all, state);
  const Vector centre = reference_clipping(all, 3, 1, Vector(200, 0.25));
  check_near(out, centre, all);
  double worst = 0;
  for (std::size_t i = 0; i < state.size(); ++i) {
    worst = std::max(worst, std::abs(static_cast<double>(state[i]) - centre[i]));
  }
  CHECK(worst < 1e-5);
  check_near(combined(options, all, state), reference_clipping(all, 3, 1, centre), all);
  CHECK(keeps_state(RobustRule::centered_clipping));
  CHECK_FALSE(keeps_state(RobustRule::krum));
  std::vector<float> untouched(200, 5.0F);
  combined(options_of(RobustRule::median), all, untouched);
  CHECK(untouched == std::vector<float>(200, 5.0F));
}

TEST_CASE("equal contributions come out as they are") {
  const auto options = options_of(any_rule());
  INFO(to_string(options.rule));
  auto all = make_contributions(8, 70, 4);
  for (auto& sum : all.sums) sum = all.sums[0];
  check_near(combined(options, all), all.mean_of(0), all, 1e-6);
}

TEST_CASE("a used workspace changes nothing and needs no more memory") {
  const auto options = options_of(any_rule());
  INFO(to_string(options.rule));
  RobustWorkspace workspace;
  const auto large = make_contributions(20, 900, 1);
  const auto small = make_contributions(6, 77, 2, false);
  const auto first = combined(options, large, {}, workspace);
  CHECK(combined(options, small, {}, workspace) == combined(options, small));
  const float* block = workspace.block.data();
  const std::size_t capacity = workspace.squares.capacity() + workspace.weights.capacity() +
                               workspace.pieces.capacity() + workspace.members.capacity();
  CHECK(combined(options, large, {}, workspace) == first);
  CHECK(workspace.block.data() == block);
  CHECK(workspace.squares.capacity() + workspace.weights.capacity() + workspace.pieces.capacity() +
            workspace.members.capacity() ==
        capacity);
}

TEST_CASE("contributions in several runs give the same bits as in one") {
  struct Runs : HostStorage {
    std::vector<Run> parts;
    std::span<const Run> runs() const override { return parts; }
  };
  const auto options = options_of(any_rule());
  INFO(to_string(options.rule));
  auto all = make_contributions(9, 1300, 17, false);
  std::vector<Tensor> tensors;
  for (std::size_t k = 0; k < all.sums.size(); ++k) {
    auto storage = std::make_shared<Runs>();
    float* data = all.sums[k].data();
    const std::size_t cut = 1 + 140 * k;
    storage->parts = {{data, cut}, {data + cut, 7}, {data + cut + 7, 1300 - cut - 7}};
    tensors.push_back(Tensor(storage, 0, 1300));
  }
  std::vector<float> out(1300);
  RobustWorkspace workspace;
  combine(options, std::span<const Tensor>(tensors), all.samples, {}, out, workspace);
  CHECK(out == combined(options, all));
}

TEST_CASE("a bucket averages contributions before the rule sees them") {
  auto all = make_contributions(6, 1, 6);
  for (std::size_t k = 0; k < 6; ++k) all.sums[k][0] = 32.0F * static_cast<float>(1U << k);
  auto options = options_of(RobustRule::median);
  options.bucket = 2;
  std::vector<float> seen;
  for (options.seed = 0; options.seed < 200; ++options.seed) {
    const float sum = combined(options, all)[0];
    CHECK(combined(options, all)[0] == sum);
    const auto pair = static_cast<unsigned>(sum / (6 * 32) * 2);  // two of the powers
    CHECK(std::popcount(pair) == 2);
    if (std::find(seen.begin(), seen.end(), sum) == seen.end()) seen.push_back(sum);
  }
  CHECK(seen.size() > 5);
  // Of 4 contributions 2 buckets would be left: each stays alone.
  auto few = make_contributions(4, 50, 6);
  CHECK(combined(options, few) == combined(options_of(RobustRule::median), few));
  // Everything averaged is the mean, however it is drawn; the last bucket is smaller.
  auto whole = options_of(RobustRule::multi_krum);
  whole.bucket = 2;
  whole.selected = 100;
  const auto odd = make_contributions(7, 50, 9, false);
  check_near(combined(whole, odd), mean_of_all(odd), odd);
}
