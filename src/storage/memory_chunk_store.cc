#include "storage/memory_chunk_store.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/broken.h"

namespace mayfly {

Status MemoryChunkStore::injected() {
  if (failures_left_ == 0) return Status();
  --failures_left_;
  return failure_;
}

Result<std::uint64_t> MemoryChunkStore::allocate(ChunkId id, PageRange range) {
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
  chunk.used_pages += missing;
  if (chunk.pages.size() < range.end) chunk.pages.resize(range.end);
  for (std::uint32_t page = range.begin; page < range.end; ++page) {
    if (chunk.pages[page] == nullptr) chunk.pages[page] = std::make_unique<Page>();
  }
  return missing;
}

Task<Transfer> MemoryChunkStore::write(ChunkId id, std::uint64_t offset, Buffer buffer,
                                       std::size_t length) {
  MAYFLY_ASSERT(length > 0 && buffer.size_class() <= class_for(offset, length));
  const auto taken = put(id, offset, {buffer.data() + offset % kSectionBytes, length});
  if (!taken) co_return Transfer(std::move(buffer), taken.error());
  co_return Transfer(std::move(buffer), length, *taken);
}

Task<Result<std::uint64_t>> MemoryChunkStore::write(ChunkId id, std::uint64_t offset, Bytes bytes) {
  co_return put(id, offset, bytes);
}

std::optional<Result<std::uint64_t>> MemoryChunkStore::try_write(ChunkId id, std::uint64_t offset,
                                                                 Bytes bytes) {
  return put(id, offset, bytes);
}

Result<std::uint64_t> MemoryChunkStore::put(ChunkId id, std::uint64_t offset, Bytes bytes) {
  if (offset > kChunkMaxBytes || bytes.size() > kChunkMaxBytes - offset) return Errc::file_too_big;
  MAYFLY_ASSERT(!bytes.empty() && is_in_one_section(offset, bytes.size()));
  MAYFLY_CHECKED(injected());
  MAYFLY_TRY(taken, allocate(id, pages_of(offset, bytes.size())));
  Pages& chunk = chunks_.find_or_make(id);
  for (std::size_t done = 0; done < bytes.size();) {
    const std::uint64_t at = offset + done;
    const std::size_t within = at % kPageBytes;
    const std::size_t part = std::min(kPageBytes - within, bytes.size() - done);
    std::memcpy(chunk.pages[at / kPageBytes]->data() + within, bytes.data() + done, part);
    chunk.pages[at / kPageBytes]->written = true;
    done += part;
  }
  chunk.end_bytes = std::max(chunk.end_bytes, offset + bytes.size());
  return taken;
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
  const MutableBytes into(buffer.data() + offset % kPageBytes, length);
  const std::size_t bytes = copy(*chunk, offset, into);
  co_return Transfer(std::move(buffer), bytes);
}

std::optional<std::size_t> MemoryChunkStore::peek(ChunkId id, std::uint64_t offset,
                                                  MutableBytes into) {
  if (failures_left_ != 0) return std::nullopt;
  const Pages* chunk = chunks_.find(id);
  if (chunk == nullptr || offset >= chunk->end_bytes) return std::size_t{0};
  return copy(*chunk, offset, into);
}

std::size_t MemoryChunkStore::copy(const Pages& chunk, std::uint64_t offset, MutableBytes into) {
  const std::size_t length = std::min<std::uint64_t>(into.size(), chunk.end_bytes - offset);
  for (std::size_t done = 0; done < length;) {
    const std::uint64_t at = offset + done;
    const std::size_t within = at % kPageBytes;
    const std::size_t bytes = std::min(kPageBytes - within, length - done);
    const std::size_t index = at / kPageBytes;
    const Page* page = index < chunk.pages.size() ? chunk.pages[index].get() : nullptr;
    if (page != nullptr) {
      std::memcpy(into.data() + done, page->data() + within, bytes);
    } else {
      std::memset(into.data() + done, 0, bytes);
    }
    done += bytes;
  }
  return length;
}

Task<Result<std::uint64_t>> MemoryChunkStore::truncate(ChunkId id, std::uint64_t end) {
  Pages* chunk = chunks_.find(id);
  if (chunk == nullptr || (end >= chunk->end_bytes && !chunk->is_reserved)) {
    co_return std::uint64_t{0};
  }
  const std::size_t first = round_up(end, kPageBytes) / kPageBytes;
  const std::uint64_t freed = remove_pages(*chunk, first, SIZE_MAX);
  if (first < chunk->pages.size()) chunk->pages.resize(first);
  if (end == 0) {
    chunks_.erase(id);
    co_return freed;
  }
  if (end >= chunk->end_bytes) co_return freed;
  chunk->end_bytes = end;
  const std::size_t within = end % kPageBytes;
  if (within != 0 && chunk->pages.back() != nullptr) {
    std::memset(chunk->pages.back()->data() + within, 0, kPageBytes - within);
  }
  co_return freed;
}

bool MemoryChunkStore::try_remove(FileId file) {
  const std::optional<std::uint64_t> index = chunks_.only_index(file);
  if (!index) return false;
  const ChunkId id{file, *index};
  remove_pages(*chunks_.find(id), 0, SIZE_MAX);
  chunks_.erase(id);
  return true;
}

Task<Result<std::uint64_t>> MemoryChunkStore::reserve(ChunkId id, PageRange pages) {
  const auto taken = allocate(id, pages);
  if (taken) chunks_.find_or_make(id).is_reserved = true;
  co_return taken;
}

Task<Result<std::uint64_t>> MemoryChunkStore::punch(ChunkId id, PageRange pages, bool keeps_space) {
  Pages* chunk = chunks_.find(id);
  if (chunk == nullptr) co_return std::uint64_t{0};
  if (!keeps_space) co_return remove_pages(*chunk, pages.begin, pages.end);
  const std::size_t end = std::min<std::size_t>(pages.end, chunk->pages.size());
  for (std::size_t page = pages.begin; page < end; ++page) {
    if (chunk->pages[page] != nullptr) *chunk->pages[page] = Page();
  }
  co_return std::uint64_t{0};
}

Result<void, Failure> MemoryChunkStore::check() const {
  std::uint64_t pages = 0;
  for (const FileSpace& file : files()) pages += file.pages;
  if (pages == used_pages_) return {};
  return broken("files have {} pages, and {} count as used", pages, used_pages_);
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

std::uint64_t MemoryChunkStore::remove_pages(Pages& chunk, std::size_t begin, std::size_t end) {
  std::uint64_t removed = 0;
  for (std::size_t page = begin; page < std::min(end, chunk.pages.size()); ++page) {
    if (chunk.pages[page] == nullptr) continue;
    chunk.pages[page].reset();
    ++removed;
  }
  chunk.used_pages -= removed;
  used_pages_ -= removed;
  return removed;
}

Task<Status> MemoryChunkStore::sync(FileId) { co_return injected(); }

Task<Status> MemoryChunkStore::sync_all() { co_return injected(); }

}  // namespace mayfly
