#include "transport/ucx_lanes.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/log.h"
#include "transport/sealed_bytes.h"
#include "transport/ucx_connection.h"
#include "transport/ucx_memory.h"

namespace mayfly {
namespace {

/// Messages of one lane in a row, so that a busy one does not keep the others waiting.
constexpr int kInARow = 16;
/// How often guests are told where we are: a kernel may move us at any time, and often has when we
/// wake, but to ask it in each poll would cost some of them a tenth of it.
constexpr unsigned kPollsPerTelling = 64;

/// A set of both descriptors; -1 if there are none left.
int watch(int first, int second) {
  const int set = ::epoll_create1(EPOLL_CLOEXEC);
  if (set < 0) return -1;
  epoll_event event{};
  event.events = EPOLLIN;
  const bool is_watched = ::epoll_ctl(set, EPOLL_CTL_ADD, first, &event) == 0 &&
                          ::epoll_ctl(set, EPOLL_CTL_ADD, second, &event) == 0;
  if (is_watched) return set;
  ::close(set);
  return -1;
}

/// An offer: where the lane is in the memory whose export follows.
std::vector<std::byte> encode_offer(const LanePool::Place& place) {
  std::vector<std::byte> content(sizeof place.offset);
  std::memcpy(content.data(), &place.offset, sizeof place.offset);
  content.insert(content.end(), place.exported.begin(), place.exported.end());
  return seal(SealKind::ucx_lane, content);
}

}  // namespace

std::unique_ptr<UcxLanes> UcxLanes::open(UcxHandles& handles, const UcxOptions& options) {
  if (!UcxHandles::may_share_memory(options)) return nullptr;
  auto socket = WakeSocket::open();
  const int set = socket ? watch(handles.event_fd(), socket->descriptor()) : -1;
  if (set >= 0) return std::unique_ptr<UcxLanes>(new UcxLanes(handles, std::move(*socket), set));
  log::warn("no descriptors are left for the messages within this node; they go by UCX");
  return nullptr;
}

UcxLanes::~UcxLanes() { ::close(event_fd_); }

std::vector<std::byte> UcxLanes::offer(UcxConnection& connection) {
  // A peer that cannot be woken is none of this node's.
  if (!connection.peer().is_of_this_machine() || !socket_.wake(connection.wake_name())) return {};
  auto place = pool_.take(handles_.context());
  if (!place) return {};
  const LanePeer guest{place->memory->guest.sleeps, connection.wake_name()};
  add(connection,
      {Lane(Lane::Side::owner, *place->memory, guest, socket_), *place, nullptr, nullptr});
  return encode_offer(*place);
}

void UcxLanes::take_up(UcxConnection& connection, Bytes offer) {
  const auto content = unseal(SealKind::ucx_lane, offer);
  std::uint64_t offset = 0;
  if (!content || content->size() <= sizeof offset || !socket_.wake(connection.wake_name())) return;
  std::memcpy(&offset, content->data(), sizeof offset);
  auto memory = UcxRemoteBuffer::open(connection.handle(), content->subspan(sizeof offset));
  if (!memory || (*memory)->local() == nullptr) return;
  const std::uint64_t size = (*memory)->size();
  if (offset % LaneMemory::kBytes != 0 || offset >= size || size - offset < LaneMemory::kBytes) {
    return;
  }
  std::byte* const begin = (*memory)->local();
  auto* const lane = reinterpret_cast<LaneMemory*>(begin + offset);
  const auto* const owner = reinterpret_cast<const LaneOwner*>(begin + LanePool::kOwnerOffset);
  const LanePeer peer{owner->sleeps, connection.wake_name()};
  add(connection, {Lane(Lane::Side::guest, *lane, peer, socket_), {}, std::move(*memory), owner});
}

void UcxLanes::add(UcxConnection& connection, UcxLane lane) {
  connection.lane = std::make_unique<UcxLane>(std::move(lane));
  connections_.push_back(&connection);
}

void UcxLanes::leave(UcxConnection& connection) {
  if (connection.lane == nullptr) return;
  Lane& lane = connection.lane->lane;
  if (lane.side() == Lane::Side::guest) {
    lane.leave();
  } else {
    pool_.give_back(connection.lane->place, connection.peer());
  }
  std::replace(connections_.begin(), connections_.end(), &connection,
               static_cast<UcxConnection*>(nullptr));
  connection.lane.reset();
}

std::size_t UcxLanes::poll(Receiver* receiver) {
  if (is_asleep_) set_asleep(false);
  if (++polls_ % kPollsPerTelling == 0) tell_core();
  std::size_t happened = 0;
  bool has_left = false;
  for (std::size_t at = 0; at < connections_.size(); ++at) {
    happened += poll_one(at, receiver);
    has_left |= connections_[at] == nullptr;
  }
  if (has_left) std::erase(connections_, nullptr);
  return happened;
}

/// Whatever the receiver does may end this connection or begin others.
std::size_t UcxLanes::poll_one(std::size_t at, Receiver* receiver) {
  std::size_t happened = 0;
  while (happened < kInARow) {
    UcxConnection* const connection = connections_[at];
    if (connection == nullptr) break;
    Lane& lane = connection->lane->lane;
    const bool is_over = lane.guest_has_left();
    if (happened == 0 && !lane.is_flushed()) lane.flush();
    if (!lane.has_message()) {
      if (is_over) leave(*connection);
      break;
    }
    auto message = lane.take();
    if (!message) {
      connection->fail(message.error());
      leave(*connection);
      break;
    }
    if (!*message) break;
    ++happened;
    if (receiver != nullptr) receiver->on_message(std::move(**message));
    if (connections_[at] == connection) lane.release();
  }
  return happened;
}

bool UcxLanes::arm() {
  // Without any lane too: whatever wakes us must be drained, or we would never sleep again.
  set_asleep(true);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  may_have_slept_ =
      std::all_of(connections_.begin(), connections_.end(), [](UcxConnection* connection) {
        if (connection == nullptr) return true;
        const Lane& lane = connection->lane->lane;
        return lane.is_flushed() && !lane.has_message();
      });
  return may_have_slept_;
}

void UcxLanes::before_yield(TimePoint now) {
  cpu_set_t taken;
  CPU_ZERO(&taken);
  for (const UcxConnection* connection : connections_) {
    if (connection == nullptr || connection->lane->owner == nullptr) continue;
    const std::uint32_t core = connection->lane->owner->core.load(std::memory_order_relaxed);
    if (core < CPU_SETSIZE) CPU_SET(core, &taken);
  }
  if (CPU_ISSET(current_core(), &taken) && sidestep_.is_due(now)) leave_cores(taken);
}

void UcxLanes::tell_core() { pool_.set_owner_core(static_cast<std::uint32_t>(current_core())); }

void UcxLanes::set_asleep(bool asleep) {
  is_asleep_ = asleep;
  pool_.set_owner_sleeps(asleep);
  for (UcxConnection* connection : connections_) {
    if (connection == nullptr) continue;
    Lane& lane = connection->lane->lane;
    if (lane.side() == Lane::Side::guest) lane.set_guest_sleeps(asleep);
  }
  // Whoever has tried to wake a loop that did not sleep then ends its next sleep early.
  if (!asleep && std::exchange(may_have_slept_, false)) socket_.drain();
}

}  // namespace mayfly
