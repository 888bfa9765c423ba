// ChunkTable: the chunks of a store by file and index. A Chunk stays where it is until it is
// erased. Thread: the loop's.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "storage/chunk_store.h"

namespace mayfly {

/// `C` has the members end_bytes and is_reserved; 0 and false mean that the chunk does not exist;
/// and used_pages.
template <class C>
class ChunkTable {
 public:
  C* find(ChunkId id) const {
    const auto file = files_.find(id.file);
    if (file == files_.end()) return nullptr;
    const auto chunk = file->second.find(id.index);
    return chunk == file->second.end() ? nullptr : chunk->second.get();
  }
  C& find_or_make(ChunkId id) {
    std::unique_ptr<C>& chunk = files_[id.file][id.index];
    if (chunk == nullptr) chunk = std::make_unique<C>();
    return *chunk;
  }
  void erase(ChunkId id) {
    const auto file = files_.find(id.file);
    if (file == files_.end()) return;
    file->second.erase(id.index);
    if (file->second.empty()) files_.erase(file);
  }
  std::vector<ChunkExtent> chunks_of(FileId id) const {
    std::vector<ChunkExtent> extents;
    const auto file = files_.find(id);
    if (file == files_.end()) return extents;
    extents.reserve(file->second.size());
    for (const auto& [index, chunk] : file->second) {
      if (chunk->end_bytes == 0 && !chunk->is_reserved) continue;
      extents.push_back({index, chunk->end_bytes, chunk->used_pages});
    }
    return extents;
  }
  std::vector<FileSpace> files() const {
    std::vector<FileSpace> files;
    files.reserve(files_.size());
    for (const auto& [id, chunks] : files_) {
      files.push_back({id, 0});
      for (const auto& [index, chunk] : chunks) files.back().pages += chunk->used_pages;
    }
    return files;
  }
  template <class Visit>
  void visit(const Visit& visit) const {
    for (const auto& [id, chunks] : files_) {
      for (const auto& [index, chunk] : chunks) visit(*chunk);
    }
  }
  bool empty() const { return files_.empty(); }

 private:
  std::unordered_map<FileId, std::unordered_map<std::uint64_t, std::unique_ptr<C>>> files_;
};

}  // namespace mayfly
