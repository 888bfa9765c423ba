// DiskChunkStore's way from memory to the drive.
#include <utility>

#include "async/task_group.h"
#include "base/log.h"
#include "storage/disk_chunk_store.h"

namespace mayfly {

void DiskChunkStore::evict(Block& block) {
  tier_.forget(block);
  block.chunk.blocks[block.section].reset();
}

Task<Status> DiskChunkStore::flush(Block& block) {
  const Claim claim(*this, block.id, block.chunk);
  Chunk& chunk = block.chunk;
  PageRanges pages;  // of the chunk
  Status status;
  {
    const Semaphore::Permit permit = co_await block.transfers.acquire();
    const MemoryTier::Dirty dirty = tier_.take_dirty(block);
    IoSpans spans;
    for (PageRange rest{0, block.pages()}; !rest.empty();) {
      const PageRange run = dirty.pages.run(rest);
      rest.begin = run.end;
      if (!dirty.pages.contains(run.begin)) continue;
      pages.push_back({run.begin + block.first_page(), run.end + block.first_page()});
      chunk.places.append_spans(pages.back(), run.begin * kPageBytes, spans);
    }
    if (!spans.empty()) {
      status = co_await move_all(Direction::write, std::move(spans), block.memory);
      ++device_writes_;
      for (const PageRange run : pages) chunk.stale_tails.erase(run);
      if (!status) note_lost(block, pages, status.error());
    }
  }
  tier_.settle(block);
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

void DiskChunkStore::add_dirty(const Chunk& chunk, std::vector<Block*>& dirty) {
  for (const auto& block : chunk.blocks) {
    if (block != nullptr && (block->room || block->in_flight)) dirty.push_back(block.get());
  }
}

Task<Status> DiskChunkStore::flush_all(std::vector<Block*> dirty) {
  TaskGroup group;
  for (Block* const block : dirty) group.add(flush(*block));
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
  std::vector<Block*> dirty;
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
  std::vector<Block*> dirty;
  chunks_.visit([&dirty](const Chunk& chunk) { add_dirty(chunk, dirty); });
  MAYFLY_CO_CHECKED(co_await flush_all(std::move(dirty)));
  for (const auto& [file, fault] : faults_) {
    if (has_lost(file)) co_return fault.error;
  }
  co_return co_await sync_device();
}

}  // namespace mayfly
