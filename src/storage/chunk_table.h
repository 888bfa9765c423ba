// ChunkTable: the chunks of a store by file and index. A chunk stays where it is until it is
// erased. Thread: the loop's.
#pragma once

#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/file_table.h"
#include "storage/chunk_store.h"

namespace mayfly {

/// `C` has the members end_bytes and is_reserved; 0 and false mean that the chunk does not exist;
/// and used_pages.
template <class C>
class ChunkTable {
 public:
  C* find(ChunkId id) const {
    File* const file = files_.find(id.file);
    return file == nullptr ? nullptr : file->find(id.index);
  }
  C& find_or_make(ChunkId id) {
    File& file = files_.find_or_make(id.file);
    if (C* const chunk = file.find(id.index)) return *chunk;
    if (!file.one && file.others.empty()) {
      file.index_of_one = id.index;
      return file.one.emplace();
    }
    return *(file.others[id.index] = std::make_unique<C>());
  }
  void erase(ChunkId id) {
    File* const file = files_.find(id.file);
    if (file == nullptr) return;
    if (file->one && file->index_of_one == id.index) {
      file->one.reset();
    } else {
      file->others.erase(id.index);
    }
    if (!file->one && file->others.empty()) files_.take(*file);
  }
  /// Which chunk it is if the file has one alone.
  std::optional<std::uint64_t> only_index(FileId id) const {
    const File* const file = files_.find(id);
    if (file == nullptr || !file->one || !file->others.empty()) return std::nullopt;
    return file->index_of_one;
  }
  bool has_file(FileId id) const { return files_.find(id) != nullptr; }
  /// Calls visit(index, chunk) for each chunk of the file.
  template <class Visit>
  void visit(FileId id, const Visit& visit) const {
    if (const File* const file = files_.find(id)) file->visit(visit);
  }
  std::vector<ChunkExtent> chunks_of(FileId id) const {
    std::vector<ChunkExtent> extents;
    visit(id, [&](std::uint64_t index, const C& chunk) {
      if (chunk.end_bytes == 0 && !chunk.is_reserved) return;
      extents.push_back({index, chunk.end_bytes, chunk.used_pages});
    });
    return extents;
  }
  std::vector<FileSpace> files() const {
    std::vector<FileSpace> files;
    files.reserve(files_.size());
    for (const File* const file : files_.all()) {
      std::uint64_t pages = 0;
      file->visit([&](std::uint64_t, const C& chunk) { pages += chunk.used_pages; });
      files.push_back({file->id(), pages});
    }
    return files;
  }
  template <class Visit>
  void visit(const Visit& visit) const {
    for (const File* const file : files_.all()) {
      file->visit([&](std::uint64_t, const C& chunk) { visit(chunk); });
    }
  }
  bool empty() const { return files_.size() == 0; }

 private:
  /// Most files have one chunk on a server, and that takes no memory beside.
  class File {
   public:
    explicit File(FileId id) : id_(id) {}
    FileId id() const { return id_; }
    C* find(std::uint64_t index) {
      if (one && index_of_one == index) return &*one;
      const auto found = others.find(index);
      return found == others.end() ? nullptr : found->second.get();
    }
    template <class Visit>
    void visit(const Visit& visit) const {
      if (one) visit(index_of_one, *one);
      for (const auto& [index, chunk] : others) visit(index, *chunk);
    }

    std::uint64_t index_of_one = 0;
    std::optional<C> one;
    std::unordered_map<std::uint64_t, std::unique_ptr<C>> others;

   private:
    FileId id_;
  };

  FileTable<File> files_;
};

}  // namespace mayfly
