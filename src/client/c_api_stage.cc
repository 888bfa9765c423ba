// The C edge of staging: servers that copy from and to files of their nodes.
#include <span>

#include "client/c_edge.h"
#include "mayfly/mayfly.h"

using mayfly::Errc;
using mayfly::File;
using mayfly::NodeFileBody;
using mayfly::Result;
using mayfly::Status;
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
  body.modified_ns = file->modified.tv_sec * 1'000'000'000 + file->modified.tv_nsec;
  body.flags = static_cast<std::uint32_t>(file->flags);
  body.path = file->path;
  if (body.path.size() >= mayfly::kMaxPathBytes - 64) return Errc::name_too_long;
  return body;
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

}  // extern "C"
