// What a store needs around it, for tests that are run on both stores.
#pragma once

#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

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
  explicit RingFixture(unsigned depth = Ring::kDepth, const Clock& clock = Clock::steady())
      : slab(std::move(Slab::allocate(16 * kMiB)).value()),
        pool(slab.memory()),
        ring(std::move(Ring::create(depth)).value()),
        loop(*ring, clock, Nanoseconds::zero()) {
    ring->register_buffers(slab.memory());
    loop.add(*ring);
  }
  Slab slab;
  BufferPool pool;
  std::unique_ptr<Ring> ring;
  EventLoop loop;
};

struct DiskFixture {
  explicit DiskFixture(std::uint64_t capacity, const Clock& clock = Clock::steady())
      : base(Ring::kDepth, clock),
        store(std::make_unique<DiskChunkStore>(
            base.loop, *base.ring, base.pool,
            std::move(DataFile::open(directory.path(), capacity)).value())) {}
  ~DiskFixture() {
    store.reset();
    while (base.ring->in_flight() != 0) base.loop.run_once();
  }
  EventLoop& loop() { return base.loop; }
  BufferPool& pool() { return base.pool; }
  /// Nothing clean stays in memory: somebody wants all of it.
  void empty_memory() {
    ReadyQueue::Scope scope(loop().ready());
    std::vector<Buffer> all;
    for (const BufferClass c : {BufferClass::large, BufferClass::small, BufferClass::page}) {
      while (Buffer buffer = pool().try_acquire(c)) all.push_back(std::move(buffer));
    }
  }

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

/// What holds `length` bytes from `offset` on in whole pages.
inline BufferClass class_to_read(std::uint64_t offset, std::size_t length) {
  return class_for(offset % kPageBytes, length);
}

inline Task<Status> write_text(ChunkStore& store, BufferPool& pool, ChunkId id,
                               std::uint64_t offset, std::string text,
                               std::int64_t* pages = nullptr) {
  Buffer buffer = co_await pool.acquire(class_for(offset, text.size()));
  std::memcpy(buffer.data() + offset % kSectionBytes, text.data(), text.size());
  Task<Transfer> writing = store.write(id, offset, std::move(buffer), text.size());
  const Transfer transfer = co_await std::move(writing);
  if (pages != nullptr) *pages += static_cast<std::int64_t>(transfer.pages_taken);
  co_return to_status(transfer.bytes ? Errc::ok : transfer.bytes.error());
}

/// The same for bytes that are in no Buffer.
inline Task<Status> write_bytes(ChunkStore& store, ChunkId id, std::uint64_t offset,
                                std::string text, std::int64_t* pages = nullptr) {
  const auto taken = co_await store.write(id, offset, std::as_bytes(std::span(text)));
  if (!taken) co_return taken.error();
  if (pages != nullptr) *pages += static_cast<std::int64_t>(*taken);
  co_return Status();
}

inline Task<Result<std::string>> read_text(ChunkStore& store, BufferPool& pool, ChunkId id,
                                           std::uint64_t offset, std::size_t length) {
  Buffer buffer = co_await pool.acquire(class_to_read(offset, length));
  std::memset(buffer.data(), 0xEE, buffer.size());
  Task<Transfer> reading = store.read(id, offset, std::move(buffer), length);
  const Transfer transfer = co_await std::move(reading);
  if (!transfer.bytes) co_return transfer.bytes.error();
  const auto* text = reinterpret_cast<const char*>(transfer.buffer.data());
  co_return std::string(text + offset % kPageBytes, *transfer.bytes);
}

/// What is lent, else what is read.
inline Task<Result<std::string>> lend_text(ChunkStore& store, BufferPool& pool, ChunkId id,
                                           std::uint64_t offset, std::size_t length) {
  auto lent = co_await store.lend(id, offset, length);
  if (!lent) co_return lent.error();
  if (!*lent) co_return co_await read_text(store, pool, id, offset, length);
  const Loan& loan = **lent;
  co_return std::string(reinterpret_cast<const char*>(loan.memory.data()) + loan.at, loan.bytes);
}

}  // namespace mayfly
