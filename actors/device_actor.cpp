#include "actors/device_actor.hpp"

#include <exception>

namespace murm {

DeviceActor::behavior_type device_actor(DeviceActor::pointer self, LaneFactory make_lane,
                                        ComputeSink owner, std::shared_ptr<const Clock> clock) {
  self->link_to(owner);
  std::shared_ptr<GradientLane> lane;
  try {
    lane = make_lane();
    self->send(owner, DeviceReady{});
  } catch (const std::exception& error) {
    self->send(owner, Failure{PeerId{}, error.what()});
  }
  return {
      [self, lane, owner, clock](const ComputeJob& job) {
        if (!lane) return;
        const Nanoseconds began = clock->now();
        try {
          GradientReady gradient = lane->run(job.lease, job.parameters);
          self->send(owner, ComputeDone{std::move(gradient), began, clock->now(), job.number});
        } catch (const std::exception& error) {
          self->send(owner, Failure{PeerId{}, error.what()});
        }
      },
  };
}

}  // namespace murm
