#include "mpi_launch/main_job/tree_listing.h"

#include <fmt/format.h>
#include <glob.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

namespace mayfly {
namespace {

namespace fs = std::filesystem;

class Lister {
 public:
  /// `path` and everything below it.
  Result<void, Failure> add(const fs::path& path) {
    add_parents(path);
    if (auto added = add_one(path); !added) return added;
    if (!known_directories_.contains(path.string())) return {};
    std::error_code error;
    fs::recursive_directory_iterator walk(path, error);
    for (; !error && walk != fs::recursive_directory_iterator(); walk.increment(error)) {
      if (auto added = add_one(walk->path()); !added) return added;
    }
    if (error) return unreadable(path, error.value());
    return {};
  }

  TreeListing take() { return std::move(listing_); }

 private:
  static Failure unreadable(const fs::path& path, int error) {
    return {errc_from(error), fmt::format("The tree {} cannot be listed ({}): name another with "
                                          "--tree.",
                                          path.string(), describe(errc_from(error)))};
  }

  void add_directory(const std::string& path, std::uint32_t mode) {
    if (known_directories_.insert(path).second) listing_.entries.push_back({path, 0, mode, true});
  }

  void add_parents(const fs::path& path) {
    fs::path parent;
    for (const fs::path& part : path.parent_path()) {
      parent /= part;
      struct stat status {};
      const bool known = ::stat(parent.c_str(), &status) == 0;
      if (parent != "/") add_directory(parent.string(), known ? status.st_mode & 07777 : 0755);
    }
  }

  Result<void, Failure> add_one(const fs::path& path) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) return unreadable(path, errno);
    const std::uint32_t mode = status.st_mode & 07777;
    if (S_ISDIR(status.st_mode)) {
      add_directory(path.string(), mode);
    } else if (S_ISLNK(status.st_mode)) {
      ++listing_.links_skipped;
    } else if (S_ISREG(status.st_mode)) {
      const auto bytes = static_cast<std::uint64_t>(status.st_size);
      listing_.entries.push_back({path.string(), bytes, mode, false});
      listing_.total_bytes += bytes;
    } else {
      ++listing_.others_skipped;
    }
    return {};
  }

  TreeListing listing_;
  std::set<std::string> known_directories_;
};

std::vector<std::string> default_roots() {
  std::vector<std::string> roots = {"/usr/include"};
  for (const char* pattern : {"/usr/lib/*-linux-gnu/*.so*", "/usr/lib64/*.so*"}) {
    glob_t found{};
    if (::glob(pattern, 0, nullptr, &found) == 0) {
      roots.insert(roots.end(), found.gl_pathv, found.gl_pathv + found.gl_pathc);
    }
    ::globfree(&found);
  }
  return roots;
}

}  // namespace

Result<TreeListing, Failure> list_trees(const std::vector<std::string>& roots) {
  Lister lister;
  for (const std::string& root : roots.empty() ? default_roots() : roots) {
    // "dir/" and "./dir" would be listed under other names than "dir".
    fs::path path = fs::absolute(root).lexically_normal();
    if (!path.has_filename()) path = path.parent_path();
    if (auto added = lister.add(path); !added) return added.error();
  }
  return lister.take();
}

std::string encode(const TreeListing& listing) {
  nlohmann::json entries = nlohmann::json::array();
  for (const TreeEntry& entry : listing.entries) {
    const std::vector<std::uint8_t> name(entry.source.begin(), entry.source.end());
    entries.push_back({nlohmann::json::binary(name), entry.bytes, entry.mode, entry.is_directory});
  }
  const std::vector<std::uint8_t> bytes = nlohmann::json::to_cbor(nlohmann::json(
      {entries, listing.total_bytes, listing.links_skipped, listing.others_skipped}));
  return std::string(bytes.begin(), bytes.end());
}

TreeListing decode_listing(std::string_view bytes) {
  const nlohmann::json root = nlohmann::json::from_cbor(bytes.begin(), bytes.end());
  TreeListing listing;
  for (const nlohmann::json& entry : root[0]) {
    const auto& name = entry[0].get_binary();
    listing.entries.push_back({std::string(name.begin(), name.end()), entry[1].get<std::uint64_t>(),
                               entry[2].get<std::uint32_t>(), entry[3].get<bool>()});
  }
  listing.total_bytes = root[1].get<std::uint64_t>();
  listing.links_skipped = root[2].get<std::uint64_t>();
  listing.others_skipped = root[3].get<std::uint64_t>();
  return listing;
}

}  // namespace mayfly
