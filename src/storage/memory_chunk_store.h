// MemoryChunkStore: chunks in memory, for tests and simulations; the twin of DiskChunkStore.
//
// Every operation is done within its call, so all happen in the order in which they were started.
// Thread: the loop's. Failure: ENOSPC at the capacity, and whatever fail_next() asks for.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <vector>

#include "storage/chunk_store.h"
#include "storage/chunk_table.h"
#include "storage/page_range.h"

namespace mayfly {

class MemoryChunkStore final : public ChunkStore {
 public:
  explicit MemoryChunkStore(std::uint64_t capacity_bytes) : capacity_bytes_(capacity_bytes) {}

  Task<Transfer> write(ChunkId id, std::uint64_t offset, Buffer buffer,
                       std::size_t length) override;
  Task<Result<std::uint64_t>> write(ChunkId id, std::uint64_t offset, Bytes bytes) override;
  std::optional<Result<std::uint64_t>> try_write(ChunkId id, std::uint64_t offset,
                                                 Bytes bytes) override;
  Task<Transfer> read(ChunkId id, std::uint64_t offset, Buffer buffer, std::size_t length) override;
  std::optional<std::size_t> peek(ChunkId id, std::uint64_t offset, MutableBytes into) override;
  Task<Result<std::uint64_t>> truncate(ChunkId id, std::uint64_t end) override;
  bool try_remove(FileId file) override;
  Task<Result<std::uint64_t>> reserve(ChunkId id, PageRange pages) override;
  Task<Result<std::uint64_t>> punch(ChunkId id, PageRange pages, bool keeps_space) override;
  std::uint64_t next_data(ChunkId id, std::uint64_t offset) const override {
    return next(id, offset, true);
  }
  std::uint64_t next_hole(ChunkId id, std::uint64_t offset) const override {
    return next(id, offset, false);
  }
  Task<Status> sync(FileId file) override;
  Task<Status> sync_all() override;
  std::vector<ChunkExtent> chunks_of(FileId file) const override { return chunks_.chunks_of(file); }
  std::vector<FileSpace> files() const override { return chunks_.files(); }
  Result<void, Failure> check() const override;
  StoreUsage usage() const override { return {capacity_bytes_, used_pages_ * kPageBytes}; }

  /// A smaller capacity than what is used only refuses new pages.
  void set_capacity(std::uint64_t bytes) { capacity_bytes_ = bytes; }
  /// The next `count` writes, reads and syncs fail with `code` and change nothing.
  void fail_next(std::size_t count, Errc code) {
    failures_left_ = count;
    failure_ = code;
  }

 private:
  struct Page : std::array<std::byte, kPageBytes> {
    bool written = false;
  };
  struct Pages {
    std::uint64_t end_bytes = 0;
    bool is_reserved = false;
    std::uint64_t used_pages = 0;
    std::vector<std::unique_ptr<Page>> pages;  ///< null: a hole
  };

  std::uint64_t next(ChunkId id, std::uint64_t offset, bool written) const;
  Status injected();
  /// Gives how many of the bytes from `offset`, which is below the chunk's end, are below it.
  static std::size_t copy(const Pages& chunk, std::uint64_t offset, MutableBytes into);
  Result<std::uint64_t> put(ChunkId id, std::uint64_t offset, Bytes bytes);
  /// Gives every page of `range` its memory, and how many had none, or changes nothing.
  Result<std::uint64_t> allocate(ChunkId id, PageRange range);
  /// Gives how many there were.
  std::uint64_t remove_pages(Pages& chunk, std::size_t begin, std::size_t end);

  std::uint64_t capacity_bytes_;
  std::uint64_t used_pages_ = 0;
  std::size_t failures_left_ = 0;
  Errc failure_ = Errc::ok;
  ChunkTable<Pages> chunks_;
};

}  // namespace mayfly
