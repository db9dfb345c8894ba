#include "actors/data_reader.hpp"

namespace murm {

DataReader::behavior_type data_reader(DataReader::pointer /*self*/,
                                      std::shared_ptr<ReadAhead> batches) {
  return {
      [batches](const ReadLease& lease) {
        batches->expect(lease.position, lease.samples);
        batches->fill();
      },
      [batches](const BufferFree&) { batches->fill(); },
  };
}

}  // namespace murm
