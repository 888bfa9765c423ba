// File::stage: servers copy between an open file and a file of their nodes.
#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "async/task_group.h"
#include "client/file.h"

namespace mayfly {
namespace {

/// Direct I/O writes whole pages only; a read may ask for more than there is.
NodeFileBody fit_for(NodeFileBody node_file, const Piece& piece) {
  const bool is_odd = piece.length % kPageBytes != 0;
  if (is_odd && node_file.has(NodeFileBody::kOut)) node_file.flags &= ~NodeFileBody::kDirect;
  return node_file;
}

}  // namespace

Task<Status> File::stage(NodeFileBody node_file, std::uint64_t offset, std::span<Digest> digests,
                         std::uint64_t bytes) {
  const auto pass = uses_.enter();
  const bool goes_out = node_file.has(NodeFileBody::kOut);
  if (!pass || !(goes_out ? may_read() : may_write())) co_return Errc::bad_descriptor;
  if (is_directory_ || offset % kDigestBlockBytes != 0) co_return Errc::invalid;
  if (is_orphaned()) co_return Errc::io_error;
  if (offset > kMaxFileBytes || bytes > kMaxFileBytes - offset) co_return Errc::file_too_big;
  std::vector<Piece> moves;
  Pieces pieces(layout_, session_.servers(), offset, bytes, kMaxPieceBytes);
  Piece piece;
  while (pieces.next(piece)) {
    const bool is_block = piece.range_offset == moves.size() * kDigestBlockBytes;
    if (!is_block) co_return Errc::cross_device;
    moves.push_back(piece);
  }
  if (moves.size() != digest_blocks(bytes)) co_return Errc::cross_device;
  // Of one that is whole in one piece nothing is left to settle.
  if (moves.size() == 1 && offset == 0 && bytes == node_file.size) {
    node_file.flags |= NodeFileBody::kOnce;
  }
  TaskGroup group;
  if (goes_out && std::exchange(reading_shows_, false)) group.add(note_reading());
  for (std::size_t i = 0; i < moves.size(); ++i) {
    group.add(stage_piece(moves[i], fit_for(node_file, moves[i]), offset, digests[i]));
  }
  co_return co_await group.join();
}

Task<Status> File::stage_piece(Piece piece, NodeFileBody node_file, std::uint64_t offset,
                               Digest& digest) {
  auto permit = co_await session_.window().acquire(
      std::min<std::uint64_t>(piece.length, session_.window_bytes()));
  const Moment began = now();
  RequestHeader header = about(Opcode::stage_data, id_);
  header.offset = piece.chunk;
  header.length = pack({piece.chunk_offset, piece.length});
  header.argument = offset + piece.range_offset;
  const WireBytes body = encode(node_file);
  auto reply = co_await session_.channel(piece.server).call(header, body);
  if (!reply) {
    unsure_ |= reply.error() == Errc::io_error;
    co_return reply.error();
  }
  MAYFLY_CO_CHECKED(reply->status());
  const Bytes told = reply->body.payload();
  if (told.size() != sizeof digest) co_return Errc::bad_message;
  std::memcpy(&digest, told.data(), sizeof digest);
  if (!node_file.has(NodeFileBody::kOut)) {
    note_write(began, unpack_effect(reply->header.second),
               offset + piece.range_offset + piece.length);
  }
  co_return Status();
}

Task<Status> File::settle_staged(NodeFileBody node_file) {
  const auto pass = uses_.enter();
  if (!pass) co_return Errc::bad_descriptor;
  TaskGroup group;
  for (const std::uint32_t server : holders(layout_, session_.servers())) {
    group.add(settle_at(server, node_file));
  }
  co_return co_await group.join();
}

/// The last piece may have gone through the page cache where the others did not.
Task<Status> File::settle_at(std::uint32_t server, NodeFileBody node_file) {
  Channel& channel = session_.channel(server);
  const RequestHeader header = about(Opcode::settle_staged, id_);
  const bool was_direct = node_file.has(NodeFileBody::kDirect);
  const WireBytes body = encode(node_file);
  MAYFLY_CO_CHECKED(status_of(co_await channel.call(header, body)));
  if (!was_direct) co_return Status();
  node_file.flags &= ~NodeFileBody::kDirect;
  const WireBytes other = encode(node_file);
  co_return status_of(co_await channel.call(header, other));
}

}  // namespace mayfly
