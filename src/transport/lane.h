// Lane: a pair of rings between two processes of one machine, in memory of the one that offered it,
// its owner; the other is its guest. Messages that fit go by it instead of by UCX.
//
// Owner: a connection of either process. Thread: the worker's. Order: as posted.
// Failure: none of its own; a peer that is gone is seen by the connection. What the peer's ring has
//   no room for is kept here: bounded by what the user has in flight, as it is with UCX.
// Sleep: who sleeps says so in shared memory and then looks once more; who has written looks
//   whether the other sleeps, and wakes it. Only the sleeper takes its word back, so that a waker's
//   death costs nobody else's call.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "transport/lane_ring.h"
#include "transport/message.h"
#include "transport/wake_socket.h"

namespace mayfly {

using SharedFlag = std::atomic<std::uint32_t>;
static_assert(SharedFlag::is_always_lock_free && std::atomic<std::uint64_t>::is_always_lock_free);

/// What is in the shared memory; all zeros when it is new.
struct LaneMemory {
  static constexpr std::size_t kBytes = 64 << 10;
  static constexpr std::size_t kRingBytes = 510 * kLaneLineBytes;

  struct alignas(kLaneLineBytes) Guest {
    SharedFlag has_left;  ///< it will not touch the lane any more
    SharedFlag sleeps;
  } guest;
  alignas(kLaneLineBytes) std::atomic<std::uint64_t> consumed_by_owner;
  alignas(kLaneLineBytes) std::atomic<std::uint64_t> consumed_by_guest;
  alignas(kLaneLineBytes) std::byte to_owner[kRingBytes];
  std::byte to_guest[kRingBytes];
};
static_assert(sizeof(LaneMemory) <= LaneMemory::kBytes);

/// What an owner says to all of its guests; all zeros when it is new.
struct LaneOwner {
  SharedFlag sleeps;
  std::atomic<std::uint32_t> core;  ///< the processor that it was on when it last looked
};

/// The peer of a lane's end, for those who want to wake it.
struct LanePeer {
  const SharedFlag& sleeps;
  WakeSocket::Name name;
};

class Lane {
 public:
  enum class Side { owner, guest };
  /// The longest inline payload of the protocol, and a little more.
  static constexpr std::size_t kMaxPayloadBytes = (8 << 10) + 128;
  static_assert(kMaxPayloadBytes + kMaxHeaderBytes + kLaneLineBytes <= LaneMemory::kRingBytes / 2);

  Lane(Side side, LaneMemory& memory, LanePeer peer, const WakeSocket& socket);

  /// An owner does not know that the guest has come before it has heard from it.
  bool carries(std::size_t payload_bytes) const {
    return has_come_ && payload_bytes <= kMaxPayloadBytes && !guest_has_left();
  }
  void post(Bytes header, Bytes payload);
  /// Writes what there was no room for.
  void flush();
  bool is_flushed() const { return kept_.empty(); }

  bool has_message() const { return reader_.has_record(); }
  /// Empty if there is none; bad_message if the peer writes nonsense. Its payload is lent until
  /// release(), which is to follow before the next.
  Result<std::optional<Message>> take();
  void release() { reader_.release(); }

  /// What it wrote before that is there by then.
  bool guest_has_left() const {
    return memory_.guest.has_left.load(std::memory_order_acquire) != 0;
  }
  /// The guest's: whether it sleeps, and that it has left.
  void set_guest_sleeps(bool sleeps);
  void leave() { memory_.guest.has_left.store(1, std::memory_order_release); }
  Side side() const { return side_; }

 private:
  struct Kept {
    std::vector<std::byte> bytes;
    std::size_t header_bytes;
  };
  void wake_peer();

  Side side_;
  LaneMemory& memory_;
  LanePeer peer_;
  const WakeSocket& socket_;
  bool has_come_;
  LaneWriter writer_;
  LaneReader reader_;
  std::deque<Kept> kept_;
};

}  // namespace mayfly
