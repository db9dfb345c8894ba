#include "gpu/host/convolution.hpp"

#include <array>
#include <map>
#include <tuple>
#include <utility>

#include "gpu/host/kernels.hpp"
#include "gpu/host/onednn.hpp"
#include "gpu/host/scratch.hpp"

namespace murm::host {
namespace {

using dnnl::memory;

enum class Pass { forward, forward_biased, weights, data };

struct Key {
  ConvShape shape;
  Pass pass = Pass::forward;
  auto members() const {
    return std::tie(shape.n, shape.height, shape.width, shape.in, shape.out, shape.kernel,
                    shape.stride, shape.padding, pass);
  }
  friend bool operator<(const Key& a, const Key& b) { return a.members() < b.members(); }
};

memory::dim dim(std::size_t value) { return static_cast<memory::dim>(value); }

memory::desc array(memory::dims dims, memory::format_tag tag) {
  return {std::move(dims), memory::data_type::f32, tag};
}

/// What a shape looks like to oneDNN, which names the dimensions in PyTorch's order.
struct Plan {
  memory::desc x, y, bias;
  memory::desc plain;  // weights as they are
  memory::desc free;   // weights as the primitive likes them
  memory::dims strides, padding;

  explicit Plan(const ConvShape& s)
      : x(array({dim(s.n), dim(s.in), dim(s.height), dim(s.width)}, memory::format_tag::nhwc)),
        y(array({dim(s.n), dim(s.out), dim(s.output_height()), dim(s.output_width())},
                memory::format_tag::nhwc)),
        bias(array({dim(s.out)}, memory::format_tag::a)),
        plain(array(weights(s), memory::format_tag::oihw)),
        free(array(weights(s), memory::format_tag::any)),
        strides{dim(s.stride), dim(s.stride)},
        padding{dim(s.padding), dim(s.padding)} {}
  static memory::dims weights(const ConvShape& s) {
    return {dim(s.out), dim(s.in), dim(s.kernel), dim(s.kernel)};
  }
};

constexpr auto kAlgorithm = dnnl::algorithm::convolution_direct;

dnnl::primitive_attr attributes() {
  dnnl::primitive_attr result;
  result.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return result;
}

dnnl::convolution_forward::primitive_desc plan_forward(const Plan& plan, bool bias,
                                                       const dnnl::engine& engine) {
  using Description = dnnl::convolution_forward::desc;
  const auto kind = dnnl::prop_kind::forward_training;
  const auto description = bias ? Description(kind, kAlgorithm, plan.x, plan.free, plan.bias,
                                              plan.y, plan.strides, plan.padding, plan.padding)
                                : Description(kind, kAlgorithm, plan.x, plan.free, plan.y,
                                              plan.strides, plan.padding, plan.padding);
  return {description, attributes(), engine};
}

/// A primitive and the memory objects whose addresses change with every call.
struct Convolution {
  dnnl::primitive primitive;
  dnnl::reorder reorder;  // between plain and blocked weights
  memory plain, blocked, first, second, bias, scratchpad;
  std::size_t blocked_bytes = 0;
  std::size_t scratchpad_bytes = 0;
  std::array<dnnl_exec_arg_t, 5> arguments{};
  int argument_count = 0;
  void argue(int name, const memory& value) {
    arguments[static_cast<std::size_t>(argument_count++)] = {name, value.get()};
  }
};

Convolution prepare(const Key& key, const dnnl::engine& engine) {
  const Plan plan(key.shape);
  const bool biased = key.pass == Pass::forward_biased;
  const auto forward = plan_forward(plan, biased, engine);
  Convolution made;
  const auto hold = [&](const memory::desc& weights, const memory::desc& scratchpad) {
    made.plain = memory(plan.plain, engine, nullptr);
    made.blocked = memory(weights, engine, nullptr);
    made.blocked_bytes = weights.get_size();
    made.scratchpad = memory(scratchpad, engine, nullptr);
    made.scratchpad_bytes = scratchpad.get_size();
  };
  if (key.pass == Pass::weights) {
    const dnnl::convolution_backward_weights::primitive_desc chosen(
        {kAlgorithm, plan.x, plan.free, plan.y, plan.strides, plan.padding, plan.padding},
        attributes(), engine, forward);
    made.primitive = dnnl::convolution_backward_weights(chosen);
    hold(chosen.diff_weights_desc(), chosen.scratchpad_desc());
    made.reorder = dnnl::reorder(made.blocked, made.plain);
    made.argue(DNNL_ARG_SRC, made.first = memory(plan.x, engine, nullptr));
    made.argue(DNNL_ARG_DIFF_DST, made.second = memory(plan.y, engine, nullptr));
    made.argue(DNNL_ARG_DIFF_WEIGHTS, made.blocked);
  } else if (key.pass == Pass::data) {
    const dnnl::convolution_backward_data::primitive_desc chosen(
        {kAlgorithm, plan.x, plan.free, plan.y, plan.strides, plan.padding, plan.padding},
        attributes(), engine, forward);
    made.primitive = dnnl::convolution_backward_data(chosen);
    hold(chosen.weights_desc(), chosen.scratchpad_desc());
    made.reorder = dnnl::reorder(made.plain, made.blocked);
    made.argue(DNNL_ARG_DIFF_DST, made.first = memory(plan.y, engine, nullptr));
    made.argue(DNNL_ARG_DIFF_SRC, made.second = memory(plan.x, engine, nullptr));
    made.argue(DNNL_ARG_WEIGHTS, made.blocked);
  } else {
    made.primitive = dnnl::convolution_forward(forward);
    hold(forward.weights_desc(), forward.scratchpad_desc());
    made.reorder = dnnl::reorder(made.plain, made.blocked);
    made.argue(DNNL_ARG_SRC, made.first = memory(plan.x, engine, nullptr));
    made.argue(DNNL_ARG_DST, made.second = memory(plan.y, engine, nullptr));
    made.argue(DNNL_ARG_WEIGHTS, made.blocked);
    if (biased) made.argue(DNNL_ARG_BIAS, made.bias = memory(plan.bias, engine, nullptr));
  }
  made.argue(DNNL_ARG_SCRATCHPAD, made.scratchpad);
  return made;
}

}  // namespace

struct Convolutions::State {
  std::size_t threads = 1;
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  std::map<Key, Convolution> prepared;
  Scratch scratchpad, blocked, plain;

  /// Ready but for the addresses of its arrays.
  Convolution& find(const ConvShape& shape, Pass pass) {
    use_threads(threads);
    const Key key{shape, pass};
    auto found = prepared.find(key);
    if (found == prepared.end()) found = prepared.emplace(key, prepare(key, engine)).first;
    Convolution& conv = found->second;
    set_address(conv.blocked, blocked.bytes(conv.blocked_bytes));
    set_address(conv.scratchpad, scratchpad.bytes(conv.scratchpad_bytes));
    return conv;
  }
  void block(Convolution& conv, const float* w) {
    set_address(conv.plain, w);
    reorder(conv.reorder, conv.plain, conv.blocked, stream);
  }
  void run(Convolution& conv, const float* first, const float* second) {
    set_address(conv.first, first);
    set_address(conv.second, second);
    check(dnnl_primitive_execute(conv.primitive.get(), stream.get(), conv.argument_count,
                                 conv.arguments.data()),
          "dnnl_primitive_execute");
    check(dnnl_stream_wait(stream.get()), "dnnl_stream_wait");
  }
};

Convolutions::Convolutions(std::size_t threads) : state_(std::make_unique<State>()) {
  state_->threads = threads;
}
Convolutions::~Convolutions() = default;

void Convolutions::forward(const ConvShape& shape, const float* x, const float* w,
                           const float* bias, float* y) {
  Convolution& conv = state_->find(shape, bias == nullptr ? Pass::forward : Pass::forward_biased);
  state_->block(conv, w);
  if (bias != nullptr) set_address(conv.bias, bias);
  state_->run(conv, x, y);
}

void Convolutions::weight_gradient(const ConvShape& shape, const float* x, const float* dy,
                                   float* dw, bool add) {
  Convolution& conv = state_->find(shape, Pass::weights);
  state_->run(conv, x, dy);
  const std::size_t count = shape.out * shape.in * shape.kernel * shape.kernel;
  float* plain = add ? state_->plain.numbers(count) : dw;
  set_address(conv.plain, plain);
  reorder(conv.reorder, conv.blocked, conv.plain, state_->stream);
  if (add) axpy(count, 1.0F, plain, dw);
}

void Convolutions::data_gradient(const ConvShape& shape, const float* dy, const float* w,
                                 float* dx) {
  Convolution& conv = state_->find(shape, Pass::data);
  state_->block(conv, w);
  state_->run(conv, dy, dx);
}

}  // namespace murm::host
