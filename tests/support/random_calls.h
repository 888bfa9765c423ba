// RandomCalls: random calls on a tree of MayflyFS and on one of the local file system, with the
// same results, errno, attributes and bytes. Several may work on one tree, if they take turns.
//
// Owner: a thread of a member process, whose umask is 0. Failure: what differs, in a sentence.
#pragma once

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "support/posix_calls.h"

namespace mayfly {

class RandomCalls {
 public:
  /// Both trees are there and empty, or in use by others that were made with the same paths.
  RandomCalls(std::uint64_t seed, std::string our_root, std::string local_root);
  RandomCalls(const RandomCalls&) = delete;
  RandomCalls& operator=(const RandomCalls&) = delete;
  ~RandomCalls() { close_all(); }

  /// One call, or a few that belong together, on both. Nothing: they ended alike.
  std::optional<std::string> step();
  /// Names, attributes, contents, and which names are one file.
  std::optional<std::string> compare_trees();
  /// Whatever it has open, on both.
  void close_all();

 private:
  /// One of the two file systems.
  struct Side {
    const PosixCalls& calls;
    std::string root;
    /// The tree's own path, which has to stand before every absolute one.
    std::string of(const std::string& path) const { return root + path; }
  };
  /// What is open on both.
  struct Handle {
    int ours = -1;
    int theirs = -1;
    bool is_directory = false;
    int of(bool is_ours) const { return is_ours ? ours : theirs; }
  };
  /// A path from the root, or from a directory that is open.
  struct Place {
    const Handle* base = nullptr;
    std::string path;
  };
  /// What a call gave, and its errno if it failed.
  struct Outcome {
    std::int64_t result = 0;
    int error = 0;
  };

  std::uint64_t pick(std::uint64_t below) { return random_() % below; }
  std::string any_name() { return std::string(1, static_cast<char>('a' + pick(5))); }
  std::string any_path();
  Place any_place();
  Handle& any_handle() { return handles_[pick(handles_.size())]; }
  std::string any_bytes(std::size_t length);
  off_t any_offset();

  /// Calls call(side, is_ours) on both, ours first; they must fail with the same errno, or not
  /// fail.
  template <class Call>
  std::array<Outcome, 2> both(const std::string& what, Call call);
  /// The same for a call at a place: call(calls, directory, path, is_ours).
  template <class Call>
  std::array<Outcome, 2> both_at(const std::string& what, const Place& place, Call call);
  void expect_same_result(const std::string& what, const std::array<Outcome, 2>& outcomes);
  void differ(const std::string& what);
  static std::string words_of(int error);
  void compare(const std::string& what, const struct stat& ours, const struct stat& theirs);

  void open();
  void close(Handle& handle);
  void close_any() { close(any_handle()); }
  void read();
  void write();
  void seek();
  void truncate();
  void truncate_by_path();
  void allocate();
  void sync();
  void look_at_handle();
  void look();
  void make_directory();
  void remove();
  void rename();
  void link();
  void make_symbolic_link();
  void read_link();
  void change_mode();
  void change_owner();
  void set_times();
  void ask_access();
  void list();
  void set_extended();
  void get_extended();
  void list_extended();
  void lock_whole();
  void lock_range();

  void compare_directory(const std::string& path, std::map<ino_t, ino_t>& same);
  void compare_contents(const std::string& path);

  std::mt19937_64 random_;
  Side ours_;
  Side theirs_;
  bool has_extended_;   ///< the local file system has extended attributes
  bool can_allocate_;   ///< and every mode of fallocate that we have
  bool shows_reading_;  ///< and is mounted with relatime
  std::array<Handle, 6> handles_;
  std::string bytes_;
  std::optional<std::string> difference_;
};

template <class Call>
std::array<RandomCalls::Outcome, 2> RandomCalls::both(const std::string& what, Call call) {
  std::array<Outcome, 2> outcomes;
  for (const bool is_ours : {true, false}) {
    Outcome& outcome = outcomes[is_ours ? 0 : 1];
    errno = 0;
    outcome.result = call(is_ours ? ours_ : theirs_, is_ours);
    outcome.error = outcome.result < 0 ? errno : 0;
  }
  if (outcomes[0].error != outcomes[1].error) {
    differ(fmt::format("{}: {} instead of {}", what, words_of(outcomes[0].error),
                       words_of(outcomes[1].error)));
  }
  return outcomes;
}

template <class Call>
std::array<RandomCalls::Outcome, 2> RandomCalls::both_at(const std::string& what,
                                                         const Place& place, Call call) {
  const std::string from = place.base == nullptr ? "" : " from an open directory";
  return both(what + " " + place.path + from, [&](const Side& side, bool is_ours) {
    if (place.base == nullptr) {
      return static_cast<std::int64_t>(
          call(side.calls, AT_FDCWD, side.of(place.path).c_str(), is_ours));
    }
    return static_cast<std::int64_t>(
        call(side.calls, place.base->of(is_ours), place.path.c_str(), is_ours));
  });
}

}  // namespace mayfly
