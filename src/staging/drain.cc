#include "staging/drain.h"

#include <fcntl.h>
#include <stdio.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>

#include "base/clock.h"
#include "staging/open_file.h"
#include "staging/whole_io.h"

namespace mayfly {
namespace {

constexpr Nanoseconds kBetweenLooks = std::chrono::milliseconds(200);
constexpr const char* kPart = ".mayfly-set-";
constexpr const char* kOld = ".mayfly-old-";

Status rename_here(const std::string& from, const std::string& to, unsigned flags = 0) {
  const int renamed = ::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), flags);
  return renamed == 0 ? Status() : Status(errc_from(errno));
}

/// `part` gets the name of what is there, which gets another.
Status replace(const std::string& part, const std::string& name, const std::string& old) {
  const Status exchanged = rename_here(part, name, RENAME_EXCHANGE);
  if (exchanged) return remove_tree(local_calls(), part);
  const bool is_unknown = exchanged.error() == Errc::invalid ||
                          exchanged.error() == Errc::not_supported ||
                          exchanged.error() == errc_from(ENOSYS);
  if (!is_unknown) return exchanged;
  // For a moment there is none by that name, which is no half one either.
  MAYFLY_CHECKED(remove_tree(local_calls(), old));
  MAYFLY_CHECKED(rename_here(name, old));
  MAYFLY_CHECKED(rename_here(part, name));
  return remove_tree(local_calls(), old);
}

}  // namespace

Drain::Step Drain::drain_next() {
  if (const Status expected = sets_.expect_drain(); !expected) return Step::session_is_gone;
  // Whoever has this file locked drains; its death frees it.
  const FileCalls& calls = session_calls();
  auto turn = OpenFile::open(calls, sets_.drain_lock(), O_RDWR);
  if (!turn) return Step::session_is_gone;
  while (calls.lock(turn->descriptor()) != 0) {
    if (errno != EAGAIN && errno != EACCES) return Step::session_is_gone;
    std::this_thread::sleep_for(kBetweenLooks);
  }
  const auto set = choose();
  if (!set) return set.error() == Errc::no_entry ? Step::nothing_to_do : Step::session_is_gone;
  observer_.began(*set);
  if (!copy(*set)) {
    failed_.emplace(set->name, set->committed_ns);
    return Step::failed;
  }
  observer_.drained(*set);
  keep_few();
  return Step::drained;
}

Result<CheckpointSet> Drain::choose() const {
  MAYFLY_TRY(sets, sets_.list());
  for (const CheckpointSet& set : sets) {
    const bool is_due = set.is_complete() && !set.is_in(options_.destination) &&
                        failed_.count({set.name, set.committed_ns}) == 0;
    if (is_due) return set;
  }
  return Errc::no_entry;
}

bool Drain::copy(const CheckpointSet& set) {
  const std::string part = join_path(options_.destination, kPart + set.name);
  StageOptions options;
  options.trees = {{sets_.path_of(set.name), part}};
  options.base = part;
  options.manifest = join_path(part, kManifestName);
  // What a drain of another set by that name has left is not this one's.
  options.deletes = true;
  options.bytes_per_second = options_.bytes_per_second;
  options.threads = options_.threads;
  options.mode = options_.mode;
  const std::uint64_t failures = progress_.failures.exchange(0);
  const bool is_copied = stage(session_calls(), local_calls(), options, progress_, observer_);
  progress_.failures += failures;
  if (!is_copied) return false;
  const Status published = publish(set);
  if (!published) {
    ++progress_.failures;
    observer_.failed(join_path(options_.destination, set.name), describe(published.error()));
  }
  return static_cast<bool>(published);
}

Status Drain::publish(const CheckpointSet& set) {
  const std::string part = join_path(options_.destination, kPart + set.name);
  const std::string name = join_path(options_.destination, set.name);
  Status renamed = rename_here(part, name, RENAME_NOREPLACE);
  if (!renamed && renamed.error() == Errc::invalid) {
    // A file system that cannot say "only if there is none".
    struct stat there {};
    renamed = ::lstat(name.c_str(), &there) == 0 ? Status(Errc::exists) : rename_here(part, name);
  }
  if (!renamed && renamed.error() == Errc::exists) {
    renamed = replace(part, name, join_path(options_.destination, kOld + set.name));
  }
  MAYFLY_CHECKED(renamed);
  MAYFLY_CHECKED(sync_directory(local_calls(), options_.destination));
  return sets_.note_drained(set, options_.destination);
}

void Drain::keep_few() {
  if (options_.keep == 0) return;
  const auto dropped = sets_.keep(options_.keep);
  if (!dropped) {
    ++progress_.failures;
    observer_.failed(sets_.directory(), describe(dropped.error()));
    return;
  }
  for (const std::string& name : *dropped) observer_.dropped(name);
}

}  // namespace mayfly
