#include "tests/fake_cuda/fiber.hpp"

#include <sys/mman.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif
#if !defined(__x86_64__) || defined(MURM_FAKE_CUDA_UCONTEXT)
#include <ucontext.h>
#endif

namespace murm::fake_cuda {
namespace {

constexpr std::size_t kStackBytes = 256 * 1024;  // virtual; pages are taken when touched
constexpr std::size_t kGuardBytes = 64 * 1024;

}  // namespace

#if defined(__x86_64__) && !defined(MURM_FAKE_CUDA_UCONTEXT)

/// Where a computation stopped: its stack pointer; the registers a call preserves lie on the stack.
using Place = void*;

extern "C" void murm_fake_cuda_switch(Place* from, Place to);
extern "C" void murm_fake_cuda_first_entry();
asm(R"(
.text
.globl murm_fake_cuda_switch
.type murm_fake_cuda_switch, @function
murm_fake_cuda_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size murm_fake_cuda_switch, .-murm_fake_cuda_switch
.globl murm_fake_cuda_first_entry
.type murm_fake_cuda_first_entry, @function
murm_fake_cuda_first_entry:
  movq %rbx, %rdi
  call *%r12
  ud2
.size murm_fake_cuda_first_entry, .-murm_fake_cuda_first_entry
)");

namespace {
void switch_places(Place& from, Place& to) { murm_fake_cuda_switch(&from, to); }

/// A stack whose first switch calls start(fiber).
void prepare(Place& place, std::byte* stack, void (*start)(Fiber*), Fiber* fiber) {
  auto* top = reinterpret_cast<std::uintptr_t*>(stack + kStackBytes);
  top -= 2;  // where first_entry finds itself: aligned to 16, as its call needs
  *--top = reinterpret_cast<std::uintptr_t>(&murm_fake_cuda_first_entry);
  *--top = 0;                                        // rbp
  *--top = reinterpret_cast<std::uintptr_t>(fiber);  // rbx
  *--top = reinterpret_cast<std::uintptr_t>(start);  // r12
  for (int i = 0; i < 3; ++i) *--top = 0;            // r13 to r15
  place = top;
}
}  // namespace

#else

using Place = ucontext_t;

namespace {
void switch_places(Place& from, Place& to) { swapcontext(&from, &to); }

void prepare(Place& place, std::byte* stack, void (*start)(Fiber*), Fiber* fiber) {
  getcontext(&place);
  place.uc_stack.ss_sp = stack;
  place.uc_stack.ss_size = kStackBytes;
  place.uc_link = nullptr;
  // makecontext passes ints: each address goes as two.
  const auto start_word = reinterpret_cast<std::uint64_t>(start);
  const auto fiber_word = reinterpret_cast<std::uint64_t>(fiber);
  void (*glue)(unsigned, unsigned, unsigned, unsigned) = [](unsigned a, unsigned b, unsigned c,
                                                            unsigned d) {
    const auto join = [](unsigned high, unsigned low) { return std::uint64_t{high} << 32U | low; };
    reinterpret_cast<void (*)(Fiber*)>(join(a, b))(reinterpret_cast<Fiber*>(join(c, d)));
  };
  makecontext(&place, reinterpret_cast<void (*)()>(glue), 4, unsigned(start_word >> 32U),
              unsigned(start_word), unsigned(fiber_word >> 32U), unsigned(fiber_word));
}
}  // namespace

#endif

struct Fiber::Context {
  Place inside{};
  Place outside{};
  std::byte* mapping = nullptr;
  std::byte* stack = nullptr;
  // What the sanitizers call them.
  void* fake_stack_inside = nullptr;
  void* fake_stack_outside = nullptr;
  const void* outside_stack = nullptr;
  std::size_t outside_bytes = 0;
  void* tsan_inside = nullptr;
  void* tsan_outside = nullptr;
};

void start_fiber(Fiber* fiber) { Fiber::main_loop(fiber); }

Fiber::Fiber(void (*body)()) : body_(body), context_(std::make_unique<Context>()) {
  void* mapping = mmap(nullptr, kGuardBytes + kStackBytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED || mprotect(mapping, kGuardBytes, PROT_NONE) != 0) {
    std::perror("fake CUDA: no memory for the stack of a thread");
    std::abort();
  }
  context_->mapping = static_cast<std::byte*>(mapping);
  context_->stack = context_->mapping + kGuardBytes;
  prepare(context_->inside, context_->stack, start_fiber, this);
#if defined(__SANITIZE_THREAD__)
  context_->tsan_inside = __tsan_create_fiber(0);
#endif
}

Fiber::~Fiber() {
#if defined(__SANITIZE_THREAD__)
  __tsan_destroy_fiber(context_->tsan_inside);
#endif
#if defined(__SANITIZE_ADDRESS__)
  __asan_unpoison_memory_region(context_->stack, kStackBytes);  // frames that never returned
#endif
  munmap(context_->mapping, kGuardBytes + kStackBytes);
}

void Fiber::enter() {
  Context& c = *context_;
  idle_ = false;
#if defined(__SANITIZE_THREAD__)
  c.tsan_outside = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(c.tsan_inside, 0);
#endif
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(&c.fake_stack_outside, c.stack, kStackBytes);
#endif
  switch_places(c.outside, c.inside);
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(c.fake_stack_outside, nullptr, nullptr);
#endif
}

void Fiber::leave() {
  Context& c = *context_;
#if defined(__SANITIZE_THREAD__)
  __tsan_switch_to_fiber(c.tsan_outside, 0);
#endif
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(&c.fake_stack_inside, c.outside_stack, c.outside_bytes);
#endif
  switch_places(c.inside, c.outside);
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(c.fake_stack_inside, &c.outside_stack, &c.outside_bytes);
#endif
}

void Fiber::main_loop([[maybe_unused]] Fiber* fiber) {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(nullptr, &fiber->context_->outside_stack,
                                  &fiber->context_->outside_bytes);
#endif
  for (;;) {
    fiber->body_();
    fiber->idle_ = true;
    fiber->leave();
  }
}

}  // namespace murm::fake_cuda
