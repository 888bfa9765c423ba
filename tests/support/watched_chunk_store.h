// WatchedChunkStore: a ChunkStore that counts what it is asked, takes its time, and fails on
// demand. The bytes are in the store behind it.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "async/deadline.h"
#include "async/event_loop.h"
#include "storage/chunk_store.h"

namespace mayfly {

/// File data that is being read or written, over all stores that share it.
struct StoreActivity {
  std::uint64_t bytes = 0;
  std::uint64_t most_bytes = 0;
  void begin(std::size_t length) {
    bytes += length;
    most_bytes = std::max(most_bytes, bytes);
  }
  void end(std::size_t length) { bytes -= length; }
};

class WatchedChunkStore final : public ChunkStore {
 public:
  WatchedChunkStore(EventLoop& loop, ChunkStore& store, StoreActivity& activity)
      : loop_(loop), store_(store), activity_(activity) {}

  Task<Transfer> write(ChunkId id, std::uint64_t offset, Buffer buffer,
                       std::size_t length) override {
    activity_.begin(length);
    if (latency_ != Nanoseconds::zero()) co_await sleep_for(loop_, latency_);
    Task<Transfer> writing = store_.write(id, offset, std::move(buffer), length);
    Transfer written = co_await std::move(writing);
    activity_.end(length);
    co_return written;
  }
  Task<Result<std::uint64_t>> write(ChunkId id, std::uint64_t offset, Bytes bytes) override {
    activity_.begin(bytes.size());
    if (latency_ != Nanoseconds::zero()) co_await sleep_for(loop_, latency_);
    const auto taken = co_await store_.write(id, offset, bytes);
    activity_.end(bytes.size());
    co_return taken;
  }
  Task<Transfer> read(ChunkId id, std::uint64_t offset, Buffer buffer,
                      std::size_t length) override {
    activity_.begin(length);
    if (latency_ != Nanoseconds::zero()) co_await sleep_for(loop_, latency_);
    Task<Transfer> reading = store_.read(id, offset, std::move(buffer), length);
    Transfer got = co_await std::move(reading);
    activity_.end(length);
    co_return got;
  }
  std::optional<std::size_t> peek(ChunkId id, std::uint64_t offset, MutableBytes into) override {
    return latency_ == Nanoseconds::zero() ? store_.peek(id, offset, into) : std::nullopt;
  }
  Task<Result<std::uint64_t>> truncate(ChunkId id, std::uint64_t end) override {
    return store_.truncate(id, end);
  }
  Task<Result<std::uint64_t>> reserve(ChunkId id, PageRange pages) override {
    return store_.reserve(id, pages);
  }
  Task<Result<std::uint64_t>> punch(ChunkId id, PageRange pages, bool keeps_space) override {
    return store_.punch(id, pages, keeps_space);
  }
  std::uint64_t next_data(ChunkId id, std::uint64_t offset) const override {
    return store_.next_data(id, offset);
  }
  std::uint64_t next_hole(ChunkId id, std::uint64_t offset) const override {
    return store_.next_hole(id, offset);
  }
  Task<Status> sync(FileId file) override { return watch_sync(store_.sync(file)); }
  Task<Status> sync_all() override { return watch_sync(store_.sync_all()); }
  std::vector<ChunkExtent> chunks_of(FileId file) const override { return store_.chunks_of(file); }
  std::vector<FileSpace> files() const override { return store_.files(); }
  Result<void, Failure> check() const override { return store_.check(); }
  StoreUsage usage() const override { return store_.usage(); }

  /// As if what was written of the file could not be brought to the drive.
  void lose(FileId file) { tell_of_loss(file); }

  std::size_t syncs() const { return syncs_; }
  /// What every sync ends with from now on; Errc::ok: what it ends with by itself.
  void fail_syncs(Errc error) { sync_error_ = error; }
  /// How long every read, write and sync takes from now on.
  void set_latency(Nanoseconds latency) { latency_ = latency; }

 private:
  Task<Status> watch_sync(Task<Status> sync) {
    ++syncs_;
    if (latency_ != Nanoseconds::zero()) co_await sleep_for(loop_, latency_);
    if (sync_error_ != Errc::ok) co_return sync_error_;
    co_return co_await std::move(sync);
  }

  EventLoop& loop_;
  ChunkStore& store_;
  StoreActivity& activity_;
  std::size_t syncs_ = 0;
  Errc sync_error_ = Errc::ok;
  Nanoseconds latency_{0};
};

}  // namespace mayfly
