#include "transport/lane.h"

#include <utility>

namespace mayfly {
namespace {

LaneRing ring_to(Lane::Side side, LaneMemory& memory) {
  if (side == Lane::Side::owner) return {memory.to_owner, &memory.consumed_by_owner};
  return {memory.to_guest, &memory.consumed_by_guest};
}

Lane::Side other(Lane::Side side) {
  return side == Lane::Side::owner ? Lane::Side::guest : Lane::Side::owner;
}

}  // namespace

Lane::Lane(Side side, LaneMemory& memory, LanePeer peer, const WakeSocket& socket)
    : side_(side),
      memory_(memory),
      peer_(peer),
      socket_(socket),
      has_come_(side == Side::guest),
      writer_(ring_to(other(side), memory)),
      reader_(ring_to(side, memory)) {}

void Lane::post(Bytes header, Bytes payload) {
  if (kept_.empty() && writer_.write(header, payload)) return wake_peer();
  Kept message{{header.begin(), header.end()}, header.size()};
  message.bytes.insert(message.bytes.end(), payload.begin(), payload.end());
  kept_.push_back(std::move(message));
}

void Lane::flush() {
  const std::size_t before = kept_.size();
  while (!kept_.empty()) {
    const Kept& message = kept_.front();
    const Bytes bytes(message.bytes);
    if (!writer_.write(bytes.first(message.header_bytes), bytes.subspan(message.header_bytes))) {
      break;
    }
    kept_.pop_front();
  }
  if (kept_.size() != before) wake_peer();
}

void Lane::wake_peer() {
  // What was written is seen before it is asked whether anybody looks.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (peer_.sleeps.load(std::memory_order_relaxed) != 0) socket_.wake(peer_.name);
}

Result<std::optional<Message>> Lane::take() {
  MAYFLY_TRY(record, reader_.next());
  if (!record) return std::optional<Message>();
  has_come_ = true;
  return std::optional<Message>(std::in_place, record->header, Body::lent(record->payload),
                                nullptr);
}

void Lane::set_guest_sleeps(bool sleeps) {
  memory_.guest.sleeps.store(sleeps ? 1 : 0, std::memory_order_relaxed);
}

}  // namespace mayfly
