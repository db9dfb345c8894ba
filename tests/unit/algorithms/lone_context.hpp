// One machine alone: its effects are kept for the test to look at, tensors are numbers in host memory.
// Room: tests. Nothing is delivered by itself: the test plays everybody else.
// Caller: the tests of single machines.
#pragma once
#include <string>
#include <vector>

#include "algorithms/compression/codec.hpp"
#include "tests/unit/algorithms/problem.hpp"

namespace murm::test {

inline Tensor tensor_of(const Numbers& numbers) {
  const Tensor tensor = make_tensor(numbers.size());
  std::copy(numbers.begin(), numbers.end(), host_span(tensor).begin());
  return tensor;
}

inline Numbers numbers_of(const Tensor& tensor) {
  const auto span = host_span(tensor);
  return {span.begin(), span.end()};
}

class LoneContext final : public Context {
 public:
  explicit LoneContext(PeerId self, Tensor initial = {})
      : self_(self), initial_(std::move(initial)) {}

  struct Sent {
    PeerId to;
    Message message;
  };
  struct Computing {
    Lease lease;
    std::vector<Tensor> parameters;
  };
  std::vector<Sent> sent;
  std::vector<std::string> rejected;
  std::vector<Computing> computing;  // in the order of asking
  std::vector<Version> staleness;    // of what was applied
  std::vector<LeaseId> admitted;
  std::uint64_t requests = 0;

  PeerId self() const override { return self_; }
  std::chrono::nanoseconds now() const override { return {}; }
  void set_timer(std::chrono::nanoseconds, std::uint64_t) override {}
  void request_lease(std::uint32_t) override { ++requests; }
  void compute(const Lease& lease, std::span<const Tensor> parts) override {
    computing.push_back({lease, {parts.begin(), parts.end()}});
  }
  void cancel() override {}
  bool admit(const Lease& lease) override {
    if (std::find(admitted.begin(), admitted.end(), lease.id) != admitted.end()) return false;
    admitted.push_back(lease.id);
    return true;
  }
  void applied(const Message&, Version stale) override { staleness.push_back(stale); }
  void dropped(const Message&) override {}
  Tensor initial_parameters() override { return initial_; }
  void collected() override {}

  Tensor allocate(std::size_t length) override { return make_tensor(length); }
  Tensor snapshot(const Tensor& source) override { return copy_of(source); }
  void copy(const Tensor& to, const Tensor& from) override {
    std::ranges::copy(host_span(from), host_span(to).begin());
  }
  void axpy(const Tensor& y, float a, const Tensor& x) override {
    add(host_span(y), a, host_span(x));
  }
  void scale(const Tensor& x, float a) override {
    for (float& value : host_span(x)) value *= a;
  }
  void clip(const Tensor&, double, double) override {}
  void optimizer_step(const OptimizerStep& step, const Tensor& x, const Tensor& gradient,
                      std::span<const Tensor> state) override {
    test::optimizer_step(step, host_span(x), host_span(gradient), state);
  }
  void compensate(const Compensation&, const Tensor&, const Tensor&, const Tensor&, const Tensor&,
                  const Tensor&) override {}
  void combine(const RobustOptions&, std::span<const Tensor>, std::span<const double>,
               const Tensor&, const Tensor&) override {}
  Tensor encode(Codec& codec, const Tensor& values) override {
    const Tensor payload = make_tensor(codec.encoded_length());
    codec.encode(host_span(values), host_span(payload));
    return payload;
  }
  bool decode(const Codec& codec, const Tensor& payload, const Tensor& values) override {
    return codec.decode(host_span(payload), host_span(values));
  }
  void restore(Codec& codec, const Tensor& payload) override { codec.restore(host_span(payload)); }

  void send(PeerId to, Message message) override {
    message.from = self_;
    sent.push_back({to, std::move(message)});
  }
  void reject(const Message&, std::string why) override { rejected.push_back(std::move(why)); }

 private:
  PeerId self_;
  Tensor initial_;
};

}  // namespace murm::test
