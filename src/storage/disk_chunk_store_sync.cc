// DiskChunkStore's way from memory to the drive.
#include <algorithm>
#include <utility>

#include "async/task_group.h"
#include "base/log.h"
#include "storage/disk_chunk_store.h"

namespace mayfly {
namespace {

/// Blocks that are flushed together at the most.
constexpr std::size_t kTogether = 64;

}  // namespace

void DiskChunkStore::evict(Block& block) {
  tier_.forget(block);
  block.chunk.blocks[block.section].reset();
}

struct DiskChunkStore::Flushing {
  Flushing(DiskChunkStore& store, Block& of, Semaphore::Permit moving)
      : claim(store, of.id, of.chunk),
        block(&of),
        permit(std::move(moving)),
        dirty(store.tier_.take_dirty(of)) {
    for (PageRange rest{0, of.pages()}; !rest.empty();) {
      const PageRange run = dirty.pages.run(rest);
      rest.begin = run.end;
      if (!dirty.pages.contains(run.begin)) continue;
      pages.push_back({run.begin + of.first_page(), run.end + of.first_page()});
    }
  }
  Claim claim;
  Block* block;
  Semaphore::Permit permit;
  MemoryTier::Dirty dirty;
  PageRanges pages;  ///< of the chunk
  Status status;
};

Task<Status> DiskChunkStore::flush(Block& block) {
  const Claim claim(*this, block.id, block.chunk);
  Semaphore::Permit permit = co_await block.transfers.acquire();
  PooledVector<Flushing> parts;
  parts.emplace_back(*this, block, std::move(permit));
  Task<Status> writing = write_out(std::move(parts));
  co_return co_await std::move(writing);
}

Task<Status> DiskChunkStore::flush_together(Blocks blocks) {
  PooledVector<Flushing> parts;
  TaskGroup group;
  // Whoever has a block's pages waits for none.
  for (Block* const block : blocks) {
    auto permit = block->transfers.try_acquire();
    if (permit) {
      parts.emplace_back(*this, *block, std::move(*permit));
    } else {
      group.add(flush(*block));
    }
  }
  if (!parts.empty()) group.add(write_out(std::move(parts)));
  co_return co_await group.join();
}

PooledVector<DiskChunkStore::Run> DiskChunkStore::runs_of(PooledVector<Flushing>& parts) {
  struct Piece {
    IoSpan span;
    Flushing* of;
  };
  PooledVector<Piece> pieces;
  for (Flushing& part : parts) {
    IoSpans spans;
    for (const PageRange pages : part.pages) {
      part.block->chunk.places.append_spans(pages, part.block->offset_of(pages.begin), spans);
    }
    for (const IoSpan& span : spans) pieces.push_back({span, &part});
  }
  const auto is_before = [](const Piece& a, const Piece& b) {
    return a.span.file_offset < b.span.file_offset;
  };
  std::sort(pieces.begin(), pieces.end(), is_before);
  PooledVector<Run> runs;
  std::uint64_t end = 0;
  for (const Piece& piece : pieces) {
    const IoSpan& span = piece.span;
    const bool goes_on = !runs.empty() && span.file_offset == end &&
                         runs.back().first.bytes + span.length <= kSectionBytes;
    if (!goes_on) runs.emplace_back().first.file_offset = span.file_offset;
    runs.back().first.add(piece.of->block->memory, span.buffer_offset, span.length);
    runs.back().second.push_back(piece.of);
    end = span.file_offset + span.length;
  }
  return runs;
}

Task<Status> DiskChunkStore::write_run(Run run) {
  Task<Status> writing = ring_.write_gathered(space_.file(), std::move(run.first));
  const Status written = co_await std::move(writing);
  ++device_writes_;
  for (Flushing* const part : run.second) {
    if (!written) part->status = written;
  }
  co_return written;
}

Task<Status> DiskChunkStore::write_out(PooledVector<Flushing> given) {
  // Parameters live as long as the frame; pages are to be let go of at the end of the work.
  PooledVector<Flushing> parts = std::move(given);
  TaskGroup group;
  for (Run& run : runs_of(parts)) group.add(write_run(std::move(run)));
  const Status status = co_await group.join();
  for (Flushing& part : parts) {
    for (const PageRange run : part.pages) part.block->chunk.stale_tails.erase(run);
    if (!part.status) note_lost(*part.block, part.pages, part.status.error());
    part.permit.release();
    part.dirty.room.reset();
    tier_.settle(*part.block);
  }
  co_return status;
}

void DiskChunkStore::note_lost(Block& block, const PageRanges& pages, Errc error) {
  for (const PageRange run : pages) {
    for (std::uint32_t page = run.begin; page < run.end; ++page) {
      const PageRange own = block.own({page, page + 1});
      // What was written to it meanwhile is another chance.
      if (block.dirty.contains(own)) continue;
      block.valid.erase(own);
      block.chunk.lost.insert({page, page + 1});
    }
  }
  faults_.insert_or_assign(block.id.file, Fault{error});
  log::error(
      "data of a file could not be written to the scratch directory's drive ({}); it is lost",
      describe(error));
  tell_of_loss(block.id.file);
}

bool DiskChunkStore::has_lost(FileId file) const {
  for (const ChunkExtent& extent : chunks_.chunks_of(file)) {
    if (!chunks_.find({file, extent.index})->lost.empty()) return true;
  }
  return false;
}

Status DiskChunkStore::take_fault(FileId file) {
  if (faults_.empty()) return Status();
  const auto fault = faults_.find(file);
  if (fault == faults_.end() || std::exchange(fault->second.is_told, true)) return Status();
  return fault->second.error;
}

void DiskChunkStore::add_dirty(const Chunk& chunk, Blocks& dirty) {
  for (const auto& block : chunk.blocks) {
    if (block != nullptr && (block->room || block->in_flight)) dirty.push_back(block.get());
  }
}

Task<Status> DiskChunkStore::flush_all(Blocks dirty) {
  const auto place_of = [](const Block* block) {
    const std::uint32_t page = block->first_page();
    return block->chunk.places.run({page, page + 1}).extent.page;
  };
  std::sort(dirty.begin(), dirty.end(),
            [&](const Block* a, const Block* b) { return place_of(a) < place_of(b); });
  TaskGroup group;
  for (std::size_t at = 0; at < dirty.size(); at += kTogether) {
    const auto first = dirty.begin() + static_cast<std::ptrdiff_t>(at);
    group.add(flush_together(Blocks(
        first, first + static_cast<std::ptrdiff_t>(std::min(kTogether, dirty.size() - at)))));
  }
  co_return co_await group.join();
}

Task<Status> DiskChunkStore::sync_device() {
  if (!synced_ || synced_writes_ == device_writes_) co_return synced_;
  const std::uint64_t written = device_writes_;
  const Status status = co_await ring_.sync(space_.file());
  if (synced_ && !status) synced_ = status;
  if (status) synced_writes_ = std::max(synced_writes_, written);
  co_return synced_;
}

Task<Status> DiskChunkStore::sync(FileId file) {
  Blocks dirty;
  for (const ChunkExtent& extent : chunks_.chunks_of(file)) {
    add_dirty(*chunks_.find({file, extent.index}), dirty);
  }
  if (!dirty.empty()) MAYFLY_CO_CHECKED(co_await flush_all(std::move(dirty)));
  if (const auto fault = faults_.find(file); fault != faults_.end()) {
    if (has_lost(file)) {
      fault->second.is_told = true;
      co_return fault->second.error;
    }
    faults_.erase(fault);
  }
  co_return co_await sync_device();
}

Task<Status> DiskChunkStore::sync_all() {
  Blocks dirty;
  chunks_.visit([&dirty](const Chunk& chunk) { add_dirty(chunk, dirty); });
  MAYFLY_CO_CHECKED(co_await flush_all(std::move(dirty)));
  for (const auto& [file, fault] : faults_) {
    if (has_lost(file)) co_return fault.error;
  }
  co_return co_await sync_device();
}

}  // namespace mayfly
