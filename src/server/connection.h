// Connection: one client (or peer server) of this server, from its connect to its goodbye or death.
//
// Owner: shared by the server's table and by the requests in flight; its endpoint is closed, its
// slots and opens are given back when the last request has left. Thread: the loop's.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

#include "async/frame_pool.h"
#include "async/gate.h"
#include "async/semaphore.h"
#include "base/clock.h"
#include "base/file_id.h"
#include "memory/shared_buffer.h"
#include "metadata/inode.h"
#include "server/node_file.h"
#include "transport/worker.h"

namespace mayfly {

/// Memory whose bytes a client may get, until it releases it or its time is over.
struct ReadSlot {
  SharedBuffer memory;
  Semaphore::Permit permit;
  TimePoint since;
};

template <class Slot>
using Slots =
    std::unordered_map<std::uint64_t, Slot, std::hash<std::uint64_t>, std::equal_to<std::uint64_t>,
                       FramePoolAllocator<std::pair<const std::uint64_t, Slot>>>;

struct Connection {
  Connection(std::uint64_t random_cookie, std::unique_ptr<Endpoint> to_peer,
             std::size_t most_transfers)
      : cookie(random_cookie), endpoint(std::move(to_peer)), transfers(most_transfers) {}

  std::uint64_t cookie;
  std::unique_ptr<Endpoint> endpoint;
  bool dead = false;

  /// For large Buffers that wait for this client: of its reads, until it has fetched the bytes, and
  /// of its writes by rendezvous, until it has sent them. So one that stands still keeps few.
  Semaphore transfers;

  /// Buffers that the client may put to, by slab offset; one in use by a request is moved out until
  /// that is done. And memory that it may get from, by the request id of the read.
  Slots<Buffer> write_slots;
  Slots<ReadSlot> read_slots;
  /// Write slots leased, those in use by requests included.
  std::size_t leased = 0;

  /// Handles open through this connection: (file, access) to their number.
  std::map<std::pair<FileId, Access>, std::uint32_t> opens;

  /// Directories that this server froze for an rmdir; thawed if it dies before it has decided.
  std::set<FileId> frozen;
  /// Names that this server holds for a rename; released if it dies.
  std::set<std::pair<FileId, std::string>> held;

  /// Files of the node that are copied from or to for this client.
  std::map<NodeFileKey, std::shared_ptr<NodeFile>> staged;

  Gate requests;
};

}  // namespace mayfly
