// fsync and close: what a file reports to its home.
#include <fcntl.h>

#include <utility>

#include "async/task_group.h"
#include "client/file.h"

namespace mayfly {
namespace {

/// Until when a close is taken to come right behind a write.
constexpr Nanoseconds kSoon = std::chrono::milliseconds(100);

}  // namespace

RequestHeader File::report(Opcode opcode) const {
  RequestHeader header = about(opcode, id_);
  if (!dirty_) return header;
  header.flags = request_flags::kHasSize;
  header.offset = written_end_;
  header.uid_or_generation = generation_;
  header.argument = static_cast<std::uint64_t>(pages_);
  // An age and not a time: clocks differ, and a later utimens must stay later.
  header.length = static_cast<std::uint64_t>((session_.loop().now() - written_.at).count());
  return header;
}

Task<Status> File::fsync() {
  const auto pass = uses_.enter();
  if (!pass) co_return Errc::bad_descriptor;
  if (is_directory_) co_return Status();
  if (is_orphaned()) co_return Errc::io_error;
  TaskGroup group;
  for (const std::uint32_t server : holders(layout_, session_.servers())) {
    group.add(sync_server(server));
  }
  MAYFLY_CO_CHECKED(co_await group.join());
  if (!dirty_) co_return Status();
  const RequestHeader header = report(Opcode::report_size);
  // A write that ends while the report is on its way makes the file dirty again.
  dirty_ = false;
  const std::int64_t reported = std::exchange(pages_, 0);
  const std::int64_t written_ns = written_.wall_ns;
  const auto attributes = attributes_of(co_await session_.inode_call(header, as_wire(written_ns)));
  if (!attributes) {
    dirty_ = true;
    pages_ += reported;
    co_return attributes.error();
  }
  co_return Status();
}

Task<Status> File::sync_server(std::uint32_t server) {
  RequestHeader header;
  header.opcode = Opcode::sync_data;
  header.epoch = kAnyEpoch;
  header.file = id_;
  auto reply = co_await session_.channel(server).call(header);
  if (!reply) co_return reply.error();
  co_return reply->status();
}

Task<Status> File::close() {
  co_await uses_.closed();
  if (is_orphaned()) co_return Errc::io_error;
  MAYFLY_CO_CHECKED(co_await give_up_locks());
  if (is_given_up()) co_return Status();
  if (is_appender_too_) {
    RequestHeader header = about(Opcode::close, id_);
    header.flags = request_flags::kForWrite | request_flags::kAppend;
    auto reply = co_await session_.inode_call(header);
    if (!reply) co_return reply.error();
    MAYFLY_CO_CHECKED(reply->status());
  }
  RequestHeader header = report(Opcode::close);
  if (may_write()) header.flags |= request_flags::kForWrite;
  if ((opened_flags_ & O_APPEND) != 0) header.flags |= request_flags::kAppend;
  if (unsure_) header.flags |= request_flags::kUnsure;
  // With nothing to report there is nothing that could fail, nor that others wait to see. Of what
  // was written some time ago something may be lost by now.
  Channel& home = session_.channel(id_.home());
  const bool may_be_lost = has_noted_ && session_.loop().now() - written_.at > kSoon;
  if (!dirty_ && !unsure_ && !may_be_lost && home.may_notify()) {
    header.epoch = kAnyEpoch;
    home.notify(header);
    co_return Status();
  }
  const Bytes time = dirty_ ? as_wire(written_.wall_ns) : Bytes();
  auto reply = co_await session_.inode_call(header, time);
  if (!reply) co_return reply.error();
  co_return reply->status();
}

}  // namespace mayfly
