// SimCluster: real servers and real clients in one thread, on the in-memory twins of both seams,
// with a clock of its own that stands still while anything happens and else goes to the next timer.
#pragma once

#include <memory>
#include <vector>

#include "async/event_loop.h"
#include "client/directory.h"
#include "client/file.h"
#include "client/session.h"
#include "metadata/session_check.h"
#include "server/server.h"
#include "storage/memory_chunk_store.h"
#include "support/watched_chunk_store.h"
#include "transport/loopback_worker.h"

namespace mayfly {

class SimClock final : public Clock {
 public:
  TimePoint now() const override { return now_; }
  void advance(Nanoseconds time) { now_ += time; }

 private:
  TimePoint now_{};
};

/// Loops in the simulation never sleep; the cluster turns them all.
class NoSleeper final : public Sleeper {
 public:
  void sleep(std::span<const int>, Nanoseconds) override {}
};

struct SimOptions {
  std::uint32_t servers = 2;
  std::uint64_t seed = 1;
  std::uint64_t capacity_bytes = 64 * kMiB;
  std::uint64_t memory_bytes = 4 * kMiB;
  bool one_sided = true;
};

class SimCluster {
 public:
  explicit SimCluster(const SimOptions& options);
  /// Fails the test if the namespace is not whole when all clients have left.
  ~SimCluster();

  /// A new client of the session. Owned by the cluster.
  Session& add_client(const SessionOptions& options = {});
  Session& add_client_with(SessionInfo info, const SessionOptions& options = {});
  /// The client's process is gone: its endpoints fail at the servers, its tasks are forgotten.
  void kill_client(Session& session);
  /// The client's process computes and makes no call, until `stalled` is false again.
  void stall_client(Session& session, bool stalled);
  /// The client says goodbye.
  void leave(Session& session);
  /// The server's process is gone.
  void kill_server(std::uint32_t server);

  /// Turns everything until `task`, started on the session's loop, is done.
  template <class T>
  T run(Session& session, Task<T> task) {
    ReadyQueue::Scope scope(session.loop().ready());
    task.start(nullptr);
    while (!task.done()) turn();
    return task.take();
  }
  /// Turns everything until nothing happens any more.
  void settle();
  void turn();

  Server& server(std::uint32_t index) { return *nodes_[index]->server; }
  WatchedChunkStore& store(std::uint32_t index) { return *nodes_[index]->watched; }
  StoreActivity& activity() { return activity_; }
  BufferPool& pool(std::uint32_t index) { return *nodes_[index]->pool; }
  LoopbackNetwork& network() { return network_; }
  SimClock& clock() { return clock_; }
  const SessionInfo& info() const { return info_; }
  std::uint64_t used_bytes() const;
  /// check_session and check_space over all servers, whose stores must be whole; nothing may be
  /// under way.
  Result<void, Failure> check() const;

 private:
  struct Node {
    std::unique_ptr<LoopbackWorker> worker;
    std::unique_ptr<RegisteredMemory> memory;
    std::unique_ptr<BufferPool> pool;
    std::unique_ptr<MemoryChunkStore> store;
    std::unique_ptr<EventLoop> loop;
    std::unique_ptr<WatchedChunkStore> watched;
    std::unique_ptr<Server> server;
    bool alive = true;
  };
  struct Client {
    std::unique_ptr<LoopbackWorker> worker;
    std::unique_ptr<Session> session;
    bool alive = true;
    bool stalled = false;
  };

  std::size_t poll_all();

  SimOptions options_;
  SimClock clock_;
  NoSleeper sleeper_;
  LoopbackNetwork network_;
  SessionInfo info_;
  StoreActivity activity_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::vector<std::unique_ptr<Client>> clients_;
};

}  // namespace mayfly
