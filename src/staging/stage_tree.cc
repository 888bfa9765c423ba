// The trees of a StageRun: what there is to copy, and all that is no file's content.
#include <algorithm>
#include <cerrno>
#include <string>

#include "staging/stage_run.h"
#include "staging/whole_io.h"

namespace mayfly {
namespace {

constexpr mode_t kWhileFilled = 0700;

}  // namespace

bool StageRun::make_parents(const std::string& path) {
  const std::string parent = parent_of(path);
  struct stat there {};
  if (parent == "/" || parent == "." || to_.lstat(parent.c_str(), &there) == 0) return true;
  if (!make_parents(parent)) return false;
  if (to_.mkdir(parent.c_str(), 0777) != 0) {
    if (errno == EEXIST) return true;
    fail(parent, errc_from(errno));
    return false;
  }
  if (const Status synced = sync_directory(to_, parent_of(parent)); !synced) {
    fail(parent_of(parent), synced.error());
  }
  return true;
}

void StageRun::walk_tree(const StageOptions::Tree& tree) {
  if (options_.dry_run || make_parents(tree.to)) walk(tree, "");
}

void StageRun::walk(const StageOptions::Tree& tree, const std::string& below) {
  const std::string from = join_path(tree.from, below);
  const std::string to = join_path(tree.to, below);
  struct stat seen {};
  if (from_.lstat(from.c_str(), &seen) != 0) return fail_in_walk(from, to, errc_from(errno));
  if (!below.empty() && !options_.selection.takes(below, seen)) return;
  if (S_ISREG(seen.st_mode)) return found_file({from, to, seen, nullptr});
  if (S_ISLNK(seen.st_mode)) return make_symbolic_link(from, to, seen);
  if (!S_ISDIR(seen.st_mode)) {
    if (is_mine(to)) fail(from, "is no file, directory or symbolic link");
    return;
  }
  if (!options_.dry_run && !enter_directory(from, to, seen)) return;
  auto names = from_.list(from);
  if (!names) return fail_in_walk(from, to, names.error());
  // All ranks of a party must come by the names of one file in the same order.
  std::sort(names->begin(), names->end());
  for (const std::string& name : *names) {
    const std::string path = join_path(below, name);
    const bool is_ours = is_temporary_name(name) || is_manifest(join_path(tree.to, path));
    if (!is_ours) walk(tree, path);
  }
}

bool StageRun::enter_directory(const std::string& from, const std::string& to,
                               const struct stat& seen) {
  struct stat there {};
  if (to_.mkdir(to.c_str(), (seen.st_mode & kPermissions) | kWhileFilled) != 0) {
    if (errno != EEXIST) {
      fail(to, errc_from(errno));
      return false;
    }
    if (to_.lstat(to.c_str(), &there) != 0 || !S_ISDIR(there.st_mode)) {
      fail(to, "is in the way of a directory");
      return false;
    }
  }
  directories_.push_back({from, to, seen});
  return true;
}

void StageRun::found_file(Work work) {
  if (work.seen.st_nlink > 1) {
    const auto [first, is_first] =
        linked_.try_emplace({work.seen.st_dev, work.seen.st_ino}, Link{work.from, work.to, "", ""});
    if (!is_first) {
      hard_links_.push_back({work.from, work.to, first->second.from, first->second.to});
      return;
    }
  }
  const bool is_shared = SharedFile::is_worth_it(options_.party, work.seen) && !options_.dry_run;
  if (is_shared) return found_shared_file(std::move(work));
  if (!is_mine(work.to)) return;
  ++progress_.files_found;
  progress_.bytes_found += static_cast<std::uint64_t>(work.seen.st_size);
  queue_.push(std::move(work));
}

void StageRun::found_shared_file(Work work) {
  SharedFile file(options_.party, path_in_manifest(work.to), work.from, work.to, work.seen);
  const bool is_kept = is_there(work);
  const bool is_counted = file.is_counted_by(options_.party.rank);
  if (is_counted) {
    ++progress_.files_found;
    progress_.bytes_found += static_cast<std::uint64_t>(work.seen.st_size);
  }
  if (is_kept && !is_counted) return;
  const auto part = file.part_of(options_.party.rank);
  if (!is_kept) shared_files_.push_back(std::move(file));
  if (!part) return;
  work.part = *part;
  queue_.push(std::move(work));
}

void StageRun::join_shared_files() {
  std::vector<SharedFile::Parts> parts;
  for (unsigned rank = 0; rank < options_.party.ranks && !shared_files_.empty(); ++rank) {
    auto read = read_parts(options_.party, rank);
    if (!read) fail(options_.party.meeting, read.error());
    parts.push_back(read ? std::move(*read) : SharedFile::Parts());
  }
  for (const SharedFile& file : shared_files_) {
    auto entry = file.join(from_, to_, parts);
    if (entry) {
      add_to_manifest(*entry);
      ++progress_.files_done;
      tell_copied(file.to(), entry->size);
    } else if (entry.error() != Errc::no_data) {
      fail(file.from(), entry.error());
    } else if (progress_.failures == 0) {
      fail(file.from(), "was not copied by all ranks");
    } else {
      // The rank whose part is missing has told why.
      failed_.insert(file.from());
    }
  }
}

void StageRun::make_symbolic_link(const std::string& from, const std::string& to,
                                  const struct stat& seen) {
  if (!is_mine(to)) return;
  const auto target = target_of(from_, from);
  if (!target) return fail(from, target.error());
  if (options_.dry_run) return tell_copied(to, 0);
  const std::string temporary = temporary_of(to);
  to_.unlink(temporary.c_str());
  if (to_.symlink(target->c_str(), temporary.c_str()) != 0) return fail(to, errc_from(errno));
  const Status copied = copy_attributes({from_, from, to_, temporary}, seen);
  if (!copied) return fail(to, copied.error());
  if (to_.rename(temporary.c_str(), to.c_str()) != 0) return fail(to, errc_from(errno));
  ManifestEntry entry = entry_of(path_in_manifest(to), ManifestEntry::Type::symbolic_link, seen);
  entry.target = *target;
  add_to_manifest(entry);
  tell_copied(to, 0);
}

void StageRun::make_hard_link(const Link& link) {
  if (failed_.count(link.target_from) != 0) {
    return fail(link.from, "is the same file as " + link.target_from + ", which was not copied");
  }
  const std::string temporary = temporary_of(link.to);
  to_.unlink(temporary.c_str());
  // rename does nothing to two names of one file, and leaves both.
  const bool is_made = to_.link(link.target_to.c_str(), temporary.c_str()) == 0 &&
                       to_.rename(temporary.c_str(), link.to.c_str()) == 0;
  if (!is_made) return fail(link.to, errc_from(errno));
  to_.unlink(temporary.c_str());
  ManifestEntry entry;
  entry.path = path_in_manifest(link.to);
  entry.type = ManifestEntry::Type::hard_link;
  entry.target = path_in_manifest(link.target_to);
  add_to_manifest(entry);
  tell_copied(link.to, 0);
}

/// What a run before has left under temporary names. Nobody else's: no other run is under way.
void StageRun::remove_parts(const std::string& directory) {
  auto names = to_.list(directory);
  if (!names) return fail(directory, names.error());
  for (const std::string& name : *names) {
    if (is_temporary_name(name)) to_.unlink(join_path(directory, name).c_str());
  }
}

/// The deepest first, for what is made in a directory changes its time.
void StageRun::finish_directories() {
  // A party that was killed has left no manifest of its whole.
  const bool is_taken_over =
      manifest_ != nullptr &&
      (manifest_->is_taken_over() || (!options_.party.is_alone() && manifest_->is_locked()));
  if (is_taken_over) remove_parts(options_.base);
  for (auto directory = directories_.rbegin(); directory != directories_.rend(); ++directory) {
    if (is_taken_over) remove_parts(directory->to);
    const Status copied =
        copy_attributes({from_, directory->from, to_, directory->to}, directory->seen);
    if (!copied) {
      fail(directory->to, copied.error());
      continue;
    }
    if (const Status synced = sync_directory(to_, directory->to); !synced) {
      fail(directory->to, synced.error());
    }
    add_to_manifest(
        entry_of(path_in_manifest(directory->to), ManifestEntry::Type::directory, directory->seen));
  }
  for (const StageOptions::Tree& tree : options_.trees) {
    const Status synced = sync_directory(to_, parent_of(tree.to));
    if (!synced) fail(parent_of(tree.to), synced.error());
  }
}

void StageRun::remove_what_is_gone() {
  for (const StageOptions::Tree& tree : options_.trees) remove_below(tree, "");
}

void StageRun::remove_below(const StageOptions::Tree& tree, const std::string& below) {
  const std::string to = join_path(tree.to, below);
  struct stat there {};
  if (to_.lstat(to.c_str(), &there) != 0 || !S_ISDIR(there.st_mode)) return;
  auto names = to_.list(to);
  if (!names) return fail(to, names.error());
  for (const std::string& name : *names) {
    const std::string path = join_path(below, name);
    const std::string victim = join_path(tree.to, path);
    struct stat source {};
    struct stat status {};
    const bool is_kept = is_manifest(victim) || to_.lstat(victim.c_str(), &status) != 0 ||
                         !options_.selection.takes(path, status);
    if (is_kept) continue;
    if (from_.lstat(join_path(tree.from, path).c_str(), &source) == 0) {
      remove_below(tree, path);
    } else if (errno != ENOENT) {
      fail(join_path(tree.from, path), errc_from(errno));
    } else {
      remove_all(victim);
    }
  }
}

bool StageRun::remove_all(const std::string& path) {
  struct stat there {};
  if (to_.lstat(path.c_str(), &there) != 0) return errno == ENOENT;
  if (S_ISDIR(there.st_mode)) {
    auto names = to_.list(path);
    if (!names) {
      fail(path, names.error());
      return false;
    }
    for (const std::string& name : *names) {
      if (!remove_all(join_path(path, name))) return false;
    }
  }
  if (!options_.dry_run) {
    const bool is_gone =
        (S_ISDIR(there.st_mode) ? to_.rmdir(path.c_str()) : to_.unlink(path.c_str())) == 0;
    if (!is_gone) {
      fail(path, errc_from(errno));
      return false;
    }
    ManifestEntry entry;
    entry.path = path_in_manifest(path);
    entry.type = ManifestEntry::Type::removed;
    add_to_manifest(entry);
  }
  const std::lock_guard lock(telling_);
  observer_.removed(path);
  return true;
}

}  // namespace mayfly
