// Directory: a listing of all entries of a directory, first asked from all servers at once, then
// page by page.
//
// Owner: whoever opened it. The Session outlives it. Thread: the loop's.
// Order: server by server, on each in the order of creation; so a position stays what it is,
//   whatever comes and goes. An entry that is there throughout is given exactly once.
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
    Attributes attributes;   ///< with `plus`; as of the listing
    std::uint64_t position;  ///< behind it: what seek takes
  };

  static Task<Result<std::unique_ptr<Directory>>> open(Session& session, PathAt path);
  /// Of a directory whose id is known.
  Directory(Session& session, FileId id);

  /// The next entry, "." and ".." first; nothing at the end. `plus`: with its attributes, true
  /// sizes included (not for the first two).
  Task<Result<std::optional<Item>>> next(bool plus = false);
  /// To a position that an item had; 0: to the beginning.
  void seek(std::uint64_t position);
  std::uint64_t position() const { return position_; }
  FileId id() const { return id_; }

 private:
  struct Shard {
    std::uint64_t cookie = 0;  ///< where its next page begins
    bool at_end = false;
    std::deque<Item> items;
  };
  Task<Status> read_pages();
  Task<Status> read_page(std::uint32_t server);
  Task<Status> complete(std::deque<Item>& items);
  Task<Status> complete_one(Item& item);
  Task<Result<std::optional<Item>>> next_dot();

  Session& session_;
  FileId id_;
  std::uint64_t position_ = 0;
  std::uint32_t current_ = 0;  ///< the shard whose items are given
  bool is_fresh_ = true;       ///< no page has been asked for since the last seek
  std::vector<Shard> shards_;
  Semaphore reading_{1};  ///< two readers at once would both be given the same page
};

}  // namespace mayfly
