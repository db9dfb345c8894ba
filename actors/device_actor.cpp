#include "actors/device_actor.hpp"

#include <exception>

#include "actors/data_reader.hpp"

namespace murm {

namespace {

DataReader spawn_reader(DeviceActor::pointer self, const std::shared_ptr<ReadAhead>& batches) {
  if (batches->data().features() == 0) return {};
  DataReader reader = self->spawn<caf::detached + caf::linked>(data_reader, batches);
  batches->when_free([reader] { caf::anon_send(reader, BufferFree{}); });
  return reader;
}

}  // namespace

DeviceActor::behavior_type device_actor(DeviceActor::pointer self, LaneFactory make_lane,
                                        ComputeSink owner, std::shared_ptr<const Clock> clock) {
  self->link_to(owner);
  std::shared_ptr<GradientLane> lane;
  try {
    lane = make_lane();
    self->send(owner, DeviceReady{spawn_reader(self, lane->batches()), lane->device()});
  } catch (const std::exception& error) {
    self->send(owner, Failure{PeerId{}, error.what()});
  }
  return {
      [self, lane, owner, clock](const ComputeJob& job) {
        if (!lane) return;
        const Nanoseconds began = clock->now();
        try {
          GradientReady gradient = lane->run(job.lease, job.parameters);
          self->send(owner, ComputeDone{std::move(gradient), began, clock->now(), job.number,
                                        lane->batches()->take_waited()});
        } catch (const std::exception& error) {
          self->send(owner, Failure{PeerId{}, error.what()});
        }
      },
  };
}

}  // namespace murm
