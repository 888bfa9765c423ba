// File: space that is taken before it is written, and given back.
#include <fcntl.h>
#include <linux/falloc.h>

#include <algorithm>

#include "async/task_group.h"
#include "client/file.h"

namespace mayfly {

Task<Status> File::allocate(int mode, std::uint64_t offset, std::uint64_t length) {
  const auto pass = uses_.enter();
  if (!pass || !may_write()) co_return Errc::bad_descriptor;
  if (is_orphaned()) co_return Errc::io_error;
  const bool punches = mode == (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE);
  const bool zeros = (mode & ~FALLOC_FL_KEEP_SIZE) == FALLOC_FL_ZERO_RANGE;
  if (!punches && !zeros && (mode & ~FALLOC_FL_KEEP_SIZE) != 0) co_return Errc::not_supported;
  if (length == 0) co_return Errc::invalid;
  if (offset > kMaxFileBytes || length > kMaxFileBytes - offset) co_return Errc::file_too_big;
  RequestHeader header = about(Opcode::clear_data, id_);
  header.offset = offset;
  header.length = offset + length;
  header.uid_or_generation = layout_.chunk_bytes;
  if (zeros) header.flags = request_flags::kKeepSpace;
  if (punches || zeros) {
    MAYFLY_CO_CHECKED(co_await change_space_everywhere(header));
  }
  if (!punches) {
    RequestHeader intent = about(Opcode::report_size, id_);
    intent.flags = request_flags::kReserves;
    MAYFLY_CO_CHECKED(status_of(co_await session_.inode_call(intent)));
    header.opcode = Opcode::allocate_data;
    header.flags = 0;
    MAYFLY_CO_CHECKED(co_await change_space_everywhere(header));
  }
  if ((mode & FALLOC_FL_KEEP_SIZE) != 0) co_return Status();
  co_return co_await note_growth(offset + length);
}

Task<Status> File::change_space_everywhere(RequestHeader header) {
  TaskGroup group;
  for (std::uint32_t column = 0; column < width(layout_, session_.servers()); ++column) {
    group.add(change_space(header, column));
  }
  co_return co_await group.join();
}

Task<Status> File::change_space(RequestHeader header, std::uint32_t column) {
  header.argument = pack_column({column, width(layout_, session_.servers())});
  const std::uint32_t server = server_of_chunk(layout_, column, session_.servers());
  const Moment began = now();
  const auto reply = co_await session_.channel(server).call(header);
  if (!reply) {
    unsure_ = true;
    co_return reply.error();
  }
  // Also of one that failed in the middle.
  note_change(began, static_cast<std::int64_t>(reply->header.value));
  co_return reply->status();
}

/// The file is at least that long now, though no byte says so: its inode must.
Task<Status> File::note_growth(std::uint64_t end) {
  auto attributes = co_await session_.get_attributes(id_);
  if (!attributes) co_return attributes.error();
  if (attributes->size >= end) co_return Status();
  RequestHeader header = about(Opcode::report_size, id_);
  header.flags = request_flags::kHasSize;
  header.offset = end;
  header.uid_or_generation = attributes->truncate_generation;
  co_return status_of(co_await session_.inode_call(header));
}

}  // namespace mayfly
