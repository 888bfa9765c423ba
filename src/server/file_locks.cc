#include "server/file_locks.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "server/server.h"

namespace mayfly {
namespace {

/// Of those who stand in the way of one lock, so many are told to server 0.
constexpr std::size_t kMostHolders = 128;

}  // namespace

Task<Status> FileLocks::set(FileId file, LockKind kind, Lock lock, bool waits) {
  const Key key{file, kind};
  LockTable& table = entries_[key].table;
  const bool is_free = lock.type == LockType::none || table.conflict(lock) == nullptr;
  if (is_free || kind == LockKind::whole) {
    // flock gives up what it has before it waits for what it wants: so do two that both want more.
    Lock now = lock;
    if (!is_free) now.type = LockType::none;
    table.set(now);
    MAYFLY_CO_CHECKED(co_await grant(key));
  }
  Status result;
  if (!is_free) result = Errc::again;
  if (!is_free && waits) result = co_await wait(key, lock);
  forget_if_empty(key);
  co_return result;
}

const Lock* FileLocks::test(FileId file, LockKind kind, const Lock& wanted) const {
  const auto entry = entries_.find({file, kind});
  return entry == entries_.end() ? nullptr : entry->second.table.conflict(wanted);
}

Task<Status> FileLocks::wait(Key key, Lock lock) {
  Waiter waiter{std::uint64_t{server_.index()} << 48 | ++last_id_, lock};
  entries_[key].waiters.push_back(&waiter);
  // Reports who it waits for; it may be granted, or end in a circle, on the way.
  const Status reported = co_await grant(key);
  if (!reported && !waiter.is_done) {
    entries_[key].waiters.remove(&waiter);
    wake(waiter, reported);
  }
  { const auto permit = co_await waiter.signal.acquire(); }
  if (waiter.result || waiter.holders.empty()) co_return waiter.result;
  std::vector<WaitBody> end{{waiter.id, waiter.lock.owner, {}}};
  const Status ended = co_await report(key, std::move(end));
  if (!ended) log::debug("{}: the end of a wait could not be reported", server_.describe());
  co_return waiter.result;
}

/// Gives all that can be given, and tells server 0 how the waits have changed. Those that have got
/// their locks go on only after that.
Task<Status> FileLocks::grant(Key key) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) co_return Status();
  Entry& entry = found->second;
  std::vector<WaitBody> changes;
  std::vector<Waiter*> granted;
  for (auto place = entry.waiters.begin(); place != entry.waiters.end();) {
    Waiter& waiter = **place;
    std::vector<LockOwner> holders = entry.table.blockers(waiter.lock);
    if (holders.size() > kMostHolders) holders.resize(kMostHolders);
    const bool is_free = holders.empty();
    if (key.kind == LockKind::range && holders != waiter.holders) {
      changes.push_back({waiter.id, waiter.lock.owner, holders});
      waiter.holders = std::move(holders);
    }
    if (is_free) {
      entry.table.set(waiter.lock);
      waiter.is_done = true;
      granted.push_back(&waiter);
      place = entry.waiters.erase(place);
    } else {
      ++place;
    }
  }
  const Status reported = co_await report(key, std::move(changes));
  for (Waiter* waiter : granted) wake(*waiter, Status());
  co_return reported;
}

Task<Status> FileLocks::report(Key key, std::vector<WaitBody> changes) {
  for (auto next = changes.begin(); next != changes.end();) {
    WireBytes batch;
    while (next != changes.end() && batch.size() <= kInlineBytes / 2) append(batch, *next++);
    MAYFLY_CO_CHECKED(co_await report_batch(key, std::move(batch)));
  }
  co_return Status();
}

Task<Status> FileLocks::report_batch(Key key, WireBytes changes) {
  RequestHeader header;
  header.opcode = Opcode::note_waits;
  Channel& graph = server_.peers().channel(0);
  auto reply = co_await graph.call(header, changes);
  if (!reply) co_return reply.error();
  MAYFLY_CO_CHECKED(reply->status());
  const std::size_t bytes = reply->body.payload_bytes();
  if (bytes > kMaxBodyBytes) co_return Errc::bad_message;
  std::vector<std::uint64_t> circles(bytes / sizeof(std::uint64_t));
  const auto into = std::as_writable_bytes(std::span(circles));
  MAYFLY_CO_CHECKED(co_await graph.receive(*reply, into));
  const auto found = entries_.find(key);
  if (circles.empty() || found == entries_.end()) co_return Status();
  const auto is_in_circle = [&circles](const Waiter& waiter) {
    return std::find(circles.begin(), circles.end(), waiter.id) != circles.end();
  };
  end_waits(found->second, is_in_circle, Errc::deadlock);
  co_return Status();
}

template <class Predicate>
void FileLocks::end_waits(Entry& entry, Predicate is_meant, Errc why) {
  entry.waiters.remove_if([&](Waiter* waiter) {
    const bool ends = is_meant(*waiter);
    if (ends) wake(*waiter, why);
    return ends;
  });
}

void FileLocks::wake(Waiter& waiter, Status result) {
  waiter.is_done = true;
  waiter.result = result;
  // The permit's end hands it over.
  const Semaphore::Permit permit(waiter.signal, 1);
}

void FileLocks::cancel(std::uint64_t connection) {
  const auto is_its = [connection](const Waiter& waiter) {
    return connection == kAll || waiter.lock.connection == connection;
  };
  for (auto& [key, entry] : entries_) end_waits(entry, is_its, Errc::canceled);
}

Task<void> FileLocks::release(std::uint64_t connection) {
  std::vector<Key> released;
  for (auto& [key, entry] : entries_) {
    if (entry.table.release(connection)) released.push_back(key);
  }
  for (const Key& key : released) {
    const Status granted = co_await grant(key);
    if (!granted) log::debug("{}: waits for locks could not be reported", server_.describe());
    forget_if_empty(key);
  }
}

void FileLocks::forget_if_empty(const Key& key) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return;
  if (found->second.table.empty() && found->second.waiters.empty()) entries_.erase(found);
}

}  // namespace mayfly
