// Block: a section of a chunk in memory, or the beginning of one. Pure state.
//
// Owner: its Chunk; MemoryTier decides how long. A page of it is either valid, the newest bytes
// that there are, or its memory is anything. Valid pages that the disk does not have yet are dirty.
// The hook is in one of the tier's lists.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "async/from_frame_pool.h"
#include "async/semaphore.h"
#include "base/clock.h"
#include "base/intrusive_list.h"
#include "memory/shared_buffer.h"
#include "storage/chunk_store.h"
#include "storage/page_set.h"

namespace mayfly {

struct Chunk;

inline constexpr auto kSectionPages = static_cast<std::uint32_t>(kSectionBytes / kPageBytes);

struct Block : ListHook, FromFramePool {
  Block(ChunkId id, Chunk& chunk, std::uint32_t section, SharedBuffer memory)
      : id(id), chunk(chunk), section(section), memory(std::move(memory)) {}

  ChunkId id;
  Chunk& chunk;
  std::uint32_t section;
  SharedBuffer memory;
  PageSet valid;                          ///< by page of the block, as dirty
  PageSet dirty;                          ///< not what is on its way to the disk just now
  std::optional<Semaphore::Permit> room;  ///< while anything is dirty
  TimePoint dirty_since{};
  std::uint64_t used = 0;       ///< the greater, the later
  std::uint64_t edges_end = 0;  ///< in the chunk: of the last write whose edges had to be read
  Semaphore transfers{1};       ///< for whoever moves pages from or to the disk, or takes them away
  std::uint32_t in_flight = 0;  ///< what it counts for while it is written back; 0: it is not

  std::uint32_t first_page() const { return section * kSectionPages; }
  std::uint32_t pages() const { return static_cast<std::uint32_t>(memory.size() / kPageBytes); }
  /// Whether more writes are hardly to come: a part of a large one may be what several writers are
  /// filling just now.
  bool is_complete() const {
    return memory.size_class() != BufferClass::large || dirty.count({0, pages()}) == pages();
  }
  bool covers(PageRange of_chunk) const { return of_chunk.end <= first_page() + pages(); }
  /// Those of the chunk's pages that are in the block, as its own.
  PageRange own(PageRange of_chunk) const {
    const std::uint32_t first = first_page();
    const std::uint32_t end = std::min(of_chunk.end, first + pages());
    const std::uint32_t begin = std::max(of_chunk.begin, first);
    if (begin >= end) return {};
    return {begin - first, end - first};
  }
  /// Whether the chunk's page `of_chunk` is valid here.
  bool has(std::uint32_t of_chunk) const {
    return of_chunk >= first_page() && valid.contains(of_chunk - first_page());
  }
  /// Where the chunk's page is in the block's memory.
  std::size_t offset_of(std::uint32_t of_chunk) const {
    return (of_chunk - first_page()) * kPageBytes;
  }
  std::byte* page(std::uint32_t of_chunk) const { return memory.data() + offset_of(of_chunk); }
};

}  // namespace mayfly
