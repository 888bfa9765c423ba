#include "client/piece_io.h"

#include <cstring>

namespace mayfly {
namespace {

/// How often bytes are read that a busy machine lets this process fetch too late.
constexpr int kMaxReads = 8;

RequestHeader request(Opcode opcode, FileId file, const Piece& piece) {
  RequestHeader header;
  header.opcode = opcode;
  header.epoch = kAnyEpoch;
  header.file = file;
  header.offset = piece.chunk;
  header.length = pack({piece.chunk_offset, piece.length});
  return header;
}

Result<WriteEffect> effect_of(const Reply& reply) {
  if (const Status status = reply.status(); !status) return status.error();
  WriteEffect effect = unpack_effect(reply.header.second);
  effect.is_noted = (reply.header.flags & reply_flags::kSizeNoted) != 0;
  return effect;
}

Task<Result<WriteEffect>> write_through_slot(Session& session, RequestHeader header, Piece piece,
                                             Bytes bytes) {
  Channel& channel = session.channel(piece.server);
  SlotPool& slots = session.slots(piece.server);
  SlotPool::User user(slots);
  auto lease = co_await slots.acquire();
  if (!lease) co_return lease.error();
  const std::uint64_t place = place_in_slot(piece.chunk_offset);
  if (!lease->is_current()) co_return Errc::io_error;
  const Status put = co_await channel.put(bytes, lease->slab_offset() + place);
  if (!put) {
    if (lease->is_current()) slots.release(lease->slab_offset());
    co_return put.error();
  }
  // On another connection the slot would be somebody else's.
  if (!lease->is_current()) co_return Errc::io_error;
  header.flags |= request_flags::kSlot | (slots.wanted() ? request_flags::kKeepSlot : 0);
  header.argument = lease->slab_offset();
  auto reply = co_await channel.call(header);
  if (!reply) co_return reply.error();
  if ((reply->header.flags & reply_flags::kSlotKept) != 0) lease->kept(reply->header.value);
  co_return effect_of(*reply);
}

/// Moves the bytes of a read's reply to where they belong. `asked` is when the read was asked for.
/// Errc::stale: the server has taken the slot back meanwhile, so what was got may be anything.
Task<Status> fetch(Session& session, std::uint32_t server, Reply& reply, MutableBytes into,
                   TimePoint asked) {
  Channel& channel = session.channel(server);
  if ((reply.header.flags & reply_flags::kInSlot) == 0) {
    if (reply.body.payload_bytes() != into.size()) co_return Errc::bad_message;
    co_return co_await channel.receive(reply, into);
  }
  const std::uint64_t connection = channel.cookie();
  const Status got = co_await channel.get(into, reply.header.second);
  if (channel.cookie() != connection) co_return Errc::io_error;
  RequestHeader release;
  release.opcode = Opcode::release_slot;
  release.epoch = kAnyEpoch;
  release.length = reply.header.request_id;
  if (session.loop().now() - asked < kReadLease) {
    channel.notify(release);
    co_return got;
  }
  release.flags = request_flags::kConfirm;
  auto confirmed = co_await channel.call(release);
  if (!confirmed) co_return confirmed.error();
  co_return got ? confirmed->status() : got;
}

Task<Result<std::size_t>> read_once(Session& session, FileId file, Piece piece, MutableBytes into) {
  Channel& channel = session.channel(piece.server);
  if (!channel.is_open()) {
    MAYFLY_CO_CHECKED(co_await channel.open());
  }
  RequestHeader header = request(Opcode::read, file, piece);
  if (into.size() > kInlineBytes && channel.is_one_sided()) header.flags = request_flags::kToSlot;
  const std::uint64_t connection = channel.cookie();
  const TimePoint asked = session.loop().now();
  auto reply = co_await channel.call(header, {}, into);
  if (!reply) co_return reply.error();
  if (channel.cookie() != connection) co_return Errc::io_error;
  if (const Status status = reply->status(); !status) co_return status.error();
  const std::uint64_t bytes = reply->header.value;
  if (bytes > into.size()) co_return Errc::bad_message;
  const bool is_in_slot = (reply->header.flags & reply_flags::kInSlot) != 0;
  if (bytes == 0 || (!is_in_slot && reply->placed == bytes)) co_return std::size_t{bytes};
  const Status fetched = co_await fetch(session, piece.server, *reply, into.first(bytes), asked);
  if (!fetched) co_return fetched.error();
  co_return std::size_t{bytes};
}

}  // namespace

Task<Result<WriteEffect>> write_piece(Session& session, FileId file, Piece piece, Bytes bytes,
                                      WriteTerms terms) {
  Channel& channel = session.channel(piece.server);
  if (!channel.is_open()) {
    MAYFLY_CO_CHECKED(co_await channel.open());
  }
  RequestHeader header = request(Opcode::write, file, piece);
  if (terms.appended_under) {
    header.flags = request_flags::kAppend;
    header.uid_or_generation = *terms.appended_under;
  } else if (terms.notes_size != 0) {
    header.flags = request_flags::kHasSize;
    header.uid_or_generation = terms.notes_size;
  }
  if (bytes.size() > kInlineBytes && channel.is_one_sided()) {
    co_return co_await write_through_slot(session, header, piece, bytes);
  }
  auto reply = co_await channel.call(header, bytes);
  if (!reply) co_return reply.error();
  co_return effect_of(*reply);
}

Task<Result<std::size_t>> read_piece(Session& session, FileId file, Piece piece,
                                     MutableBytes into) {
  for (int attempt = 0; attempt < kMaxReads; ++attempt) {
    auto bytes = co_await read_once(session, file, piece, into);
    if (bytes || bytes.error() != Errc::stale) co_return bytes;
  }
  co_return Errc::io_error;
}

}  // namespace mayfly
