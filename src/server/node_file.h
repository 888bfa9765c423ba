// NodeFile: a file of the server's node that it copies from or to, for a client that stages.
//
// Owner: a Connection, shared by the requests that use it. Thread: the loop's; nothing here waits
// for a file system. It is closed once nobody has it any more.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "async/event_loop.h"
#include "async/semaphore.h"
#include "protocol/bodies.h"
#include "storage/ring.h"

namespace mayfly {

/// A path, and what it is open for.
using NodeFileKey = std::pair<std::string, std::uint32_t>;
NodeFileKey key_of(const NodeFileBody& body);

class NodeFile {
 public:
  NodeFile(EventLoop& loop, Ring& ring) : loop_(loop), ring_(ring) {}
  NodeFile(const NodeFile&) = delete;
  NodeFile& operator=(const NodeFile&) = delete;
  ~NodeFile();

  /// Opens it unless it is open. cross_device: it is not the file that the client sees. The caller
  /// keeps this object until the task is done, as with sync.
  Task<Status> ensure_open(std::string path, NodeFileBody seen);
  /// What was written is on the device.
  Task<Status> sync();
  RingFile file() const { return file_; }

 private:
  EventLoop& loop_;
  Ring& ring_;
  Semaphore opening_{1};
  RingFile file_;
};

}  // namespace mayfly
