#include "gpu/host/matrix_product.hpp"

#include <array>
#include <map>
#include <utility>
#include <vector>

#include "gpu/host/kernels.hpp"
#include "gpu/host/onednn.hpp"
#include "gpu/host/scratch.hpp"

namespace murm::host {
namespace {

using dnnl::memory;

/// A weight that is seen by so many rows is worth laying out in blocks first.
constexpr std::size_t kRowsWorthPacking = 1024;

memory::desc matrix(std::size_t rows, std::size_t columns, memory::data_type type,
                    memory::format_tag tag) {
  return {{static_cast<memory::dim>(rows), static_cast<memory::dim>(columns)}, type, tag};
}

memory::format_tag tag(bool transposed) {
  return transposed ? memory::format_tag::ba : memory::format_tag::ab;
}

/// What is prepared: a shape, and whether b comes in blocks.
struct Key {
  ProductShape shape;
  bool packed = false;
  friend auto operator<=>(const Key&, const Key&) = default;
};

/// A primitive and the memory objects whose addresses change with every call.
struct Product {
  dnnl::matmul primitive;
  dnnl::reorder packing;  // of b, when packed
  memory a, b, c, bias, residual, scratchpad;
  memory plain_b;  // what is packed
  std::size_t scratchpad_bytes = 0;
  std::size_t packed_bytes = 0;
  std::array<dnnl_exec_arg_t, 6> arguments{};
  int argument_count = 0;
  void argue(int name, const memory& value) {
    arguments[static_cast<std::size_t>(argument_count++)] = {name, value.get()};
  }
};

Product prepare(const Key& key, bool bf16, const dnnl::engine& engine) {
  const ProductShape& shape = key.shape;
  const auto type = bf16 ? memory::data_type::bf16 : memory::data_type::f32;
  const auto fp32 = memory::data_type::f32;
  const memory::desc a = matrix(shape.m, shape.k, type, tag(shape.a_transposed));
  const memory::desc plain = matrix(shape.k, shape.n, type, tag(shape.b_transposed));
  const memory::desc b = key.packed ? matrix(shape.k, shape.n, type, memory::format_tag::any)
                                    : plain;
  const memory::desc c = matrix(shape.m, shape.n, fp32, memory::format_tag::ab);
  const memory::desc bias = matrix(1, shape.n, fp32, memory::format_tag::ab);
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  dnnl::post_ops after;
  if (shape.relu) after.append_eltwise(1.0F, dnnl::algorithm::eltwise_relu, 0.0F, 0.0F);
  if (shape.add) after.append_sum(1.0F);
  if (shape.residual) after.append_binary(dnnl::algorithm::binary_add, c);
  attributes.set_post_ops(after);
  const auto description = shape.bias ? dnnl::matmul::desc(a, b, bias, c)
                                      : dnnl::matmul::desc(a, b, c);
  const dnnl::matmul::primitive_desc plan(description, attributes, engine);
  Product product;
  product.primitive = dnnl::matmul(plan);
  product.a = memory(a, engine, nullptr);
  product.b = memory(plan.weights_desc(), engine, nullptr);
  product.c = memory(c, engine, nullptr);
  product.scratchpad = memory(plan.scratchpad_desc(), engine, nullptr);
  product.scratchpad_bytes = plan.scratchpad_desc().get_size();
  if (key.packed) {
    product.plain_b = memory(plain, engine, nullptr);
    product.packing = dnnl::reorder(product.plain_b, product.b);
    product.packed_bytes = plan.weights_desc().get_size();
  }
  product.argue(DNNL_ARG_SRC, product.a);
  product.argue(DNNL_ARG_WEIGHTS, product.b);
  product.argue(DNNL_ARG_DST, product.c);
  product.argue(DNNL_ARG_SCRATCHPAD, product.scratchpad);
  if (shape.bias) {
    product.bias = memory(bias, engine, nullptr);
    product.argue(DNNL_ARG_BIAS, product.bias);
  }
  if (shape.residual) {
    product.residual = memory(c, engine, nullptr);
    product.argue(DNNL_ARG_ATTR_MULTIPLE_POST_OP(shape.relu ? 1 : 0) | DNNL_ARG_SRC_1,
                  product.residual);
  }
  return product;
}

}  // namespace

struct MatrixProducts::State {
  /// A form of a weight. Slots are taken in the order of use, the same in every step.
  struct Kept {
    const float* weight = nullptr;
    Key key;  // rounded but not packed: {}
    std::size_t count = 0;
    Scratch memory;
  };

  ProductOptions options;
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  std::map<Key, Product> products;
  Scratch scratchpad, rounded_a, rounded_b;
  std::size_t uses = 1;
  std::vector<Kept> kept;
  std::size_t kept_count = 0;

  Product& find(const Key& key) {
    const auto found = products.find(key);
    if (found != products.end()) return found->second;
    return products.emplace(key, prepare(key, options.bf16, engine)).first->second;
  }

  /// The slot for this form of a weight, and whether it has to be filled.
  std::pair<Kept*, bool> slot(const float* weight, const Key& key, std::size_t count) {
    for (std::size_t i = 0; i < kept_count; ++i) {
      Kept& candidate = kept[i];
      if (candidate.weight == weight && candidate.key == key && candidate.count == count)
        return {&candidate, false};
    }
    if (kept_count == kept.size()) kept.emplace_back();
    Kept& taken = kept[kept_count++];
    taken.weight = weight;
    taken.key = key;
    taken.count = count;
    return {&taken, true};
  }

  const void* rounded(const float* x, std::size_t count, Scratch& into) {
    auto* to = static_cast<std::uint16_t*>(into.bytes(count * sizeof(std::uint16_t)));
    round_to_bfloat(count, x, to);
    return to;
  }

  const void* rounded_weight(const float* w, std::size_t count) {
    const auto [found, fresh] = slot(w, Key{}, count);
    return fresh ? rounded(w, count, found->memory) : found->memory.bytes(count * 2);
  }

  /// b as the product wants it: as it is, rounded, or in blocks.
  const void* operand_b(const Key& key, Product& product, const ProductOperands& operands) {
    const std::size_t count = key.shape.k * key.shape.n;
    const void* plain = operands.b;
    if (options.bf16 && !operands.b_is_weight) plain = rounded(operands.b, count, rounded_b);
    if (!key.packed)
      return options.bf16 && operands.b_is_weight ? rounded_weight(operands.b, count) : plain;
    if (const auto [found, fresh] = slot(operands.b, key, count); !fresh)
      return found->memory.bytes(product.packed_bytes);
    // Rounding may take a slot of its own, so the packed one is looked up again.
    if (options.bf16) plain = rounded_weight(operands.b, count);
    void* packed = slot(operands.b, key, count).first->memory.bytes(product.packed_bytes);
    set_address(product.plain_b, plain);
    set_address(product.b, packed);
    reorder(product.packing, product.plain_b, product.b, stream);
    return packed;
  }
};

MatrixProducts::MatrixProducts(const ProductOptions& options) : state_(std::make_unique<State>()) {
  MURM_ASSERT(options.threads > 0, "threads");
  state_->options = options;
}
MatrixProducts::~MatrixProducts() = default;

void MatrixProducts::new_weights(std::size_t uses) {
  state_->uses = uses;
  state_->kept_count = 0;
}

void MatrixProducts::multiply(const ProductShape& shape, const ProductOperands& operands) {
  MURM_ASSERT(shape.bias == (operands.bias != nullptr), "bias");
  MURM_ASSERT(shape.residual == (operands.residual != nullptr), "residual");
  use_threads(state_->options.threads);
  const bool packed = operands.b_is_weight && shape.m * state_->uses >= kRowsWorthPacking;
  const Key key{shape, packed};
  Product& product = state_->find(key);
  const void* b = state_->operand_b(key, product, operands);
  const void* a = operands.a;
  if (state_->options.bf16) a = state_->rounded(operands.a, shape.m * shape.k, state_->rounded_a);
  set_address(product.a, a);
  set_address(product.b, b);
  set_address(product.c, operands.c);
  set_address(product.scratchpad, state_->scratchpad.bytes(product.scratchpad_bytes));
  if (shape.bias) set_address(product.bias, operands.bias);
  if (shape.residual) set_address(product.residual, operands.residual);
  check(dnnl_primitive_execute(product.primitive.get(), state_->stream.get(),
                               product.argument_count, product.arguments.data()),
        "dnnl_primitive_execute");
  check(dnnl_stream_wait(state_->stream.get()), "dnnl_stream_wait");
}

}  // namespace murm::host
