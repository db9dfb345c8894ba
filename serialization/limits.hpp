// Limits of the wire, by name: what the encoder keeps to and the decoder insists on.
// Room: serialization. Constants only; each also stands in murmuration.capnp and docs/protocol.md.
// Caller: codec, reassembler, and the transport's owner for the sizes of frames.
#pragma once
#include <cstddef>
#include <cstdint>

namespace murm {

inline constexpr std::uint32_t protocol_version = 3;

// frames
inline constexpr std::size_t prefix_bytes = 16;  // magic, version, checksum
inline constexpr std::size_t header_bytes_max = std::size_t{64} << 10U;
inline constexpr std::size_t chunk_bytes_max = std::size_t{1} << 20U;
inline constexpr std::size_t chunk_elements_max = chunk_bytes_max / sizeof(float);
inline constexpr std::size_t frames_max = 2;

// payloads
inline constexpr std::uint64_t payload_elements_max = std::uint64_t{1} << 32U;
inline constexpr std::uint64_t payload_slack_elements =
    1024;  // what a code may add to the numbers it stands for
inline constexpr std::uint64_t parameters_max = std::uint64_t{1} << 40U;
inline constexpr std::uint64_t credit_bytes_max = payload_elements_max * sizeof(float);
inline constexpr std::uint64_t chunk_bytes_mean_min =
    4096;                                         // of a payload that comes in many chunks
inline constexpr std::uint64_t chunks_free = 16;  // chunks before that mean counts

// fields
inline constexpr std::size_t label_bytes_max = 256;  // build, device, endpoint
inline constexpr std::size_t text_bytes_max = 1024;  // sentences
inline constexpr std::size_t job_bytes_max = std::size_t{32} << 10U;
inline constexpr std::uint32_t seats_max = 1024;
inline constexpr std::size_t members_max = 1024;  // that join, or leave, at once
inline constexpr std::uint32_t parts_max = 1024;  // of the vector, between workers
inline constexpr std::uint32_t shards_max = 1024;
inline constexpr std::uint32_t quorum_max = 1U << 16U;
inline constexpr std::uint64_t lease_ids_max = std::uint64_t{1}
                                               << 32U;  // a shard keeps a bit for each
inline constexpr std::uint32_t lease_samples_max = 1U << 24U;
inline constexpr std::uint64_t position_max = std::uint64_t{1} << 62U;

}  // namespace murm
