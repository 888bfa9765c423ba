// Directory: a listing of all entries of a directory, asked from all servers at once, page by page.
//
// Owner: whoever opened it. The Session outlives it. Thread: the loop's.
// Order: none among entries. An entry that is there throughout is given exactly once.
// Failure: errno values; stale becomes no_entry (the directory was removed meanwhile).
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/session.h"

namespace mayfly {

class Directory {
 public:
  struct Item {
    std::string name;
    FileId id;
    DentryType type;
    Attributes attributes;  ///< as of the listing; its id is invalid if they are elsewhere
  };

  static Task<Result<std::unique_ptr<Directory>>> open(Session& session, PathAt path);

  /// The next entry; nothing at the end. "." and ".." are not given.
  Task<Result<std::optional<Item>>> next();
  /// Begins anew.
  void rewind();
  FileId id() const { return id_; }

 private:
  struct Shard {
    std::uint64_t cookie = 0;
    bool at_end = false;
  };
  Directory(Session& session, FileId id);
  Task<Status> read_page(std::uint32_t server);

  Session& session_;
  FileId id_;
  std::vector<Shard> shards_;
  std::deque<Item> items_;
  Semaphore reading_{1};  ///< two readers at once would both be given the same page
};

}  // namespace mayfly
