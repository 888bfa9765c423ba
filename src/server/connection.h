// Connection: one client (or peer server) of this server, from its connect to its goodbye or death.
//
// Owner: shared by the server's table and by the requests in flight; its endpoint is closed, its
// slots
//   and opens are given back when the last request has left. Thread: the loop's.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <unordered_map>
#include <utility>

#include "async/gate.h"
#include "base/file_id.h"
#include "memory/buffer_pool.h"
#include "metadata/inode.h"
#include "transport/worker.h"

namespace mayfly {

struct Connection {
  Connection(std::uint64_t random_cookie, std::unique_ptr<Endpoint> to_peer)
      : cookie(random_cookie), endpoint(std::move(to_peer)) {}

  std::uint64_t cookie;
  std::unique_ptr<Endpoint> endpoint;
  bool dead = false;

  /// Buffers that the client may put to (write slots) or get from (read slots), by slab offset. A
  /// slot in use by a request is moved out until that is done.
  std::unordered_map<std::uint64_t, Buffer> write_slots;
  std::unordered_map<std::uint64_t, Buffer> read_slots;
  /// Write slots leased, those in use by requests included.
  std::size_t leased = 0;

  /// Handles open through this connection: (file, access) to their number.
  std::map<std::pair<FileId, Access>, std::uint32_t> opens;

  Gate requests;
};

}  // namespace mayfly
