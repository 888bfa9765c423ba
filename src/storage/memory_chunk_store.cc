#include "storage/memory_chunk_store.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace mayfly {

Status MemoryChunkStore::injected() {
  if (failures_left_ == 0) return Status();
  --failures_left_;
  return failure_;
}

Status MemoryChunkStore::allocate(ChunkId id, PageRange range) {
  const Pages* existing = chunks_.find(id);
  std::uint64_t missing = 0;
  for (std::uint32_t page = range.begin; page < range.end; ++page) {
    const bool there =
        existing != nullptr && page < existing->pages.size() && existing->pages[page] != nullptr;
    if (!there) ++missing;
  }
  if ((used_pages_ + missing) * kPageBytes > capacity_bytes_ && missing != 0) {
    return Errc::no_space;
  }
  used_pages_ += missing;
  Pages& chunk = chunks_.find_or_make(id);
  if (chunk.pages.size() < range.end) chunk.pages.resize(range.end);
  for (std::uint32_t page = range.begin; page < range.end; ++page) {
    if (chunk.pages[page] == nullptr) chunk.pages[page] = std::make_unique<Page>();
  }
  return Status();
}

Task<Transfer> MemoryChunkStore::write(ChunkId id, std::uint64_t offset, Buffer buffer,
                                       std::size_t length) {
  MAYFLY_ASSERT(length > 0 && offset % kPageBytes + length <= buffer.size());
  if (offset > kChunkMaxBytes || length > kChunkMaxBytes - offset) {
    co_return Transfer(std::move(buffer), Errc::file_too_big);
  }
  Status status = injected();
  if (status) status = allocate(id, pages_of(offset, length));
  if (!status) co_return Transfer(std::move(buffer), status.error());
  Pages& chunk = chunks_.find_or_make(id);
  const std::byte* from = buffer.data() + offset % kPageBytes;
  for (std::size_t done = 0; done < length;) {
    const std::uint64_t at = offset + done;
    const std::size_t within = at % kPageBytes;
    const std::size_t bytes = std::min(kPageBytes - within, length - done);
    std::memcpy(chunk.pages[at / kPageBytes]->data() + within, from + done, bytes);
    chunk.pages[at / kPageBytes]->written = true;
    done += bytes;
  }
  chunk.end_bytes = std::max(chunk.end_bytes, offset + length);
  co_return Transfer(std::move(buffer), length);
}

Task<Transfer> MemoryChunkStore::read(ChunkId id, std::uint64_t offset, Buffer buffer,
                                      std::size_t length) {
  MAYFLY_ASSERT(offset % kPageBytes + length <= buffer.size());
  const Status status = injected();
  if (!status) co_return Transfer(std::move(buffer), status.error());
  const Pages* chunk = chunks_.find(id);
  if (chunk == nullptr || offset >= chunk->end_bytes) {
    co_return Transfer(std::move(buffer), std::size_t{0});
  }
  length = std::min(length, chunk->end_bytes - offset);
  std::byte* to = buffer.data() + offset % kPageBytes;
  for (std::size_t done = 0; done < length;) {
    const std::uint64_t at = offset + done;
    const std::size_t within = at % kPageBytes;
    const std::size_t bytes = std::min(kPageBytes - within, length - done);
    const std::size_t index = at / kPageBytes;
    const Page* page = index < chunk->pages.size() ? chunk->pages[index].get() : nullptr;
    if (page != nullptr) {
      std::memcpy(to + done, page->data() + within, bytes);
    } else {
      std::memset(to + done, 0, bytes);
    }
    done += bytes;
  }
  co_return Transfer(std::move(buffer), length);
}

Task<Status> MemoryChunkStore::truncate(ChunkId id, std::uint64_t end) {
  Pages* chunk = chunks_.find(id);
  if (chunk == nullptr || (end >= chunk->end_bytes && !chunk->is_reserved)) co_return Status();
  remove_pages_from(*chunk, round_up(end, kPageBytes) / kPageBytes);
  if (end == 0) {
    chunks_.erase(id);
    co_return Status();
  }
  if (end >= chunk->end_bytes) co_return Status();
  chunk->end_bytes = end;
  const std::size_t within = end % kPageBytes;
  if (within != 0 && chunk->pages.back() != nullptr) {
    std::memset(chunk->pages.back()->data() + within, 0, kPageBytes - within);
  }
  co_return Status();
}

Task<Status> MemoryChunkStore::reserve(ChunkId id, PageRange pages) {
  const Status status = allocate(id, pages);
  if (status) chunks_.find_or_make(id).is_reserved = true;
  co_return status;
}

Task<Status> MemoryChunkStore::punch(ChunkId id, PageRange pages, bool keeps_space) {
  Pages* chunk = chunks_.find(id);
  if (chunk == nullptr) co_return Status();
  for (std::size_t page = pages.begin; page < std::min<std::size_t>(pages.end, chunk->pages.size());
       ++page) {
    if (chunk->pages[page] == nullptr) continue;
    if (keeps_space) {
      *chunk->pages[page] = Page();
    } else {
      chunk->pages[page].reset();
      --used_pages_;
    }
  }
  co_return Status();
}

std::uint64_t MemoryChunkStore::next(ChunkId id, std::uint64_t offset, bool written) const {
  const Pages* chunk = chunks_.find(id);
  if (chunk == nullptr || offset >= chunk->end_bytes) return offset;
  for (std::size_t page = offset / kPageBytes; page * kPageBytes < chunk->end_bytes; ++page) {
    const Page* there = page < chunk->pages.size() ? chunk->pages[page].get() : nullptr;
    const bool is_written = there != nullptr && there->written;
    if (is_written == written) return std::max<std::uint64_t>(offset, page * kPageBytes);
  }
  return chunk->end_bytes;
}

void MemoryChunkStore::remove_pages_from(Pages& chunk, std::size_t begin) {
  for (std::size_t page = begin; page < chunk.pages.size(); ++page) {
    if (chunk.pages[page] != nullptr) --used_pages_;
  }
  if (begin < chunk.pages.size()) chunk.pages.resize(begin);
}

Task<Status> MemoryChunkStore::sync() { co_return injected(); }

}  // namespace mayfly
