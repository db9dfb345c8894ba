#include "actors/virtual/course.hpp"

#include <algorithm>

namespace murm {

namespace {

constexpr std::size_t kPoints = 512;            // of a curve; then every two become one
constexpr std::size_t kStalenessPlaces = 1024;  // the last one counts everything above

double seconds(Nanoseconds time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

double Course::Mean::value() const {
  return samples == 0 ? not_measured : loss_sum / static_cast<double>(samples);
}

void Course::granted(Nanoseconds now) {
  if (first_grant_.count() < 0) first_grant_ = now;
}

void Course::applied(std::uint32_t shard, const AppliedGradient& gradient, Version version,
                     std::uint64_t bytes, Nanoseconds now) {
  last_apply_ = now;
  ++applies_;
  staleness_sum_ += static_cast<double>(gradient.staleness);
  staleness_max_ = std::max(staleness_max_, gradient.staleness);
  const std::size_t place = std::min<std::size_t>(gradient.staleness, kStalenessPlaces - 1);
  if (staleness_.size() <= place) staleness_.resize(place + 1);
  ++staleness_[place];
  if (shard != 0) return;
  updates_ = version;
  samples_ += gradient.lease.samples;
  open_.add(gradient.loss_sum, gradient.lease.samples);
  interval_.add(gradient.loss_sum, gradient.lease.samples);
  if (++open_gradients_ < stride_) return;
  points_.push_back({this->now(bytes, now), open_});
  open_ = Mean{};
  open_gradients_ = 0;
  if (points_.size() == kPoints) thin();
}

void Course::thin() {
  std::vector<Point> kept;
  kept.reserve(kPoints);
  for (std::size_t i = 0; i + 1 < points_.size(); i += 2) {
    Point merged = points_[i + 1];
    merged.loss.add(points_[i].loss.loss_sum, points_[i].loss.samples);
    kept.push_back(merged);
  }
  points_.swap(kept);
  stride_ *= 2;
}

CurvePoint Course::now(std::uint64_t bytes, Nanoseconds now) const {
  CurvePoint point;
  point.virtual_seconds = seconds(now);
  point.samples = samples_;
  point.updates = updates_;
  point.bytes = bytes;
  point.train_loss = points_.empty() ? open_.value() : points_.back().loss.value();
  return point;
}

void Course::evaluated(const Evaluation& evaluation, Nanoseconds now) {
  if (interval_.samples > 0) train_loss_ = interval_.value();
  interval_ = Mean{};
  latest_ = evaluation;
  evaluations_.push_back({samples_, seconds(now), evaluation.loss, evaluation.accuracy});
}

std::vector<CurvePoint> Course::curve() const {
  std::vector<CurvePoint> curve;
  for (const Point& point : points_) {
    curve.push_back(point.at);
    curve.back().train_loss = point.loss.value();
  }
  return curve;
}

void Course::fill(Report& report) const {
  report.changes = changes_;
  report.updates = updates_;
  report.seconds = first_grant_.count() < 0
                       ? 0
                       : seconds(std::max(Nanoseconds{0}, last_apply_ - first_grant_));
  report.final.train_loss = interval_.samples > 0 && evaluations_.empty() ? interval_.value()
                                                                          : train_loss_;
  if (!evaluations_.empty()) {
    report.final.eval_loss = latest_.loss;
    report.final.eval_accuracy = latest_.accuracy;
  }
  if (applies_ > 0) report.staleness.mean = staleness_sum_ / static_cast<double>(applies_);
  report.staleness.max = staleness_max_;
  report.staleness.histogram = staleness_;
  report.evaluations = evaluations_;
}

}  // namespace murm
