// ServerProcess: a server on real hardware, and what makes its process end in time.
//
// It builds what a Server stands on (worker, pinned memory, ring, data file) and ends the server on
// SIGTERM and SIGINT, and when the process that started it dies: orted or mpirun of Open MPI, the
// hydra proxy of MPICH, the step daemon of Slurm. A server without its launcher has no job any
// more.
//
// Owner: a server rank; one per process. Thread: the one that created it, for all of its life.
// Order: create(), address() to all others, join(), serve(), destroy.
// Failure: create() says in one sentence what is wrong with this machine.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "async/event_loop.h"
#include "memory/buffer_pool.h"
#include "protocol/session_info.h"
#include "server/huge_heap.h"
#include "server/server.h"
#include "storage/chunk_store.h"
#include "storage/data_file.h"
#include "storage/ring.h"
#include "transport/worker.h"

namespace mayfly {

struct ServerProcessOptions {
  std::string scratch;                     ///< an existing directory on a node-local drive
  std::uint64_t memory_bytes = 64 * kMiB;  ///< the pool: pinned, all of it
  /// Of the data file. 0: an equal share of 90 % of what is free on the scratch's file system.
  std::uint64_t capacity_bytes = 0;
  std::uint32_t servers_on_scratch = 1;  ///< how many servers share the scratch's file system
  bool measures_device = false;          ///< as statistics then say; takes 0.8 s
  bool null_store = false;               ///< keeps no bytes: measures everything but the drive
};

enum class ServerEnd : std::uint8_t { shut_down, signalled };

class StopSignal;

class ServerProcess {
 public:
  static Result<std::unique_ptr<ServerProcess>, Failure> create(
      const ServerProcessOptions& options);
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;
  ~ServerProcess();

  /// What a server with that much memory takes of its node, as one sentence's part: pinned bytes,
  /// Buffers of each class, queue depth.
  static std::string budget(std::uint64_t memory_bytes);

  /// Of the worker; what clients and other servers need.
  Bytes address() const { return worker_->address(); }
  void join(const SessionInfo& session, std::uint32_t index) { server_->join(session, index); }
  /// Answers until a client shuts the session down or a signal says so.
  ServerEnd serve();

 private:
  ServerProcess();
  Result<void, Failure> build(const ServerProcessOptions& options);
  /// How much of the heap is in memory from the start.
  static std::uint64_t prepared_heap(std::uint64_t memory_bytes);
  /// None: nothing is to be kept.
  static Result<std::optional<DataFile>, Failure> open_data_file(
      const ServerProcessOptions& options);

  // In the order in which each stands on those above it.
  HugeHeap heap_;
  std::unique_ptr<StopSignal> signal_;
  std::unique_ptr<Worker> worker_;
  std::unique_ptr<RegisteredMemory> memory_;
  std::unique_ptr<BufferPool> pool_;
  std::unique_ptr<Ring> ring_;
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<ChunkStore> store_;
  std::unique_ptr<Server> server_;
};

}  // namespace mayfly
