#include "client/network_peak.h"

#include <chrono>
#include <vector>

namespace mayfly {
namespace {

constexpr Nanoseconds kDuration = std::chrono::milliseconds(50);

std::uint64_t rate(std::uint64_t bytes, Nanoseconds time) {
  const std::chrono::duration<double> seconds = time;
  return static_cast<std::uint64_t>(static_cast<double>(bytes) / seconds.count());
}

}  // namespace

Task<Result<NetworkPeak>> measure_network(Session& session, std::uint32_t server) {
  Channel& channel = session.channel(server);
  MAYFLY_CO_CHECKED(co_await channel.open());
  NetworkPeak peak;
  if (!channel.is_one_sided()) co_return peak;
  SlotPool& slots = session.slots(server);
  SlotPool::User user(slots);
  auto lease = co_await slots.acquire();
  if (!lease) co_return lease.error();
  const std::uint64_t slot = lease->slab_offset();
  std::vector<std::byte> bytes(kMaxPieceBytes);
  // The first one finds out what UCX has put off until now.
  MAYFLY_CO_CHECKED(co_await channel.put(bytes, slot));
  const TimePoint began = session.loop().now();
  std::uint64_t put = 0;
  for (; session.loop().now() - began < kDuration; put += bytes.size()) {
    MAYFLY_CO_CHECKED(co_await channel.put(bytes, slot));
  }
  const TimePoint middle = session.loop().now();
  std::uint64_t got = 0;
  for (; session.loop().now() - middle < kDuration; got += bytes.size()) {
    MAYFLY_CO_CHECKED(co_await channel.get(bytes, slot));
  }
  peak.put_bytes_per_second = rate(put, middle - began);
  peak.get_bytes_per_second = rate(got, session.loop().now() - middle);
  if (lease->is_current()) slots.release(slot);
  co_return peak;
}

}  // namespace mayfly
