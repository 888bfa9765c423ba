// DiskChunkStore's reads: out of blocks, and from the drive into them where that is worth it.
#include <algorithm>
#include <cstring>
#include <utility>

#include "async/task_group.h"
#include "base/log.h"
#include "storage/disk_chunk_store.h"

namespace mayfly {
namespace {

/// A read of so much is kept in memory whoever may want it; smaller ones only if they are in order.
constexpr std::size_t kWorthKeeping = 256 * kKiB;
/// How many reads of its length a read may be away from the last one's end to be the next in order:
/// readers may take turns. And how many such reads show that it is no chance.
constexpr std::uint64_t kNear = 4;
constexpr std::uint32_t kInOrder = 3;
/// Sections that are read ahead at a time.
constexpr int kReadAhead = 4;
/// Where the next chunk of a file on this server is looked for: one per server.
constexpr std::uint64_t kWidest = 64;

}  // namespace

/// Pages of a section on their way to its block.
struct DiskChunkStore::Fill {
  Fill(Claim held, std::uint32_t of_section, PageRange of_chunk)
      : claim(std::move(held)), section(of_section), pages(of_chunk) {}
  Claim claim;
  std::uint32_t section;
  PageRange pages;
};

Task<Transfer> DiskChunkStore::read(ChunkId id, std::uint64_t offset, Buffer buffer,
                                    std::size_t length) {
  MAYFLY_ASSERT(offset % kPageBytes + length <= buffer.size());
  Chunk* chunk = chunks_.find(id);
  if (chunk == nullptr || length == 0 || offset >= kChunkMaxBytes) {
    co_return Transfer(std::move(buffer), std::size_t{0});
  }
  length = std::min(length, kChunkMaxBytes - offset);
  Claim claim(*this, id, *chunk);
  RangeLock::Guard guard = co_await chunk->lock.acquire(pages_of(offset, length), LockMode::shared);
  claim.hold(std::move(guard));
  if (offset >= chunk->end_bytes) co_return Transfer(std::move(buffer), std::size_t{0});
  const std::size_t bytes = std::min(length, chunk->end_bytes - offset);
  const PageRange pages = pages_of(offset, bytes);
  const auto spans = spans_to_read(*chunk, pages, buffer.data());
  if (!spans) co_return Transfer(std::move(buffer), spans.error());
  if (spans->empty()) co_return Transfer(std::move(buffer), bytes);
  SharedBuffer memory(std::move(buffer));
  const Status read = co_await move_all(Direction::read, *spans, memory);
  if (!read) co_return Transfer(memory.take(), read.error());
  for (const IoSpan& span : *spans) {
    const auto first = static_cast<std::uint32_t>(span.buffer_offset / kPageBytes) + pages.begin;
    const auto count = static_cast<std::uint32_t>(span.length / kPageBytes);
    chunk->stale_tails.zero(memory.data() + span.buffer_offset, {first, first + count});
  }
  co_return Transfer(memory.take(), bytes);
}

Result<IoSpans> DiskChunkStore::spans_to_read(const Chunk& chunk, PageRange pages,
                                              std::byte* into) {
  IoSpans spans;
  for (PageRange rest = pages; !rest.empty();) {
    const std::uint32_t section = rest.begin / kSectionPages;
    const Block* const block = chunk.block(section);
    PageRange part{rest.begin, std::min(rest.end, (section + 1) * kSectionPages)};
    bool is_here = false;
    if (block != nullptr) {
      const std::uint32_t first = block->first_page();
      const PageRange run = block->valid.run({part.begin - first, part.end - first});
      part.end = run.end + first;
      is_here = block->has(part.begin);
    }
    std::byte* const to = into + (part.begin - pages.begin) * kPageBytes;
    if (is_here) {
      std::memcpy(to, block->page(part.begin), part.pages() * kPageBytes);
    } else {
      part = chunk.written.run(part);
      if (!chunk.written.contains(part.begin)) {
        std::memset(to, 0, part.pages() * kPageBytes);
      } else if (chunk.lost.count(part) != 0) {
        return Errc::io_error;
      } else {
        chunk.places.append_spans(part, (part.begin - pages.begin) * kPageBytes, spans);
      }
    }
    rest.begin = part.end;
  }
  return spans;
}

Task<Status> DiskChunkStore::move_all(Direction direction, IoSpans spans, SharedBuffer buffer) {
  const RingFile file = space_.file();
  if (spans.size() == 1) {
    co_return co_await ring_.move_part(direction, file, std::move(buffer), spans.front());
  }
  TaskGroup group;
  for (const IoSpan& span : spans) {
    Task<Status> part = ring_.move_part(direction, file, buffer, span);
    group.add(std::move(part));
  }
  co_return co_await group.join();
}

bool DiskChunkStore::note_read(Chunk& chunk, ChunkId id, std::uint64_t offset,
                               std::size_t length) const {
  const std::uint64_t near = kNear * length;
  bool is_next = offset < chunk.read_end + near && chunk.read_end < offset + near;
  if (chunk.read_end == 0) {
    // Its first read: is it where one goes on who has read the chunk before?
    const Chunk* before = nullptr;
    for (std::uint64_t back = 1; back <= std::min(kWidest, id.index); ++back) {
      before = chunks_.find({id.file, id.index - back});
      if (before != nullptr) break;
    }
    const bool goes_on = before != nullptr && before->reads_in_order >= kInOrder &&
                         before->read_end + near >= before->end_bytes;
    is_next = is_next && (goes_on || before == nullptr);
    if (is_next) chunk.reads_in_order = kInOrder - 1;
  }
  chunk.read_end = offset + length;
  chunk.reads_in_order = is_next ? std::min(chunk.reads_in_order + 1, kInOrder) : 0;
  return chunk.reads_in_order == kInOrder;
}

Task<Result<std::optional<Loan>>> DiskChunkStore::lend(ChunkId id, std::uint64_t offset,
                                                       std::size_t length) {
  MAYFLY_ASSERT(is_in_one_section(offset, length));
  Chunk* const chunk = chunks_.find(id);
  if (chunk == nullptr || offset >= chunk->end_bytes) co_return std::optional<Loan>();
  if (auto loan = try_lend(id, offset, length)) co_return loan;
  const bool in_order = note_read(*chunk, id, offset, length);
  const auto section = static_cast<std::uint32_t>(offset / kSectionBytes);
  Claim claim(*this, id, *chunk);
  if (in_order) read_ahead({id, section}, 1);
  const Block* block = chunk->block(section);
  SharedBuffer memory;
  if (block != nullptr) {
    memory = block->memory;
  } else if (in_order || length >= kWorthKeeping) {
    memory = SharedBuffer(tier_.pool().try_acquire(class_of_section(*chunk, offset, length)));
  }
  if (!memory) co_return std::optional<Loan>();
  const std::uint64_t section_end = (section + 1) * kSectionBytes;
  const std::uint64_t end = in_order ? section_end : offset + length;
  const PageRange pages = pages_of(offset, std::min(end, chunk->end_bytes) - offset);
  RangeLock::Guard guard = co_await chunk->lock.acquire(pages, LockMode::shared);
  claim.hold(std::move(guard));
  if (chunk->block(section) == nullptr) place(claim, section, std::move(memory), {0, 0});
  // It was cut meanwhile, or its block is one of a shorter chunk.
  const bool is_there = offset < chunk->end_bytes && chunk->block(section)->covers(pages);
  if (!is_there) co_return std::optional<Loan>();
  if (auto loan = loan_of(*chunk, offset, length)) co_return loan;
  Claim second(*this, id, *chunk);
  Task<Status> filling = fill(Fill(std::move(claim), section, pages));
  const Status filled = co_await flushes_.carry_through(std::move(filling));
  if (!filled) co_return filled.error();
  co_return loan_of(*chunk, offset, length);
}

std::optional<Loan> DiskChunkStore::try_lend(ChunkId id, std::uint64_t offset, std::size_t length) {
  Chunk* const chunk = chunks_.find(id);
  if (chunk == nullptr || !chunk->lock.idle()) return std::nullopt;
  auto loan = loan_of(*chunk, offset, length);
  if (loan && note_read(*chunk, id, offset, length)) {
    read_ahead({id, static_cast<std::uint32_t>(offset / kSectionBytes)}, 1);
  }
  return loan;
}

std::optional<std::size_t> DiskChunkStore::peek(ChunkId id, std::uint64_t offset,
                                                MutableBytes into) {
  Chunk* const chunk = chunks_.find(id);
  if (chunk == nullptr || offset >= chunk->end_bytes) return std::size_t{0};
  if (!chunk->lock.idle()) return std::nullopt;
  const auto loan = loan_of(*chunk, offset, into.size());
  if (!loan) return std::nullopt;
  std::memcpy(into.data(), loan->memory.data() + loan->at, loan->bytes);
  return loan->bytes;
}

std::optional<Loan> DiskChunkStore::loan_of(Chunk& chunk, std::uint64_t offset,
                                            std::size_t length) {
  Block* const block = chunk.block(static_cast<std::uint32_t>(offset / kSectionBytes));
  if (block == nullptr || offset >= chunk.end_bytes) return std::nullopt;
  const std::size_t bytes = std::min(length, chunk.end_bytes - offset);
  const PageRange pages = pages_of(offset, bytes);
  if (!block->covers(pages) || !block->valid.contains(block->own(pages))) return std::nullopt;
  tier_.touch(*block);
  Loan loan;
  loan.memory = block->memory;
  loan.at = offset % kSectionBytes;
  loan.bytes = bytes;
  return loan;
}

Task<Status> DiskChunkStore::fill(Fill given) {
  // Parameters live as long as the frame; the pages are to be let go of at the end of the work.
  const Fill work = std::move(given);
  Chunk& chunk = work.claim.chunk();
  Block& block = *chunk.block(work.section);
  Semaphore::Permit permit = co_await block.transfers.acquire();
  const MemoryTier::Hold hold(tier_, block, std::move(permit));
  // Not before: who came first may have given it other memory.
  const SharedBuffer memory = block.memory;
  IoSpans spans;
  PageRanges filled;
  for (PageRange rest = block.own(work.pages); !rest.empty();) {
    PageRange part = block.valid.run(rest);
    const bool is_valid = block.valid.contains(part.begin);
    const std::uint32_t first = block.first_page();
    if (!is_valid) {
      const PageRange run = chunk.written.run({part.begin + first, part.end + first});
      part.end = run.end - first;
      if (!chunk.written.contains(run.begin)) {
        std::memset(block.page(run.begin), 0, run.pages() * kPageBytes);
        filled.push_back(part);
      } else if (chunk.lost.count(run) == 0) {
        chunk.places.append_spans(run, block.offset_of(run.begin), spans);
        filled.push_back(part);
      }
    }
    rest.begin = part.end;
  }
  if (!spans.empty()) {
    MAYFLY_CO_CHECKED(co_await move_all(Direction::read, std::move(spans), memory));
  }
  for (const PageRange part : filled) {
    const PageRange of_chunk{part.begin + block.first_page(), part.end + block.first_page()};
    chunk.stale_tails.zero(block.page(of_chunk.begin), of_chunk);
    block.valid.insert(part);
  }
  co_return Status();
}

Task<void> DiskChunkStore::bring_section(ChunkId id, Chunk& chunk, std::uint32_t section) {
  const std::uint32_t first = section * kSectionPages;
  const std::uint32_t end = std::min(first + kSectionPages, pages_of(0, chunk.end_bytes).end);
  if (end <= first) co_return;
  read_ahead({id, section}, kReadAhead);
  Claim claim(*this, id, chunk);
  RangeLock::Guard guard = co_await chunk.lock.acquire({first, end}, LockMode::shared);
  claim.hold(std::move(guard));
  const Block* const block = chunk.block(section);
  if (block == nullptr || !block->covers({first, end})) co_return;
  Task<Status> filling = fill(Fill(std::move(claim), section, {first, end}));
  const Status filled = co_await flushes_.carry_through(std::move(filling));
  // The write reads its edges then, and says what is wrong.
  if (!filled) log::debug("a section could not be read: {}", describe(filled.error()));
}

std::optional<DiskChunkStore::Place> DiskChunkStore::next_place(const Place& place) const {
  const Chunk* const chunk = chunks_.find(place.chunk);
  const std::uint32_t to = place.section + 1;
  if (chunk != nullptr && to * kSectionBytes < chunk->end_bytes) return Place{place.chunk, to};
  for (std::uint64_t ahead = 1; ahead <= kWidest; ++ahead) {
    const ChunkId next{place.chunk.file, place.chunk.index + ahead};
    const Chunk* const found = chunks_.find(next);
    if (found != nullptr)
      return found->end_bytes == 0 ? std::nullopt : std::optional(Place{next, 0});
  }
  return std::nullopt;
}

void DiskChunkStore::read_ahead(Place place, int sections) {
  for (; sections > 0 && reading_ahead_ < kReadAhead; --sections) {
    const auto next = next_place(place);
    if (!next) return;
    place = *next;
    Chunk& chunk = *chunks_.find(place.chunk);
    if (chunk.block(place.section) != nullptr) continue;
    const std::uint64_t offset = place.section * kSectionBytes;
    const std::size_t length = std::min<std::uint64_t>(chunk.end_bytes - offset, kSectionBytes);
    SharedBuffer memory(tier_.pool().try_acquire(class_of_section(chunk, offset, length)));
    if (!memory) return;
    Claim claim(*this, place.chunk, chunk);
    flushes_.undertake(fill_ahead(std::move(claim), place.section, std::move(memory)));
  }
}

Task<Status> DiskChunkStore::fill_ahead(Claim given, std::uint32_t section, SharedBuffer memory) {
  Claim claim = std::move(given);
  ++reading_ahead_;
  Chunk& chunk = claim.chunk();
  const PageRange of_section{section * kSectionPages, (section + 1) * kSectionPages};
  RangeLock::Guard guard = co_await chunk.lock.acquire(of_section, LockMode::shared);
  claim.hold(std::move(guard));
  const PageRange pages{of_section.begin,
                        std::min(of_section.end, pages_of(0, chunk.end_bytes).end)};
  Status status;
  if (chunk.block(section) == nullptr && !pages.empty()) {
    place(claim, section, std::move(memory), {0, 0});
  }
  if (const Block* block = chunk.block(section); block != nullptr && block->covers(pages)) {
    status = co_await fill(Fill(std::move(claim), section, pages));
  }
  --reading_ahead_;
  co_return status;
}

}  // namespace mayfly
