#include "actors/algorithm_course.hpp"

#include <utility>

namespace murm {

AlgorithmCourse::AlgorithmCourse(Job job, DataShape shape, std::uint32_t done)
    : job_(std::move(job)),
      shape_(shape),
      planned_(planned_switches(job_, shape.train)),
      number_(done) {}

bool AlgorithmCourse::planned_due(SampleCount position) const {
  return number_ < planned_.size() && planned_[number_].position <= position;
}

std::optional<SampleCount> AlgorithmCourse::next_after(SampleCount position) const {
  for (std::size_t i = number_; i < planned_.size(); ++i) {
    if (planned_[i].position > position) return planned_[i].position;
  }
  return std::nullopt;
}

bool AlgorithmCourse::due(SampleCount position) const {
  // Nothing has been trained since the one before: two changes at one place would be one in a job file.
  const bool alone = number_ == 0 ? position > 0 : planned_[number_ - 1].position < position;
  return planned_due(position) || (asked() && alone);
}

std::optional<std::string> AlgorithmCourse::ask(const std::string& to, bool one_process) {
  if (asked()) return "a change to " + asked_ + " is under way already";
  Job next = job();
  if (next.algorithm.name == to) return to + " is what runs already";
  next.algorithm.name = to;
  try {
    plan_job(next, shape_);
  } catch (const InputError& error) {
    return error.what();
  }
  if (!one_process && needs_one_process(next)) {
    return to + " needs workers that share memory, but these are in other processes";
  }
  asked_ = to;
  return std::nullopt;
}

JobPlan AlgorithmCourse::advance(SampleCount position) {
  while (planned_due(position)) ++number_;
  if (asked()) {
    const double epoch = static_cast<double>(position) / static_cast<double>(shape_.train);
    auto& switches = job_.algorithm.switches;
    const bool replaces = number_ > 0 && planned_[number_ - 1].position == position;
    if (replaces) --number_;
    const auto place = static_cast<std::ptrdiff_t>(number_);
    if (replaces) switches.erase(switches.begin() + place);
    switches.insert(switches.begin() + place, AlgorithmSwitch{epoch, std::exchange(asked_, "")});
    planned_ = planned_switches(job_, shape_.train);
    ++number_;
  }
  return plan_job(job(), shape_);
}

}  // namespace murm
