#include "mpi_launch/main_job/transport_limit.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <memory>
#include <utility>

#include "async/poll_sleeper.h"
#include "async/task_group.h"
#include "base/units.h"
#include "transport/ucx_worker.h"

namespace mayfly {
namespace {

constexpr std::size_t kLanes = 16;
/// Memory of each side. Larger than caches: what a program writes seldom is in them.
constexpr std::size_t kSlots = 128;
constexpr std::size_t kTarget = 0;     ///< the client that only lets things happen
constexpr std::size_t kInitiator = 1;  ///< the client that measures

Bytes as_bytes(const std::string& text) { return std::as_bytes(std::span(text)); }
std::string as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Takes what arrives.
class Target final : public Receiver {
 public:
  Target(EventLoop& loop, MutableBytes memory) : loop_(loop), memory_(memory) {}

  void on_message(Message message) override {
    const std::size_t slot = next_slot_++ % kSlots;
    loop_.spawn(receive(std::move(message), memory_.subspan(slot * kMiB, kMiB)));
  }
  /// The initiator's operations fail then too, and it reports that.
  void on_endpoint_failed(Endpoint& /*endpoint*/, Errc /*why*/) override {}

 private:
  static Task<void> receive(Message message, MutableBytes into) {
    Task<Status> receiving = message.receive(into.first(message.payload_bytes()));
    const Status received = co_await std::move(receiving);
    // The initiator sees the same error, and reports it.
    static_cast<void>(received.has_value());
  }

  EventLoop& loop_;
  MutableBytes memory_;
  std::size_t next_slot_ = 0;
};

enum class Motion : std::uint8_t { put, get, send };

struct Peer {
  Endpoint* endpoint;
  RemoteBuffer* remote;  ///< null if the target's memory cannot be reached from here
  MutableBytes memory;
};

Task<Status> move_lane(Peer peer, Motion motion, std::size_t lane, std::uint64_t blocks) {
  const std::byte header{1};
  for (std::uint64_t block = lane; block < blocks; block += kLanes) {
    const std::uint64_t at = block % kSlots * kMiB;
    const MutableBytes local = peer.memory.subspan(at, kMiB);
    Task<Status> moving = motion == Motion::put   ? peer.endpoint->put(local, *peer.remote, at)
                          : motion == Motion::get ? peer.endpoint->get(local, *peer.remote, at)
                                                  : peer.endpoint->send(Bytes(&header, 1), local);
    const Status moved = co_await std::move(moving);
    if (!moved) co_return moved;
  }
  co_return Status();
}

Task<Status> move_all(Peer peer, Motion motion, std::uint64_t blocks) {
  TaskGroup lanes;
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    lanes.add(move_lane(peer, motion, lane, blocks));
  }
  const Status moved = co_await lanes.join();
  if (!moved || motion != Motion::put) co_return moved;
  Task<Status> flushing = peer.endpoint->flush();
  co_return co_await std::move(flushing);
}

/// MiB/s.
Result<double> rate_of(EventLoop& loop, Peer peer, Motion motion, std::uint64_t blocks) {
  const auto start = std::chrono::steady_clock::now();
  const Status moved = loop.run(move_all(peer, motion, blocks));
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  if (!moved) return moved.error();
  return static_cast<double>(blocks) / taken.count();
}

/// write, read and method.
struct Rates {
  double write = 0;
  double read = 0;
  std::string method;
};

Result<Rates> measure(EventLoop& loop, Peer peer, std::uint64_t blocks) {
  Rates rates;
  if (peer.remote == nullptr || !peer.remote->is_one_sided()) {
    MAYFLY_TRY(sent, rate_of(loop, peer, Motion::send, blocks));
    rates = {sent, sent, "1 MiB messages by rendezvous x 16, one way, between two clients"};
    return rates;
  }
  MAYFLY_TRY(put, rate_of(loop, peer, Motion::put, blocks));
  MAYFLY_TRY(get, rate_of(loop, peer, Motion::get, blocks));
  rates = {put, get, "1 MiB puts and gets x 16 between two clients"};
  return rates;
}

/// What both sides of the measurement have.
struct Side {
  PollSleeper sleeper;
  EventLoop loop{sleeper};
  std::unique_ptr<Worker> worker;
  std::unique_ptr<RegisteredMemory> memory;
};

Outcome open_side(const Crew& crew, Side& side) {
  auto worker = UcxWorker::create(UcxOptions());
  if (!worker) return worker.error();
  side.worker = std::move(*worker);
  side.loop.add(*side.worker);
  auto memory = side.worker->allocate(kSlots * kMiB);
  if (!memory) return io_failure(crew, to_errno(memory.error()), "has no memory to measure with");
  side.memory = std::move(*memory);
  return {};
}

Result<Rates> initiate(Side& side, Bytes address, Bytes exported, std::uint64_t blocks) {
  Target nobody(side.loop, {});
  side.worker->set_receiver(&nobody);
  MAYFLY_TRY(endpoint, side.worker->connect(address));
  auto imported = endpoint->import(exported);
  RemoteBuffer* remote = imported ? imported->get() : nullptr;
  auto rates = measure(side.loop, {endpoint.get(), remote, side.memory->memory()}, blocks);
  if (imported) imported->reset();
  side.loop.run(endpoint->close());
  endpoint.reset();
  side.worker->set_receiver(nullptr);
  return rates;
}

/// The target's part. Data and the end of the connection can need both sides, so it goes on until
/// all ranks are done.
void let_happen(const Crew& crew, Side& side) {
  Target target(side.loop, side.memory->memory());
  side.worker->set_receiver(&target);
  crew.communicator().barrier([&] { side.loop.poll(); });
  while (side.loop.spawned() != 0) side.loop.poll();
  side.worker->set_receiver(nullptr);
}

}  // namespace

Outcome measure_transport(const Crew& crew, std::uint64_t bytes, Limits& limits) {
  limits.transport_method = "not measured, which needs two clients";
  if (crew.size() < 2) return {};
  Side side;
  const bool takes_part = crew.rank() == kTarget || crew.rank() == kInitiator;
  if (auto agreed = crew.agree(takes_part ? open_side(crew, side) : Outcome()); !agreed) {
    return agreed;
  }
  const bool is_target = crew.rank() == kTarget;
  const auto addresses = crew.allgather(is_target ? as_text(side.worker->address()) : "");
  const auto exports = crew.allgather(is_target ? as_text(side.memory->exported()) : "");
  Outcome outcome;
  std::string told;
  if (is_target) let_happen(crew, side);
  if (crew.rank() == kInitiator) {
    const auto rates = initiate(side, as_bytes(addresses[kTarget]), as_bytes(exports[kTarget]),
                                std::max<std::uint64_t>(bytes / kMiB, kLanes));
    if (rates) {
      told = fmt::format("{} {} {}", rates->write, rates->read, rates->method);
    } else {
      outcome = io_failure(crew, to_errno(rates.error()), "cannot reach client 0");
    }
  }
  if (!is_target) crew.communicator().barrier();
  if (auto agreed = crew.agree(outcome); !agreed) return agreed;
  told = crew.allgather(told)[kInitiator];
  std::size_t end = 0;
  limits.transport_write = std::stod(told, &end);
  told = told.substr(end + 1);
  limits.transport_read = std::stod(told, &end);
  limits.transport_method = told.substr(end + 1);
  return {};
}

}  // namespace mayfly
