// What a store needs around it, for tests that are run on both stores.
#pragma once

#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "async/event_loop.h"
#include "async/poll_sleeper.h"
#include "memory/buffer_pool.h"
#include "memory/slab.h"
#include "storage/disk_chunk_store.h"
#include "storage/memory_chunk_store.h"
#include "unit/storage/scratch_directory.h"

namespace mayfly {

/// A Ring with a registered pool and a loop that sleeps in it.
struct RingFixture {
  explicit RingFixture(unsigned depth = Ring::kDepth)
      : slab(std::move(Slab::allocate(16 * kMiB)).value()),
        pool(slab.memory()),
        ring(std::move(Ring::create(depth)).value()),
        loop(*ring, Clock::steady(), Nanoseconds::zero()) {
    ring->register_buffers(slab.memory());
    loop.add(*ring);
  }
  Slab slab;
  BufferPool pool;
  std::unique_ptr<Ring> ring;
  EventLoop loop;
};

struct DiskFixture {
  explicit DiskFixture(std::uint64_t capacity)
      : store(std::make_unique<DiskChunkStore>(
            *base.ring, std::move(DataFile::open(directory.path(), capacity)).value())) {}
  ~DiskFixture() {
    while (base.ring->in_flight() != 0) base.loop.run_once();
  }
  EventLoop& loop() { return base.loop; }
  BufferPool& pool() { return base.pool; }

  ScratchDirectory directory;
  RingFixture base;
  std::unique_ptr<DiskChunkStore> store;
};

struct MemoryFixture {
  explicit MemoryFixture(std::uint64_t capacity)
      : slab(std::move(Slab::allocate(16 * kMiB)).value()),
        pool_(slab.memory()),
        loop_(sleeper),
        store(std::make_unique<MemoryChunkStore>(capacity)) {}
  EventLoop& loop() { return loop_; }
  BufferPool& pool() { return pool_; }

  Slab slab;
  BufferPool pool_;
  PollSleeper sleeper;
  EventLoop loop_;
  std::unique_ptr<MemoryChunkStore> store;
};

/// co_await Turn() lets the others go on first.
class Turn {
 public:
  Turn() = default;
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> handle) {
    resumption_.suspend(handle);
    resumption_.schedule();
  }
  void await_resume() const {}

 private:
  Resumption resumption_;
};

inline BufferClass class_for(std::uint64_t offset, std::size_t length) {
  const std::size_t bytes = offset % kPageBytes + length;
  if (bytes <= kPageBytes) return BufferClass::page;
  return bytes <= 16 * kKiB ? BufferClass::small : BufferClass::large;
}

inline Task<Status> write_text(ChunkStore& store, BufferPool& pool, ChunkId id,
                               std::uint64_t offset, std::string text,
                               std::int64_t* pages = nullptr) {
  Buffer buffer = co_await pool.acquire(class_for(offset, text.size()));
  std::memcpy(buffer.data() + offset % kPageBytes, text.data(), text.size());
  Task<Transfer> writing = store.write(id, offset, std::move(buffer), text.size());
  const Transfer transfer = co_await std::move(writing);
  if (pages != nullptr) *pages += static_cast<std::int64_t>(transfer.pages_taken);
  co_return to_status(transfer.bytes ? Errc::ok : transfer.bytes.error());
}

inline Task<Result<std::string>> read_text(ChunkStore& store, BufferPool& pool, ChunkId id,
                                           std::uint64_t offset, std::size_t length) {
  Buffer buffer = co_await pool.acquire(class_for(offset, length));
  std::memset(buffer.data(), 0xEE, buffer.size());
  Task<Transfer> reading = store.read(id, offset, std::move(buffer), length);
  const Transfer transfer = co_await std::move(reading);
  if (!transfer.bytes) co_return transfer.bytes.error();
  const auto* text = reinterpret_cast<const char*>(transfer.buffer.data());
  co_return std::string(text + offset % kPageBytes, *transfer.bytes);
}

}  // namespace mayfly
