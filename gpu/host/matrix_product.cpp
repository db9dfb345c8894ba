#include "gpu/host/matrix_product.hpp"

#include <omp.h>

#include <array>
#include <map>
#include <oneapi/dnnl/dnnl.hpp>
#include <utility>

#include "algorithms/vocabulary.hpp"
#include "gpu/host/buffer_pool.hpp"

namespace murm::host {
namespace {

using dnnl::memory;

/// The number of OpenMP threads is a property of the calling thread; parallelism here is one lane per actor.
void use_one_thread() {
  // A lone byte of thread-local data can make a linker place RELRO in an unmapped page.
  alignas(64) thread_local bool done = false;
  if (done) return;
  omp_set_num_threads(1);
  done = true;
}

void check(dnnl_status_t status, const char* what) {
  MURM_ASSERT(status == dnnl_success, std::string(what) + " failed: " + std::to_string(status));
}

memory::desc matrix(std::size_t rows, std::size_t columns, bool transposed) {
  return {{static_cast<memory::dim>(rows), static_cast<memory::dim>(columns)},
          memory::data_type::f32,
          transposed ? memory::format_tag::ba : memory::format_tag::ab};
}

/// A primitive and the memory objects whose addresses change with every call.
struct Product {
  dnnl::matmul primitive;
  memory a;
  memory b;
  memory c;
  memory bias;
  memory scratchpad;
  std::size_t scratchpad_bytes = 0;
  std::array<dnnl_exec_arg_t, 5> arguments{};
  int argument_count = 0;
};

Product prepare(const ProductShape& shape, const dnnl::engine& engine) {
  const memory::desc a = matrix(shape.m, shape.k, shape.a_transposed);
  const memory::desc b = matrix(shape.k, shape.n, shape.b_transposed);
  const memory::desc c = matrix(shape.m, shape.n, false);
  const memory::desc bias = matrix(1, shape.n, false);
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  if (shape.relu) {
    dnnl::post_ops after;
    after.append_eltwise(1.0F, dnnl::algorithm::eltwise_relu, 0.0F, 0.0F);
    attributes.set_post_ops(after);
  }
  const auto description = shape.bias ? dnnl::matmul::desc(a, b, bias, c)
                                      : dnnl::matmul::desc(a, b, c);
  const dnnl::matmul::primitive_desc plan(description, attributes, engine);
  Product product;
  product.primitive = dnnl::matmul(plan);
  product.a = memory(a, engine, nullptr);
  product.b = memory(b, engine, nullptr);
  product.c = memory(c, engine, nullptr);
  product.scratchpad = memory(plan.scratchpad_desc(), engine, nullptr);
  product.scratchpad_bytes = plan.scratchpad_desc().get_size();
  product.arguments = {{{DNNL_ARG_SRC, product.a.get()},
                        {DNNL_ARG_WEIGHTS, product.b.get()},
                        {DNNL_ARG_DST, product.c.get()},
                        {DNNL_ARG_SCRATCHPAD, product.scratchpad.get()},
                        {DNNL_ARG_BIAS, nullptr}}};
  product.argument_count = 4;
  if (shape.bias) {
    product.bias = memory(bias, engine, nullptr);
    product.arguments[4].memory = product.bias.get();
    product.argument_count = 5;
  }
  return product;
}

void set_address(const memory& target, const void* data) {
  // oneDNN takes sources as mutable pointers and does not write to them.
  check(dnnl_memory_set_data_handle(target.get(), const_cast<void*>(data)),
        "dnnl_memory_set_data_handle");
}

}  // namespace

struct MatrixProducts::State {
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  std::map<ProductShape, Product> products;
  std::unique_ptr<HostBuffer> scratchpad = std::make_unique<HostBuffer>(1);

  Product& find(const ProductShape& shape) {
    const auto found = products.find(shape);
    if (found != products.end()) return found->second;
    Product& made = products.emplace(shape, prepare(shape, engine)).first->second;
    const std::size_t wanted = made.scratchpad_bytes / sizeof(float) + 1;
    if (scratchpad->capacity() < wanted) scratchpad = std::make_unique<HostBuffer>(wanted);
    return made;
  }
};

MatrixProducts::MatrixProducts() : state_(std::make_unique<State>()) {}
MatrixProducts::~MatrixProducts() = default;

void MatrixProducts::multiply(const ProductShape& shape, const float* a, const float* b,
                              const float* bias, float* c) {
  MURM_ASSERT(shape.bias == (bias != nullptr), "bias");
  use_one_thread();
  Product& product = state_->find(shape);
  set_address(product.a, a);
  set_address(product.b, b);
  set_address(product.c, c);
  set_address(product.scratchpad, state_->scratchpad->runs()[0].data);
  if (shape.bias) set_address(product.bias, bias);
  check(dnnl_primitive_execute(product.primitive.get(), state_->stream.get(),
                               product.argument_count, product.arguments.data()),
        "dnnl_primitive_execute");
  check(dnnl_stream_wait(state_->stream.get()), "dnnl_stream_wait");
}

}  // namespace murm::host
