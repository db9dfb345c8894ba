// The nouns everybody shares: ids, counts, Error, Result, the assertion.
// Room: algorithms. Knows numbers and versions, never who or where.
// Caller: every room. Source: architecture, section 5 (ids) and style guide, section 6 (errors).
#pragma once
#include <compare>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>

namespace murm {

using Version = std::uint64_t;  // optimizer steps applied so far by the owner of a shard
using Step = std::uint64_t;     // clock of a worker: leases it has completed, counted from 0
using LeaseId = std::uint64_t;  // position of a lease in the run's sequence of leases, dense from 0
using Epoch = std::uint64_t;    // membership epoch: number of the agreed worker set
using SampleCount = std::uint64_t;  // samples of the training set, repetitions counted

enum class Role : std::uint8_t { none = 0, coordinator = 1, aggregator = 2, worker = 3 };

/// A participant. The role stands in the top byte, the ordinal below it. Worker ordinals are handed
/// out by the coordinator and never again: a worker that comes back gets a new id, so a message of
/// its earlier life is recognised by its sender alone.
struct PeerId {
  std::uint64_t value = 0;

  static constexpr PeerId make(Role role, std::uint64_t ordinal) {
    return PeerId{(static_cast<std::uint64_t>(role) << 56U) | ordinal};
  }
  static constexpr PeerId coordinator() { return make(Role::coordinator, 0); }
  static constexpr PeerId aggregator(std::uint64_t shard) { return make(Role::aggregator, shard); }
  static constexpr PeerId worker(std::uint64_t ordinal) { return make(Role::worker, ordinal); }

  constexpr Role role() const { return static_cast<Role>(value >> 56U); }
  constexpr std::uint64_t ordinal() const { return value & ((std::uint64_t{1} << 56U) - 1); }
  friend constexpr auto operator<=>(PeerId, PeerId) = default;
};

std::string to_string(PeerId id);

/// The kind of an error names the reaction to it.
enum class ErrorKind : std::uint8_t {
  retry_later,  // back off and try again
  reconnect,    // rebuild the connection
  rejected,     // drop the message and count it
  unsupported,  // choose another way
  fatal,        // stop this actor
};

struct Error {
  ErrorKind kind = ErrorKind::fatal;
  std::string text;  // one sentence: "[room] what, what was expected. HINT: what to do"
};

/// A value, or the reason why there is none.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : content_(std::move(value)) {}      // NOLINT(google-explicit-constructor)
  Result(Error error) : content_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  explicit operator bool() const { return content_.index() == 0; }
  T& operator*() { return std::get<0>(content_); }
  const T& operator*() const { return std::get<0>(content_); }
  T* operator->() { return &std::get<0>(content_); }
  const T* operator->() const { return &std::get<0>(content_); }
  const Error& error() const { return std::get<1>(content_); }

 private:
  std::variant<T, Error> content_;
};

/// What a user gave us is wrong (job file, flag, data file): caught once in `main`, exit code 2.
class InputError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The run itself failed (lost workers, diverged): caught once in `main`, exit code 1.
class RunError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

[[noreturn]] void assertion_failed(const char* condition, const char* file, int line,
                                   const std::string& values);

}  // namespace murm

/// Always on. A failure is a bug of ours: prints the condition and the values, then aborts.
/// `values` is a std::string expression, evaluated only on failure.
#define MURM_ASSERT(condition, values) \
  (static_cast<bool>(condition)        \
       ? void(0)                       \
       : ::murm::assertion_failed(#condition, __FILE__, __LINE__, values))
