#include "actors/wire_connection.hpp"

#include <algorithm>
#include <array>

#include "algorithms/partition.hpp"

namespace murm {

namespace {

/// A peer that sends more frames than any message has is told apart by their count alone.
struct Views {
  std::array<FrameView, frames_max + 1> views;
  std::size_t count = 0;
  explicit Views(const Frames& frames) : count(std::min(frames.frames.size(), frames_max + 1)) {
    for (std::size_t i = 0; i < count; ++i)
      views[i] = {frames.frames[i].data, frames.frames[i].size};
  }
  std::span<const FrameView> span() const { return std::span(views).first(count); }
};

}  // namespace

Expectations expectations_of(const Welcome& welcome) {
  Expectations expectations;
  expectations.shards = welcome.shards;
  expectations.parameters = welcome.parameters;
  for (std::uint32_t shard = 0; shard < welcome.shards; ++shard) {
    expectations.shard_lengths.push_back(
        shard_range(welcome.parameters, welcome.shards, shard).length);
  }
  return expectations;
}

void WireConnection::admit(std::uint64_t run, Epoch epoch, const Expectations& expectations) {
  run_ = run;
  epoch_ = epoch;
  expectations_ = expectations;
  expectations_.run = run;
  expectations_.epoch_min = epoch;
}

Envelope WireConnection::next_envelope(std::uint64_t& sequence) const {
  return Envelope{run_, epoch_, sequence++};
}

void WireConnection::send(const ControlBody& body) {
  Outgoing message;
  message.to = id_;
  message.channel = Channel::control;
  encode_control(next_envelope(control_sent_), body, message.header);
  transport_.send(std::move(message));
}

void WireConnection::send(Routed message) {
  const Tensor payload = std::move(message.message.payload);
  message.message.payload = Tensor();
  ChunkInfo info;
  info.transfer = transfers_++;
  info.payload_elements = payload.length();
  if (payload.length() == 0) queue_.push_back({message, info, {}, nullptr});
  for_each_run(payload, [&](const float* data, std::size_t offset, std::size_t length) {
    for (std::size_t done = 0; done < length; done += chunk_elements_max) {
      const std::size_t count = std::min(chunk_elements_max, length - done);
      info.offset_elements = offset + done;
      info.elements = static_cast<std::uint32_t>(count);
      queue_.push_back({message, info, {data + done, count}, payload.storage()});
      queued_bytes_ += count * sizeof(float);
    }
  });
  drain();
}

void WireConnection::drain() {
  while (!queue_.empty() && queue_.front().numbers.size_bytes() <= credit_) {
    const std::uint64_t bytes = queue_.front().numbers.size_bytes();
    transmit(queue_.front());
    queue_.pop_front();
    credit_ -= bytes;
    queued_bytes_ -= bytes;
  }
}

void WireConnection::transmit(const Piece& piece) {
  Outgoing message;
  message.to = id_;
  message.channel = Channel::bulk;
  encode_bulk_header(next_envelope(bulk_sent_), piece.routed, piece.info, piece.numbers,
                     message.header);
  message.payload = piece.numbers.data();
  message.payload_bytes = piece.numbers.size_bytes();
  message.keep_alive = piece.keep_alive;
  transport_.send(std::move(message));
}

std::optional<ControlBody> WireConnection::take_control(const Frames& frames) {
  auto decoded = decode_control(Views(frames).span(), expectations_);
  if (!decoded) {
    faults_.count(decoded.refused().fault);
    return std::nullopt;
  }
  if (const auto refused = control_gate_.admit(decoded->envelope)) {
    faults_.count(refused->fault);
    return std::nullopt;
  }
  last_envelope_ = decoded->envelope;
  if (const auto* credit = std::get_if<Credit>(&decoded->body)) {
    credit_ = std::min(credit_ + credit->bytes, credit_window_bytes);
    drain();
    return std::nullopt;
  }
  return std::move(decoded->body);
}

std::optional<Routed> WireConnection::take_bulk(const Frames& frames) {
  const Views views(frames);
  auto decoded = decode_bulk(views.span(), expectations_);
  if (!decoded) {
    faults_.count(decoded.refused().fault);
    return std::nullopt;
  }
  if (const auto refused = bulk_gate_.admit(decoded->envelope)) {
    faults_.count(refused->fault);
    return std::nullopt;
  }
  const bool has_payload = views.count > 1;
  const FrameView payload = has_payload ? views.views[1] : FrameView{};
  auto whole = reassembler_.add(*decoded, payload, has_payload ? frames.frames[1].owner : nullptr);
  if (!whole) {
    faults_.count(whole.refused().fault);
    return std::nullopt;
  }
  consumed_ += payload.size();
  if (consumed_ >= credit_window_bytes / 4) {
    send(Credit{std::exchange(consumed_, 0)});
  }
  return std::move(*whole);
}

}  // namespace murm
