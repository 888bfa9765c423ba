#include "staging/checkpoint_sets.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "staging/growing_wait.h"
#include "staging/open_file.h"
#include "staging/rank_count.h"
#include "staging/whole_io.h"

namespace mayfly {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kBegun = ".begun-";
constexpr const char* kDropped = ".dropped-";
constexpr const char* kDrained = ".drained-";
constexpr const char* kFailed = ".failed-";
constexpr const char* kDrainedFrom = ".drained-from";
/// In a set that is begun: a byte of each rank that has committed.
constexpr const char* kCommits = ".mayfly-commits";
/// In a complete set: when it was committed.
constexpr const char* kMark = ".mayfly-set";
constexpr std::size_t kMostNameBytes = 200;

Status status_of(int result) { return result == 0 ? Status() : Status(errc_from(errno)); }

}  // namespace

bool CheckpointSets::is_name(const std::string& name) {
  return !name.empty() && name.size() <= kMostNameBytes && name[0] != '.' &&
         name.find('/') == std::string::npos;
}

std::string CheckpointSets::path_of(const std::string& name) const {
  return join_path(directory_, name);
}
std::string CheckpointSets::begun_path(const std::string& name) const {
  return join_path(directory_, kBegun + name);
}
std::string CheckpointSets::drained_path(const std::string& name) const {
  return join_path(directory_, kDrained + name);
}

Result<std::string> CheckpointSets::begin(const std::string& name) {
  if (!is_name(name)) return Errc::invalid;
  MAYFLY_TRY(is_complete, is_there(calls_, path_of(name)));
  if (is_complete) return Errc::exists;
  MAYFLY_CHECKED(make_directories(calls_, begun_path(name)));
  return begun_path(name);
}

Status CheckpointSets::commit(const std::string& name, unsigned ranks) {
  if (!is_name(name) || ranks == 0) return Errc::invalid;
  const std::string begun = begun_path(name);
  MAYFLY_TRY(is_begun, is_there(calls_, begun));
  if (!is_begun) {
    MAYFLY_TRY(is_complete, is_there(calls_, path_of(name)));
    return is_complete ? Errc::exists : Errc::no_entry;
  }
  if (ranks == 1) return publish(name);
  MAYFLY_TRY(is_last, arrive(calls_, join_path(begun, kCommits), ranks));
  if (!is_last) return wait_for_others(name);
  const Status published = publish(name);
  if (!published) {
    // The others wait for this rank: they must hear of it.
    const Status told = write_file(calls_, join_path(directory_, kFailed + name),
                                   std::to_string(to_errno(published.error())));
    if (!told) return told;
  }
  return published;
}

Status CheckpointSets::publish(const std::string& name) {
  const Json mark = {{"name", name}, {"committed_ns", wall_clock_ns()}};
  MAYFLY_CHECKED(write_file(calls_, join_path(begun_path(name), kMark), mark.dump() + "\n"));
  return adopt(name);
}

Status CheckpointSets::adopt(const std::string& name) {
  if (!is_name(name)) return Errc::invalid;
  MAYFLY_TRY(is_complete, is_there(calls_, path_of(name)));
  if (is_complete) return Errc::exists;
  return status_of(calls_.rename(begun_path(name).c_str(), path_of(name).c_str()));
}

Status CheckpointSets::wait_for_others(const std::string& name) {
  GrowingWait others;
  const std::string failed = join_path(directory_, kFailed + name);
  for (;;) {
    MAYFLY_TRY(was_begun, is_there(calls_, begun_path(name)));
    MAYFLY_TRY(is_complete, is_there(calls_, path_of(name)));
    if (is_complete) return Status();
    MAYFLY_TRY(has_failed, is_there(calls_, failed));
    if (has_failed) {
      MAYFLY_TRY(text, read_whole(calls_, failed));
      return errc_from(std::atoi(text.c_str()));
    }
    if (!was_begun) return Errc::canceled;
    others.wait();
  }
}

std::int64_t CheckpointSets::committed_at(const std::string& name) const {
  const auto text = read_whole(calls_, join_path(path_of(name), kMark));
  if (!text) return 0;
  const Json mark = Json::parse(*text, nullptr, false);
  return mark.is_object() ? mark.value("committed_ns", std::int64_t{0}) : 0;
}

/// What is noted of another set that had the name before is not this one's.
std::vector<std::string> CheckpointSets::drained_to(const std::string& name,
                                                    std::int64_t committed_ns) const {
  const auto text = read_whole(calls_, drained_path(name));
  const Json note = text ? Json::parse(*text, nullptr, false) : Json();
  std::vector<std::string> directories;
  if (!note.is_object() || note.value("committed_ns", std::int64_t{0}) != committed_ns) return {};
  for (const Json& directory : note.value("to", Json::array())) {
    if (directory.is_string()) directories.push_back(directory.get<std::string>());
  }
  return directories;
}

Result<std::vector<CheckpointSet>> CheckpointSets::list() const {
  auto names = calls_.list(directory_);
  std::vector<CheckpointSet> sets;
  if (!names && names.error() == Errc::no_entry) return sets;
  if (!names) return names.error();
  for (const std::string& entry : *names) {
    if (entry.rfind(kBegun, 0) == 0) {
      sets.push_back({entry.substr(std::string(kBegun).size()), 0, {}});
      continue;
    }
    // What somebody else has put here is no set.
    const std::int64_t committed = is_name(entry) ? committed_at(entry) : 0;
    if (committed != 0) sets.push_back({entry, committed, drained_to(entry, committed)});
  }
  std::sort(sets.begin(), sets.end(), [](const CheckpointSet& left, const CheckpointSet& right) {
    return left.committed_ns != right.committed_ns ? left.committed_ns > right.committed_ns
                                                   : left.name < right.name;
  });
  return sets;
}

Status CheckpointSets::drop(const std::string& name) {
  if (!is_name(name)) return Errc::invalid;
  const std::string dropped = join_path(directory_, kDropped + name);
  MAYFLY_TRY(found, is_there(calls_, dropped));
  MAYFLY_CHECKED(remove_tree(calls_, dropped));
  for (const std::string& path : {path_of(name), begun_path(name)}) {
    // First of all it ceases to be a set.
    if (calls_.rename(path.c_str(), dropped.c_str()) != 0) {
      if (errno == ENOENT) continue;
      return errc_from(errno);
    }
    found = true;
    MAYFLY_CHECKED(remove_tree(calls_, dropped));
  }
  calls_.unlink(drained_path(name).c_str());
  calls_.unlink(join_path(directory_, kFailed + name).c_str());
  return found ? Status() : Status(Errc::no_entry);
}

std::string CheckpointSets::drain_lock() const { return join_path(directory_, kDrainedFrom); }

Status CheckpointSets::expect_drain() {
  MAYFLY_CHECKED(make_directories(calls_, directory_));
  MAYFLY_TRY(file, OpenFile::open(calls_, drain_lock(), O_WRONLY | O_CREAT, 0666));
  return file.close();
}

Status CheckpointSets::note_drained(const CheckpointSet& set, const std::string& destination) {
  std::vector<std::string> directories = drained_to(set.name, set.committed_ns);
  directories.push_back(destination);
  const Json note = {{"committed_ns", set.committed_ns}, {"to", directories}};
  return write_file(calls_, drained_path(set.name), note.dump() + "\n");
}

Result<std::vector<std::string>> CheckpointSets::keep(unsigned count) {
  MAYFLY_TRY(sets, list());
  MAYFLY_TRY(only_drained, is_there(calls_, drain_lock()));
  std::vector<std::string> dropped;
  unsigned complete = 0;
  for (const CheckpointSet& set : sets) {
    if (!set.is_complete() || ++complete <= count) continue;
    if (only_drained && set.drained_to.empty()) continue;
    MAYFLY_CHECKED(drop(set.name));
    dropped.push_back(set.name);
  }
  return dropped;
}

}  // namespace mayfly
