#include "tools/murm/watch.hpp"

#include <unistd.h>

#include <iostream>

namespace murm {

Watch::Watch(SignalGate& signals, bool quiet)
    : signals_(signals), progress_(std::cerr, clock_, progress_style_for(STDERR_FILENO, quiet), [] {
        return terminal_width(STDERR_FILENO);
      }) {}

bool Watch::look(const ProgressState& state) {
  progress_.update(state);
  const SignalGate::Woken woken = signals_.wait(std::chrono::steady_clock::now());
  if (woken.signal != 0) signal_ = woken.signal;
  return signal_ == 0;
}

bool Watch::look(const CurvePoint& point, SampleCount total) {
  ProgressState state;
  state.samples = point.samples;
  state.samples_total = total;
  state.seconds = point.virtual_seconds;
  state.loss = point.train_loss;
  return look(state);
}

}  // namespace murm
