// NullChunkStore: keeps where chunks end and not their bytes, to measure all but the drive. Reads
// give whatever the Buffer held. Only behind ServerProcessOptions::null_store; never for data.
#pragma once

#include <map>

#include "storage/chunk_store.h"

namespace mayfly {

class NullChunkStore final : public ChunkStore {
 public:
  Task<Transfer> write(ChunkId id, std::uint64_t offset, Buffer buffer,
                       std::size_t length) override;
  Task<Result<std::uint64_t>> write(ChunkId id, std::uint64_t offset, Bytes bytes) override;
  std::optional<Result<std::uint64_t>> try_write(ChunkId id, std::uint64_t offset,
                                                 Bytes bytes) override;
  Task<Transfer> read(ChunkId id, std::uint64_t offset, Buffer buffer, std::size_t length) override;
  Task<Result<std::uint64_t>> truncate(ChunkId id, std::uint64_t end) override;
  Task<Result<std::uint64_t>> reserve(ChunkId, PageRange) override { co_return std::uint64_t{0}; }
  Task<Result<std::uint64_t>> punch(ChunkId, PageRange, bool) override {
    co_return std::uint64_t{0};
  }
  std::uint64_t next_data(ChunkId, std::uint64_t offset) const override { return offset; }
  std::uint64_t next_hole(ChunkId id, std::uint64_t offset) const override;
  Task<Status> sync(FileId) override { co_return Status(); }
  Task<Status> sync_all() override { co_return Status(); }
  std::vector<ChunkExtent> chunks_of(FileId file) const override;
  std::vector<FileSpace> files() const override { return {}; }
  Result<void, Failure> check() const override { return {}; }
  StoreUsage usage() const override { return {std::uint64_t{1} << 50, 0}; }

 private:
  std::map<ChunkId, std::uint64_t> ends_;
};

}  // namespace mayfly
