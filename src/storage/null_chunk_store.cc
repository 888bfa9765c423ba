#include "storage/null_chunk_store.h"

#include <algorithm>

namespace mayfly {

Task<Transfer> NullChunkStore::write(ChunkId id, std::uint64_t offset, Buffer buffer,
                                     std::size_t length) {
  std::uint64_t& end = ends_[id];
  end = std::max<std::uint64_t>(end, offset + length);
  co_return Transfer(std::move(buffer), length);
}

Task<Result<std::uint64_t>> NullChunkStore::write(ChunkId id, std::uint64_t offset, Bytes bytes) {
  co_return *try_write(id, offset, bytes);
}

std::optional<Result<std::uint64_t>> NullChunkStore::try_write(ChunkId id, std::uint64_t offset,
                                                               Bytes bytes) {
  std::uint64_t& end = ends_[id];
  end = std::max<std::uint64_t>(end, offset + bytes.size());
  return Result<std::uint64_t>(std::uint64_t{0});
}

Task<Transfer> NullChunkStore::read(ChunkId id, std::uint64_t offset, Buffer buffer,
                                    std::size_t length) {
  const auto chunk = ends_.find(id);
  const std::uint64_t end = chunk == ends_.end() ? 0 : chunk->second;
  const std::uint64_t bytes = end > offset ? std::min<std::uint64_t>(length, end - offset) : 0;
  co_return Transfer(std::move(buffer), static_cast<std::size_t>(bytes));
}

Task<Result<std::uint64_t>> NullChunkStore::truncate(ChunkId id, std::uint64_t end) {
  const auto chunk = ends_.find(id);
  if (chunk == ends_.end()) co_return std::uint64_t{0};
  chunk->second = std::min(chunk->second, end);
  if (chunk->second == 0) ends_.erase(chunk);
  co_return std::uint64_t{0};
}

std::vector<ChunkExtent> NullChunkStore::chunks_of(FileId file) const {
  std::vector<ChunkExtent> chunks;
  for (auto chunk = ends_.lower_bound({file, 0}); chunk != ends_.end() && chunk->first.file == file;
       ++chunk) {
    chunks.push_back({chunk->first.index, chunk->second, 0});
  }
  return chunks;
}

std::uint64_t NullChunkStore::next_hole(ChunkId id, std::uint64_t offset) const {
  const auto chunk = ends_.find(id);
  return chunk == ends_.end() ? offset : std::max(offset, chunk->second);
}

}  // namespace mayfly
