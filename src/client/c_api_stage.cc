// The C edge of staging: servers that copy from and to files of their nodes, and small files whole.
#include <span>

#include "async/task_group.h"
#include "client/c_edge.h"
#include "mayfly/mayfly.h"

using mayfly::Errc;
using mayfly::File;
using mayfly::NodeFileBody;
using mayfly::Result;
using mayfly::Session;
using mayfly::Status;
using mayfly::Task;
using mayfly::TaskGroup;
using mayfly::WholeFile;
using namespace mayfly::c_edge;

static_assert(MAYFLY_DIGEST_BLOCK == mayfly::kDigestBlockBytes);
static_assert(sizeof(mayfly_digest) == sizeof(mayfly::Digest));

namespace {

Result<NodeFileBody> body_of(const mayfly_node_file* file) {
  if (file == nullptr || file->path == nullptr) return Errc::bad_address;
  constexpr int kKnown = MAYFLY_NODE_OUT | MAYFLY_NODE_DIRECT | MAYFLY_NODE_IDLE;
  if (file->path[0] != '/' || file->size < 0 || (file->flags & ~kKnown) != 0) return Errc::invalid;
  static_assert(MAYFLY_NODE_OUT == NodeFileBody::kOut &&
                MAYFLY_NODE_DIRECT == NodeFileBody::kDirect &&
                MAYFLY_NODE_IDLE == NodeFileBody::kIdle);
  NodeFileBody body;
  body.inode = file->inode;
  body.size = static_cast<std::uint64_t>(file->size);
  body.modified_ns = nanoseconds_of(file->modified);
  body.flags = static_cast<std::uint32_t>(file->flags);
  body.path = file->path;
  if (body.path.size() >= mayfly::kMaxPathBytes - 64) return Errc::name_too_long;
  return body;
}

Result<WholeFile> whole_of(const mayfly_whole_file& asked) {
  const struct stat* const status = asked.status;
  if (asked.path == nullptr || status == nullptr) return Errc::bad_address;
  if (status->st_size < 0) return Errc::invalid;
  if (status->st_size > MAYFLY_WHOLE_FILE_BYTES) return Errc::cross_device;
  const auto size = static_cast<std::size_t>(status->st_size);
  if (size > 0 && asked.bytes == nullptr) return Errc::bad_address;
  WholeFile file;
  file.mode = status->st_mode & 07777;
  if (asked.owner_too != 0) file.owner = {status->st_uid, status->st_gid};
  file.atime_ns = nanoseconds_of(status->st_atim);
  file.mtime_ns = nanoseconds_of(status->st_mtim);
  file.bytes = {static_cast<const std::byte*>(asked.bytes), size};
  return file;
}

Task<Status> put_file(Session& session, mayfly_whole_file& asked) {
  const auto file = whole_of(asked);
  Status status = to_status(to_errc(file));
  if (status) status = co_await session.put_file(mayfly::PathAt(asked.path), *file);
  asked.error = status ? 0 : to_errno(status.error());
  co_return status;
}

Task<Status> put_files(Session& session, std::span<mayfly_whole_file> files) {
  TaskGroup group;
  for (mayfly_whole_file& file : files) group.add(put_file(session, file));
  co_return co_await group.join();
}

}  // namespace

extern "C" {

int mayfly_copy_by_servers(int fd, const mayfly_node_file* node_file, off_t offset, size_t bytes,
                           mayfly_digest* digests) noexcept {
  const auto body = body_of(node_file);
  if (!body) return fail(body.error());
  if (offset < 0) return fail(Errc::invalid);
  if (bytes == 0) return 0;
  if (digests == nullptr) return fail(Errc::bad_address);
  const std::span<mayfly::Digest> into(reinterpret_cast<mayfly::Digest*>(digests),
                                       mayfly::digest_blocks(bytes));
  return give(run_on(fd, [&](File& file) {
    return file.stage(*body, static_cast<std::uint64_t>(offset), into, bytes);
  }));
}

int mayfly_settle_copy(int fd, const mayfly_node_file* node_file) noexcept {
  const auto body = body_of(node_file);
  if (!body) return fail(body.error());
  return give(run_on(fd, [&](File& file) { return file.settle_staged(*body); }));
}

int mayfly_put_files(mayfly_whole_file* files, size_t count) noexcept {
  if (files == nullptr && count != 0) return fail(Errc::bad_address);
  for (size_t i = 0; i < count; ++i) files[i].error = ENOTCONN;
  return give(run([=](Session& session) { return put_files(session, {files, count}); }));
}

}  // extern "C"
