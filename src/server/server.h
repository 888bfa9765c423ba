// Server: one server of a session. It owns everything that a server rank has and runs its loop.
//
// Owner: a ServerProcess or a test. Thread: the one that created it (the ring is bound to it).
// Order: join(), serve() until it is stopped, destroy. Failure: every error is a request's own and
// goes to its sender.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "async/event_loop.h"
#include "async/semaphore.h"
#include "base/file_table.h"
#include "memory/buffer_pool.h"
#include "metadata/namespace.h"
#include "metadata/wait_graph.h"
#include "protocol/session_info.h"
#include "server/connection.h"
#include "server/fences.h"
#include "server/file_locks.h"
#include "server/peers.h"
#include "server/request.h"
#include "server/statistics.h"
#include "storage/chunk_store.h"
#include "storage/device_peak.h"
#include "storage/ring.h"
#include "transport/worker.h"

namespace mayfly {

struct ServerOptions {
  std::uint64_t memory_bytes = 64 * kMiB;  ///< the pool: pinned, stated, all of it
  std::uint32_t root_mode = 0755;          ///< permission bits of "/"
  /// Shorter than the clients', so that they hear from us about the server that hangs.
  Nanoseconds peer_deadline = Channel::kDefaultDeadline / 3;
  DevicePeak device_peak;  ///< what statistics say of it
};

/// What a server stands on: made by ServerProcess on real hardware, by tests on the twins.
struct ServerParts {
  EventLoop& loop;
  Worker& worker;
  RegisteredMemory& memory;
  BufferPool& pool;
  ChunkStore& store;
  /// For files of the node, which a simulation has none of: null.
  Ring* ring = nullptr;
};

class Server final : public Receiver, private LossObserver {
 public:
  Server(ServerParts parts, const ServerOptions& options);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  /// Joins `session` as its server `index`; from here on requests are answered, none before.
  void join(const SessionInfo& session, std::uint32_t index);
  /// Runs until stopped, then answers what is in flight, says goodbye and closes all connections.
  void serve();
  /// What serve() does at its end; for simulations, which turn the loop themselves.
  Task<void> wind_down();
  /// Ends serve(). Safe in a signal handler: sets a flag; wake the loop with a signal or an event.
  void stop() { stopping_.store(true, std::memory_order_relaxed); }
  bool stopping() const { return stopping_.load(std::memory_order_relaxed); }

  void on_message(Message message) override;
  void on_endpoint_failed(Endpoint& endpoint, Errc why) override;

  // For handlers.
  EventLoop& loop() { return parts_.loop; }
  Worker& worker() { return parts_.worker; }
  RegisteredMemory& memory() { return parts_.memory; }
  BufferPool& pool() { return parts_.pool; }
  ChunkStore& store() { return parts_.store; }
  Ring* ring() { return parts_.ring; }
  Namespace& names() { return *namespace_; }
  Peers& peers() { return *peers_; }
  const SessionInfo& session() const { return session_; }
  std::uint32_t index() const { return index_; }
  std::uint32_t servers() const { return session_.server_count(); }
  const std::string& describe() const { return name_; }

  /// Answers a request. `body` is at most kMaxPostedPayloadBytes.
  void reply(const Request& request, Errc error, std::uint64_t value = 0, std::uint64_t second = 0,
             std::uint16_t flags = 0, Bytes body = {});
  /// The same with a body of any size, which must live until the task is done.
  Task<void> reply_with(const Request& request, ReplyHeader header, Bytes body);
  ReplyHeader reply_header(const Request& request, Errc error) const;

  /// Registers a new connection; its cookie is its name.
  std::shared_ptr<Connection> admit(std::unique_ptr<Endpoint> endpoint);
  /// Ends a connection: waits for its requests, gives back what it held, closes its endpoint.
  void expel(std::shared_ptr<Connection> connection);
  /// Write slots that `connection` may hold now: an equal share of three quarters of the large
  /// Buffers, at least one, and the sum over all connections stays within that, but for the first
  /// slot of each.
  std::size_t slot_share(const Connection& connection) const;
  BufferPool::Awaiter acquire(BufferClass size_class) { return parts_.pool.acquire(size_class); }
  /// The client may get these bytes until it releases them, or has kept them past its time: others
  /// may wait for just this memory, in the store too.
  void lend(Connection& connection, std::uint64_t lease, ReadSlot slot);

  /// What orders the writes and cuts of one file's data on this server.
  struct FileData {
    static constexpr std::uint64_t kAll = 1 << 20;
    Semaphore users{kAll};         ///< a write takes one permit, a cut takes all
    std::uint32_t generation = 0;  ///< truncate generation of the last cut
    std::int64_t modified_ns = 0;  ///< when it was last written here
    bool dropped = false;          ///< the file is gone: what still waits here must not write
  };
  /// Made at the first use; shared, so that whoever waits keeps it.
  std::shared_ptr<FileData> data_of(FileId file);
  /// 0: it was never written here.
  std::int64_t last_write_of(FileId file) const;
  void forget_data(FileId file);

  /// One truncate of a file, or settling of a directory, at a time; records are not given places
  /// meanwhile.
  std::shared_ptr<Semaphore> lock_of(FileId file);
  void drop_lock(FileId file);
  Statistics& statistics() { return statistics_; }
  const DevicePeak& device_peak() const { return options_.device_peak; }
  std::size_t connections() const { return connections_.size(); }

  Fences& fences() { return fences_; }
  const Fences& fences() const { return fences_; }

  FileLocks& file_locks() { return file_locks_; }
  /// Of all servers' locks; at server 0.
  WaitGraph& waits() { return waits_; }

  /// Permits for renames that this server coordinates. Fewer than Channel::kMaxPending: those that
  /// wait for a name at another server do not stand in the way of those that have it.
  Semaphore& renames() { return renames_; }

  /// Permits for dropping the data of removed files: each asks many servers, and an rm -r removes
  /// many files.
  Semaphore& drops() { return drops_; }
  /// Returns once those that have begun are done.
  Task<void> wait_for_drops() { co_await drops_.acquire(kMaxDrops); }

  /// Data of a file whose inode is here is lost, on whichever server: its next close says so.
  void note_lost(FileId file) { lost_.insert(file); }
  bool take_lost(FileId file) { return !lost_.empty() && lost_.erase(file) != 0; }

  /// Frees the chunks of a file that has no name and no handle any more, on all of its servers.
  void drop_data(const Attributes& file);
  /// close or forget gave `release`: drops the data if nothing is left of the file.
  void settle(const Result<Release>& release);

 private:
  void on_loss(FileId file) override;
  void dispatch(const RequestHeader& header, Message message);
  void note_reply(const Request& request, Errc error, std::uint64_t value);
  void refuse(const RequestHeader& header, const Message& message, Errc error);
  void release_opens(Connection& connection);
  static void reclaim(void* self);
  Task<void> flush(std::shared_ptr<Connection> connection);
  Task<void> retire(std::shared_ptr<Connection> connection);

  ServerParts parts_;
  ServerOptions options_;
  SessionInfo session_;
  std::uint32_t index_ = 0;
  std::string name_ = "server";
  std::unique_ptr<Namespace> namespace_;
  std::unique_ptr<Peers> peers_;
  std::unordered_map<std::uint64_t, std::shared_ptr<Connection>> connections_;
  std::size_t retiring_ = 0;
  Timer reclaiming_;
  class WrittenFile {
   public:
    explicit WrittenFile(FileId id) : id_(id) {}
    FileId id() const { return id_; }
    std::shared_ptr<FileData> data = std::make_shared<FileData>();

   private:
    FileId id_;
  };
  FileTable<WrittenFile> written_files_;
  std::unordered_map<FileId, std::shared_ptr<Semaphore>> locks_;
  Statistics statistics_;
  Fences fences_;
  Semaphore renames_{64};
  FileLocks file_locks_{*this};
  WaitGraph waits_;
  static constexpr std::uint64_t kMaxDrops = 64;
  Semaphore drops_{kMaxDrops};
  std::unordered_set<FileId> lost_;
  std::atomic<bool> stopping_{false};
};

}  // namespace mayfly
