// File: locks, which the inode's server keeps.
#include <unistd.h>

#include "client/file.h"

namespace mayfly {
namespace {

/// The owner of a process's locks; those of handles are named by their place in memory.
constexpr std::uint64_t kProcess = 0;

}  // namespace

LockBody File::signed_by(LockBody range, LockedBy whose) const {
  range.owner.client = session_.client_id();
  range.owner.id = whose == LockedBy::process ? kProcess : reinterpret_cast<std::uintptr_t>(this);
  range.process = whose == LockedBy::process ? ::getpid() : -1;
  return range;
}

Task<Status> File::lock(LockBody range, LockedBy whose) {
  const auto pass = uses_.enter();
  if (!pass) co_return Errc::bad_descriptor;
  if (is_orphaned()) co_return Errc::io_error;
  if (range.kind == LockKind::range) {
    if (range.type == LockType::shared && !may_read()) co_return Errc::bad_descriptor;
    if (range.type == LockType::exclusive && !may_write()) co_return Errc::bad_descriptor;
  }
  const LockBody body = signed_by(range, whose);
  // Noted first: what was asked for may come to be, whatever becomes of the answer.
  if (range.type != LockType::none && whose == LockedBy::process)
    session_.range_locked().insert(id_);
  if (range.type != LockType::none && whose == LockedBy::handle) has_locks_ = true;
  Semaphore::Permit permit;
  if (range.waits != 0) permit = co_await session_.lock_waits().acquire();
  const Status locked =
      status_of(co_await session_.inode_call(about(Opcode::set_lock, id_), as_wire(body)));
  // Another handle may have been closed, and all locks given up, before this one came.
  if (range.type != LockType::none && whose == LockedBy::process)
    session_.range_locked().insert(id_);
  co_return locked;
}

Task<Result<std::optional<LockBody>>> File::find_lock(LockBody range, LockedBy whose) {
  const auto pass = uses_.enter();
  if (!pass) co_return Errc::bad_descriptor;
  const LockBody body = signed_by(range, whose);
  auto reply = co_await session_.inode_call(about(Opcode::test_lock, id_), as_wire(body));
  MAYFLY_CO_CHECKED(status_of(reply));
  if ((reply->header.flags & reply_flags::kMore) == 0) co_return std::optional<LockBody>();
  MAYFLY_CO_TRY(found, decode_lock(reply->body.payload()));
  co_return std::optional<LockBody>(found);
}

Task<Status> File::give_up_locks() {
  LockBody all;
  all.last = kLockToTheEnd;
  all.type = LockType::none;
  if (session_.range_locked().erase(id_) != 0) {
    const LockBody body = signed_by(all, LockedBy::process);
    const auto reply = co_await session_.inode_call(about(Opcode::set_lock, id_), as_wire(body));
    if (!reply) co_return reply.error();
  }
  if (!has_locks_) co_return Status();
  for (const LockKind kind : {LockKind::range, LockKind::whole}) {
    all.kind = kind;
    const LockBody body = signed_by(all, LockedBy::handle);
    const auto reply = co_await session_.inode_call(about(Opcode::set_lock, id_), as_wire(body));
    if (!reply) co_return reply.error();
  }
  co_return Status();
}

}  // namespace mayfly
