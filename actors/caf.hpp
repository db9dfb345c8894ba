// The one door to CAF: every include of it, and what differs between its versions, stands here.
// Room: actors. Written for CAF 0.17.6 (Debian 12); a later CAF changes this file only.
// Caller: every file of actors/ and tests that speak to actors.
#pragma once
#include <exception>
#include <string>
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#include <caf/all.hpp>
#pragma GCC diagnostic pop

namespace murm {

/// Signature of a message that has no answer, and of one that has.
template <class Message>
using Takes = typename caf::reacts_to<Message>;
template <class Message, class Answer>
using Answers = typename caf::replies_to<Message>::template with<Answer>;

/// The scheduler: the sharing policy answers in 33 instead of 270 us (performance guide).
inline void configure(caf::actor_system_config& config, std::size_t threads) {
  config.set("scheduler.policy", caf::atom("sharing"));
  config.set("scheduler.max-threads", threads);
  config.set("logger.console", caf::atom("none"));
}

/// What an exception says, for the sentence a user gets.
inline std::string describe(const std::exception_ptr& pointer) {
  try {
    std::rethrow_exception(pointer);
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "unknown exception";
  }
}

}  // namespace murm
