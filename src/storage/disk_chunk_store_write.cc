// DiskChunkStore's writes: bytes into blocks, with their places on the drive taken.
#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <utility>

#include "storage/disk_chunk_store.h"

namespace mayfly {

/// A write on its way.
struct DiskChunkStore::Put {
  Put(Claim held, std::uint64_t begin, std::size_t bytes)
      : claim(std::move(held)), offset(begin), length(bytes), pages(pages_of(begin, bytes)) {}

  Claim claim;
  std::uint64_t offset;
  std::size_t length;
  PageRange pages;
  /// For the block, should it have none that reaches so far.
  SharedBuffer memory;
  /// The payload: in `memory`, where it belongs, or elsewhere.
  const std::byte* payload = nullptr;
  bool is_in_place = false;
  /// A block that is not to leave meanwhile.
  SharedBuffer pinned;
  std::optional<Semaphore::Permit> room;
  bool has_brought_section = false;
  /// It waits for the drive with its pages held: a block that is dirty now may be clean by then.
  bool is_slow = false;
  PageSet filled;  ///< edges that have been read from the drive, by page of the chunk
  std::uint64_t taken = 0;

  std::uint32_t section() const { return pages.begin / kSectionPages; }
  std::uint64_t end() const { return offset + length; }
  /// Where the payload begins and ends in `page` of the chunk.
  std::size_t begin_in(std::uint32_t page) const {
    return std::max(offset, page * kPageBytes) - page * kPageBytes;
  }
  std::size_t end_in(std::uint32_t page) const {
    return std::min(end(), (page + 1) * kPageBytes) - page * kPageBytes;
  }
  bool is_partial(std::uint32_t page) const {
    return begin_in(page) != 0 || end_in(page) != kPageBytes;
  }
  /// The pages at its edges: two, or twice the same.
  std::array<std::uint32_t, 2> edges() const { return {pages.begin, pages.end - 1}; }
  Block* block() const {
    Block* const block = claim.chunk().block(section());
    return block != nullptr && block->covers(pages) ? block : nullptr;
  }
  /// Of the block that the write goes to, once there is memory for one.
  BufferClass size_class() const {
    const Block* const into = block();
    return into != nullptr ? into->memory.size_class() : memory.size_class();
  }
  /// Whether the payload is where it belongs in the block.
  bool is_in(const Block& block) const {
    return block.memory.data() + offset % kSectionBytes == payload;
  }
  Buffer take_memory() { return memory ? memory.take() : Buffer(); }
};

Task<Transfer> DiskChunkStore::write(ChunkId id, std::uint64_t offset, Buffer buffer,
                                     std::size_t length) {
  MAYFLY_ASSERT(length > 0 && buffer.size_class() <= class_for(offset, length));
  if (offset > kChunkMaxBytes || length > kChunkMaxBytes - offset) {
    co_return Transfer(std::move(buffer), Errc::file_too_big);
  }
  MAYFLY_ASSERT(is_in_one_section(offset, length));
  Put put(Claim(*this, id, chunks_.find_or_make(id)), offset, length);
  put.memory = SharedBuffer(std::move(buffer));
  put.payload = put.memory.data() + offset % kSectionBytes;
  put.is_in_place = true;
  Task<Transfer> putting = this->put(std::move(put));
  co_return co_await std::move(putting);
}

Task<Result<std::uint64_t>> DiskChunkStore::write(ChunkId id, std::uint64_t offset, Bytes bytes) {
  MAYFLY_ASSERT(!bytes.empty());
  if (offset > kChunkMaxBytes || bytes.size() > kChunkMaxBytes - offset) {
    co_return Errc::file_too_big;
  }
  MAYFLY_ASSERT(is_in_one_section(offset, bytes.size()));
  Put put(Claim(*this, id, chunks_.find_or_make(id)), offset, bytes.size());
  put.payload = bytes.data();
  Task<Transfer> putting = this->put(std::move(put));
  const Transfer written = co_await std::move(putting);
  if (!written.bytes) co_return written.bytes.error();
  co_return written.pages_taken;
}

std::optional<Result<std::uint64_t>> DiskChunkStore::try_write(ChunkId id, std::uint64_t offset,
                                                               Bytes bytes) {
  MAYFLY_ASSERT(!bytes.empty());
  // What the next write of the file is to be told of is for write().
  if (offset > kChunkMaxBytes || bytes.size() > kChunkMaxBytes - offset || !faults_.empty()) {
    return std::nullopt;
  }
  MAYFLY_ASSERT(is_in_one_section(offset, bytes.size()));
  Put put(Claim(*this, id, chunks_.find_or_make(id)), offset, bytes.size());
  put.payload = bytes.data();
  const auto written = put_at_once(put);
  if (!written) return std::nullopt;
  return written->pages_taken;
}

BufferClass DiskChunkStore::class_of_section(const Chunk& chunk, std::uint64_t offset,
                                             std::size_t length) const {
  const std::uint64_t begin = round_down(offset, kSectionBytes);
  const std::uint64_t end = std::max(chunk.end_bytes, offset + length);
  return class_for(begin, std::min(end - begin, kSectionBytes));
}

bool DiskChunkStore::needs_memory(const Put& put) const {
  return !put.memory && put.block() == nullptr;
}

bool DiskChunkStore::needs_room(const Put& put) const {
  if (put.room) return false;
  const Block* const block = put.block();
  return block == nullptr || !block->room || put.is_slow;
}

Task<Transfer> DiskChunkStore::put(Put put) {
  Chunk& chunk = put.claim.chunk();
  if (const Status late = take_fault(put.claim.id().file); !late) {
    co_return Transfer(put.take_memory(), late.error());
  }
  for (;;) {
    if (auto written = put_at_once(put)) co_return std::move(*written);
    if (needs_memory(put)) {
      const BufferClass size_class = class_of_section(chunk, put.offset, put.length);
      put.memory = SharedBuffer(co_await tier_.pool().acquire(size_class));
    } else if (Block* const block = put.block(); block != nullptr) {
      put.pinned = block->memory;
    }
    if (needs_room(put)) {
      put.room.emplace(co_await tier_.room(put.size_class()).acquire());
    }
    if (wants_section(put)) {
      put.has_brought_section = true;
      co_await bring_section(put.claim.id(), chunk, put.section());
      continue;
    }
    RangeLock::Guard guard = co_await chunk.lock.acquire(put.pages, LockMode::exclusive);
    if (needs_memory(put) || needs_room(put)) {
      // What it counted on has changed meanwhile.
      put.room.reset();
      continue;
    }
    if (can_commit(put)) co_return commit(put);
    put.is_slow = true;
    if (!put.room) continue;
    put.claim.hold(std::move(guard));
    break;
  }
  Task<Transfer> rest = put_slowly(std::move(put));
  co_return co_await writes_.carry_through(std::move(rest));
}

std::optional<Transfer> DiskChunkStore::put_at_once(Put& put) {
  if (!put.claim.chunk().lock.idle()) return std::nullopt;
  if (needs_memory(put)) {
    const BufferClass size_class = class_of_section(put.claim.chunk(), put.offset, put.length);
    put.memory = SharedBuffer(tier_.pool().try_acquire(size_class));
    if (!put.memory) return std::nullopt;
  }
  if (needs_room(put)) {
    auto room = tier_.room(put.size_class()).try_acquire();
    if (!room) return std::nullopt;
    put.room = std::move(room);
  }
  if (!can_commit(put)) return std::nullopt;
  return commit(put);
}

bool DiskChunkStore::misses_edge(const Put& put) const {
  const Chunk& chunk = put.claim.chunk();
  const Block* const block = chunk.block(put.section());
  for (const std::uint32_t page : put.edges()) {
    if (!put.is_partial(page) || !chunk.written.contains(page)) continue;
    if (block == nullptr || !block->has(page)) return true;
  }
  return false;
}

bool DiskChunkStore::wants_section(const Put& put) const {
  constexpr std::uint64_t kNear = 4;
  const Block* const block = put.block();
  if (block == nullptr || put.has_brought_section || !misses_edge(put)) return false;
  const std::uint64_t end = block->edges_end;
  return end != 0 && put.offset >= end && put.offset - end <= kNear * put.length;
}

bool DiskChunkStore::can_commit(Put& put) {
  Chunk& chunk = put.claim.chunk();
  const Block* const block = chunk.block(put.section());
  if (misses_edge(put)) return false;
  // Pages on their way to or from it count on its memory.
  const bool is_exchanged = block != nullptr && !block->covers(put.pages);
  if (is_exchanged && block->transfers.available() == 0) return false;
  return space_.try_map(chunk, put.pages, put.taken);
}

Task<Transfer> DiskChunkStore::put_slowly(Put given) {
  // Parameters live as long as the frame; the pages are to be let go of at the end of the work.
  Put put = std::move(given);
  Chunk& chunk = put.claim.chunk();
  const PageRanges unused = ChunkSpace::unused(chunk, put.pages);
  // First: a write for which there is no space leaves the block as it is.
  Status status = co_await space_.map(chunk, put.pages, put.taken);
  if (!status) co_return Transfer(put.take_memory(), status.error());
  if (chunk.block(put.section()) == nullptr) install(put);
  // Up to the commit: what has been filled is not valid yet, and would not go into other memory.
  Semaphore::Permit permit = co_await chunk.block(put.section())->transfers.acquire();
  Block& block = install(put);
  const MemoryTier::Hold hold(tier_, block, std::move(permit));
  for (const std::uint32_t page : put.edges()) {
    const bool is_on_disk = put.is_partial(page) && chunk.written.contains(page);
    if (!is_on_disk || block.has(page) || put.filled.contains(page)) continue;
    status = co_await fill_edge(put, block, page);
    if (status) continue;
    space_.unmap(chunk, unused);
    co_return Transfer(put.take_memory(), status.error());
  }
  if (!put.filled.empty()) block.edges_end = put.end();
  co_return commit(put);
}

Task<Status> DiskChunkStore::fill_edge(Put& put, Block& block, std::uint32_t page) {
  Chunk& chunk = put.claim.chunk();
  if (chunk.lost.contains(page)) co_return Errc::io_error;
  std::byte* const data = block.page(page);
  // Read over a payload that is there already: that needs no second Buffer, hence can wait for
  // none.
  std::vector<std::byte> kept;
  const std::size_t begin = put.begin_in(page);
  if (put.is_in(block)) kept.assign(data + begin, data + put.end_in(page));
  IoSpans spans;
  chunk.places.append_spans({page, page + 1}, block.offset_of(page), spans);
  const Status read = co_await move_all(Direction::read, std::move(spans), block.memory);
  chunk.stale_tails.zero(data, {page, page + 1});
  if (!kept.empty()) std::memcpy(data + begin, kept.data(), kept.size());
  if (!read) co_return read.error();
  put.filled.insert({page, page + 1});
  co_return Status();
}

Block& DiskChunkStore::install(Put& put) {
  if (Block* const block = put.block()) return *block;
  const std::size_t begin = put.offset % kSectionBytes;
  const std::size_t kept = put.is_in_place ? put.length : 0;
  return place(put.claim, put.section(), std::exchange(put.memory, SharedBuffer()),
               {begin, begin + kept});
}

Block& DiskChunkStore::place(const Claim& claim, std::uint32_t section, SharedBuffer memory,
                             ByteRange keep) {
  Chunk& chunk = claim.chunk();
  if (chunk.blocks.size() <= section) chunk.blocks.resize(section + 1);
  std::unique_ptr<Block>& block = chunk.blocks[section];
  if (block == nullptr) {
    block = std::make_unique<Block>(claim.id(), chunk, section, std::move(memory));
    tier_.add(*block);
    return *block;
  }
  const SharedBuffer before = tier_.exchange(*block, std::move(memory));
  for (PageRange rest{0, static_cast<std::uint32_t>(before.size() / kPageBytes)}; !rest.empty();) {
    const PageRange run = block->valid.run(rest);
    rest.begin = run.end;
    if (!block->valid.contains(run.begin)) continue;
    const std::size_t begin = run.begin * kPageBytes;
    const std::size_t end = run.end * kPageBytes;
    const std::size_t gap_begin = std::clamp(keep.begin, begin, end);
    const std::size_t gap_end = std::clamp(keep.end, gap_begin, end);
    std::memcpy(block->memory.data() + begin, before.data() + begin, gap_begin - begin);
    std::memcpy(block->memory.data() + gap_end, before.data() + gap_end, end - gap_end);
  }
  return *block;
}

Transfer DiskChunkStore::commit(Put& put) {
  Chunk& chunk = put.claim.chunk();
  Block& block = install(put);
  for (const std::uint32_t page : put.edges()) {
    if (!put.is_partial(page) || block.has(page) || put.filled.contains(page)) continue;
    std::byte* const data = block.page(page);
    std::memset(data, 0, put.begin_in(page));
    std::memset(data + put.end_in(page), 0, kPageBytes - put.end_in(page));
  }
  if (!put.is_in(block)) {
    std::memcpy(block.memory.data() + put.offset % kSectionBytes, put.payload, put.length);
  }
  chunk.written.insert(put.pages);
  chunk.lost.erase(put.pages);
  chunk.end_bytes = std::max(chunk.end_bytes, put.end());
  tier_.mark_dirty(block, block.own(put.pages), std::exchange(put.room, std::nullopt));
  put.pinned = SharedBuffer();
  return Transfer(put.take_memory(), put.length, put.taken);
}

}  // namespace mayfly
