// StageRun: one run of stage(). stage.cc has its threads and files, stage_tree.cc the trees.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "staging/file_copy.h"
#include "staging/file_pack.h"
#include "staging/manifest.h"
#include "staging/rate_limit.h"
#include "staging/shared_file.h"
#include "staging/stage.h"
#include "staging/work_queue.h"

namespace mayfly {

class StageRun {
 public:
  StageRun(const FileCalls& from, const FileCalls& to, const StageOptions& options,
           Progress& progress, StageObserver& observer);
  bool run();

 private:
  /// A file on its way, shared by those who copy pieces of it.
  struct Copying {
    explicit Copying(std::unique_ptr<FileCopy> copy) : copy(std::move(copy)) {}
    std::unique_ptr<FileCopy> copy;
    std::atomic<std::uint64_t> next{0};
    std::atomic<std::uint64_t> done{0};
    std::atomic<Errc> error{Errc::ok};
  };
  struct Work {
    std::string from;
    std::string to;
    struct stat seen {};
    std::shared_ptr<Copying> copying;  ///< null: nobody has begun
    FilePart part = {};
  };
  /// A thread's small files that wait for company.
  struct Packing {
    FilePack pack;
    std::vector<Work> works;
  };
  struct Link {
    std::string from;
    std::string to;
    std::string target_from;  ///< the first name of the same file
    std::string target_to;
  };
  struct Directory {
    std::string from;
    std::string to;
    struct stat seen;
  };
  static constexpr std::size_t kQueued = 1024;

  void copy_files();
  void finish();
  bool finish_together();
  void take_over_shares();
  void join_shared_files();
  /// Those that ranks of a party have while they copy.
  std::string manifest_of(unsigned rank) const;
  bool is_manifest(const std::string& path) const;
  bool open_manifest();
  bool open_manifest(const std::string& path);
  bool remember(const std::string& manifest);
  void fail(const std::string& path, const std::string& why);
  void fail(const std::string& path, Errc why);
  /// Of what every rank of the party comes across: one tells.
  void fail_in_walk(const std::string& from, const std::string& to, Errc why);
  bool is_mine(const std::string& to) const { return options_.party.has(path_in_manifest(to)); }
  void tell_copied(const std::string& to, std::uint64_t bytes);
  std::string path_in_manifest(const std::string& to) const;
  void add_to_manifest(const ManifestEntry& entry);

  void work();
  /// Whether that was all: it is there already, or nothing is to be copied.
  bool is_over(const Work& work);
  void begin_file(Work& work);
  void copy(Work& work, MutableBytes buffer);
  /// Whether that was all: it is in the pack, or has failed.
  bool pack(const Work& work, Packing& packing, MutableBytes buffer);
  void send(Packing& packing, MutableBytes buffer);
  void finish_file(const Work& work, const Result<ManifestEntry>& entry);
  bool is_there(const Work& work) const;
  void move_pieces(const Work& work, MutableBytes buffer);
  void finish_file(const Work& work);

  bool make_parents(const std::string& path);
  void walk_tree(const StageOptions::Tree& tree);
  /// `below`: the path below the tree's top; empty: the top itself.
  void walk(const StageOptions::Tree& tree, const std::string& below);
  bool enter_directory(const std::string& from, const std::string& to, const struct stat& seen);
  void found_file(Work work);
  void found_shared_file(Work work);
  void make_symbolic_link(const std::string& from, const std::string& to, const struct stat& seen);
  void make_hard_link(const Link& link);
  void finish_directories();
  void remove_parts(const std::string& directory);
  void remove_what_is_gone();
  void remove_below(const StageOptions::Tree& tree, const std::string& below);
  bool remove_all(const std::string& path);

  const FileCalls& from_;
  const FileCalls& to_;
  const StageOptions& options_;
  Progress& progress_;
  StageObserver& observer_;
  RateLimit limit_;
  WorkQueue<Work> queue_{kQueued};
  Manifest::Entries before_;
  std::unique_ptr<Manifest> manifest_;
  std::mutex telling_;
  std::set<std::string> failed_;
  /// The walk's: files of several links by device and inode, with their first name.
  std::map<std::pair<dev_t, ino_t>, Link> linked_;
  std::vector<Link> hard_links_;
  std::vector<SharedFile> shared_files_;
  std::vector<ManifestEntry> parts_;  ///< of shared files, that this rank has copied
  std::vector<Directory> directories_;
};

}  // namespace mayfly
