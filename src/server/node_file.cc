#include "server/node_file.h"

#include <fcntl.h>

#include "base/log.h"

namespace mayfly {
namespace {

bool is_same(const FileSeen& here, const NodeFileBody& there) {
  if (!here.is_regular || here.inode != there.inode) return false;
  return there.has(NodeFileBody::kOut) ||
         (here.size == there.size && here.modified_ns == there.modified_ns);
}

/// What matters of a written file has been synced before.
Task<void> close_later(Ring& ring, int descriptor) {
  const Status closed = co_await ring.close(descriptor);
  if (!closed) log::debug("a staged file was not closed well: {}", describe(closed.error()));
}

}  // namespace

NodeFileKey key_of(const NodeFileBody& body) {
  return {std::string(body.path), body.flags & (NodeFileBody::kOut | NodeFileBody::kDirect)};
}

NodeFile::~NodeFile() {
  if (file_.descriptor >= 0) loop_.spawn(close_later(ring_, file_.descriptor));
}

Task<Status> NodeFile::ensure_open(std::string path, NodeFileBody seen) {
  auto turn = co_await opening_.acquire();
  if (file_.descriptor >= 0) co_return Status();
  int flags = seen.has(NodeFileBody::kOut) ? O_WRONLY : O_RDONLY;
  if (seen.has(NodeFileBody::kDirect)) flags |= O_DIRECT;
  // A pipe that has taken the file's place must not keep anybody waiting.
  const auto opened = co_await ring_.open(std::move(path), flags | O_NOFOLLOW | O_NONBLOCK);
  if (!opened) {
    // Whatever keeps this server from it need not keep the client from it.
    log::debug("a file to stage cannot be opened here: {}", describe(opened.error()));
    co_return Errc::cross_device;
  }
  if (!is_same(*opened, seen)) {
    MAYFLY_CO_CHECKED(co_await ring_.close(opened->descriptor));
    co_return Errc::cross_device;
  }
  file_.descriptor = opened->descriptor;
  file_.direct = seen.has(NodeFileBody::kDirect);
  file_.is_staged = true;
  file_.idle = seen.has(NodeFileBody::kIdle);
  co_return Status();
}

Task<Status> NodeFile::sync() {
  if (file_.descriptor < 0) co_return Status();
  co_return co_await ring_.sync(file_);
}

}  // namespace mayfly
