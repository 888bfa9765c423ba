// LoopbackNetwork: the world of one test or simulation, in which LoopbackWorkers reach each other,
// and its faults.
//
// Owner: the test; outlives its workers. Thread: one for the whole network.
#pragma once

#include <cstdint>
#include <random>
#include <unordered_map>
#include <unordered_set>

#include "transport/message.h"

namespace mayfly {

class LoopbackWorker;

class LoopbackNetwork {
 public:
  /// Equal seeds and equal calls give equal runs.
  explicit LoopbackNetwork(std::uint64_t seed = 1) : random_(seed) {}
  LoopbackNetwork(const LoopbackNetwork&) = delete;
  LoopbackNetwork& operator=(const LoopbackNetwork&) = delete;

  /// Everything waits for up to `polls` further polls of the worker where it happens. What belongs
  /// to one endpoint keeps its order.
  void set_max_delay(std::uint32_t polls) { max_delay_ = polls; }
  /// Longer payloads go by rendezvous.
  void set_eager_bytes(std::size_t bytes) { eager_bytes_ = bytes; }
  /// What RemoteBuffer::is_one_sided says.
  void set_one_sided(bool one_sided) { one_sided_ = one_sided; }
  /// The process of `worker` is no more: what it has sent and has not arrived is lost, its own
  /// operations end, and some polls later its peers' endpoints fail. The object may live on.
  void kill(LoopbackWorker& worker);

  // For the other classes of the loopback transport.
  std::uint64_t enter(LoopbackWorker& worker);
  void leave(LoopbackWorker& worker);
  /// Null if it is dead or gone.
  LoopbackWorker* find(std::uint64_t worker) const;
  bool was_killed(std::uint64_t worker) const { return killed_.contains(worker); }
  std::uint32_t random_delay();
  std::size_t eager_bytes() const { return eager_bytes_; }
  bool is_one_sided() const { return one_sided_; }
  std::uint64_t add_memory(MutableBytes memory);
  void remove_memory(std::uint64_t name) { memories_.erase(name); }
  /// Empty if it has been freed.
  MutableBytes memory(std::uint64_t name) const;

 private:
  /// Polls until a death is noticed: more than a message needs, as in life.
  static constexpr std::uint32_t kNoticedAfter = 3;

  std::mt19937_64 random_;
  std::uint32_t max_delay_ = 0;
  std::size_t eager_bytes_ = 8 << 10;
  bool one_sided_ = true;
  std::uint64_t next_name_ = 1;
  std::unordered_map<std::uint64_t, LoopbackWorker*> workers_;
  std::unordered_set<std::uint64_t> killed_;
  std::unordered_map<std::uint64_t, MutableBytes> memories_;
};

}  // namespace mayfly
