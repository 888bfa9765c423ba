// RandomCalls: by path.
#include <algorithm>

#include "support/random_calls.h"

namespace mayfly {

void RandomCalls::make_directory() {
  both_at("mkdir", any_place(), [](const PosixCalls& calls, int base, const char* path, bool) {
    return calls.mkdirat(base, path, 0755);
  });
}

void RandomCalls::remove() {
  const int flags = pick(2) == 0 ? AT_REMOVEDIR : 0;
  both_at(flags != 0 ? "rmdir" : "unlink", any_place(),
          [=](const PosixCalls& calls, int base, const char* path, bool) {
            return calls.unlinkat(base, path, flags);
          });
}

void RandomCalls::rename() {
  const std::string from = any_path();
  const std::string to = any_path();
  const unsigned flags =
      std::array{0U, 0U, 0U, unsigned{RENAME_NOREPLACE}, unsigned{RENAME_EXCHANGE}}[pick(5)];
  both(fmt::format("rename {} {} flags {}", from, to, flags), [&](const Side& side, bool) {
    return side.calls.renameat2(AT_FDCWD, side.of(from).c_str(), AT_FDCWD, side.of(to).c_str(),
                                flags);
  });
}

void RandomCalls::link() {
  const std::string from = any_path();
  const std::string to = any_path();
  const int flags = pick(2) == 0 ? AT_SYMLINK_FOLLOW : 0;
  both(fmt::format("link {} {}", from, to), [&](const Side& side, bool) {
    return side.calls.linkat(AT_FDCWD, side.of(from).c_str(), AT_FDCWD, side.of(to).c_str(), flags);
  });
}

void RandomCalls::make_symbolic_link() {
  const bool is_absolute = pick(2) == 0;
  // A relative one has no "..", which could lead out of the tree.
  const std::string target = is_absolute ? any_path() : any_name() + "/" + any_name();
  const std::string path = any_path();
  both(fmt::format("symlink {} {}", target, path), [&](const Side& side, bool) {
    const std::string there = is_absolute ? side.of(target) : target;
    return side.calls.symlinkat(there.c_str(), AT_FDCWD, side.of(path).c_str());
  });
}

void RandomCalls::read_link() {
  std::array<std::string, 2> targets;
  const auto outcomes =
      both_at("readlink", any_place(),
              [&](const PosixCalls& calls, int base, const char* path, bool is_ours) {
                std::string& target = targets[is_ours ? 0 : 1];
                target.resize(5000);
                const ssize_t bytes = calls.readlinkat(base, path, target.data(), target.size());
                target.resize(static_cast<std::size_t>(std::max<ssize_t>(bytes, 0)));
                return bytes;
              });
  if (outcomes[0].result < 0 || outcomes[1].result < 0) return;
  for (const bool is_ours : {true, false}) {
    std::string& target = targets[is_ours ? 0 : 1];
    if (target.front() == '/') target.erase(0, (is_ours ? ours_ : theirs_).root.size());
  }
  if (targets[0] != targets[1]) {
    differ(fmt::format("a link leads to {} instead of {}", targets[0], targets[1]));
  }
}

void RandomCalls::look() {
  const int flags = pick(2) == 0 ? AT_SYMLINK_NOFOLLOW : 0;
  const Place place = any_place();
  std::array<struct stat, 2> status{};
  const auto outcomes =
      both_at("stat", place, [&](const PosixCalls& calls, int base, const char* path, bool ours) {
        return calls.fstatat(base, path, &status[ours ? 0 : 1], flags);
      });
  if (outcomes[0].result == 0) compare("stat " + place.path, status[0], status[1]);
}

void RandomCalls::change_mode() {
  const auto mode = static_cast<mode_t>(0700 | pick(512) | (pick(8) == 0 ? 06000 : 0));
  if (pick(4) == 0) {
    const Handle& handle = any_handle();
    both("fchmod",
         [&](const Side& side, bool ours) { return side.calls.fchmod(handle.of(ours), mode); });
    return;
  }
  both_at(fmt::format("chmod {:o}", mode), any_place(),
          [=](const PosixCalls& calls, int base, const char* path, bool) {
            return calls.fchmodat(base, path, mode, 0);
          });
}

void RandomCalls::change_owner() {
  // Only root gives files away.
  const bool is_root = ::geteuid() == 0;
  const auto uid = is_root ? static_cast<uid_t>(pick(3)) : static_cast<uid_t>(-1);
  const auto gid = is_root ? static_cast<gid_t>(pick(3)) : static_cast<gid_t>(-1);
  const int flags = pick(2) == 0 ? AT_SYMLINK_NOFOLLOW : 0;
  both_at("chown", any_place(), [=](const PosixCalls& calls, int base, const char* path, bool) {
    return calls.fchownat(base, path, uid, gid, flags);
  });
}

void RandomCalls::set_times() {
  timespec times[2] = {};
  for (timespec& time : times) {
    time.tv_sec = static_cast<time_t>(pick(1'000'000));
    time.tv_nsec = static_cast<long>(pick(1'000'000'000));
    const std::uint64_t kind = pick(10);
    if (kind == 0) time.tv_nsec = UTIME_NOW;
    if (kind == 1) time.tv_nsec = UTIME_OMIT;
    if (kind == 2 && pick(5) == 0) time.tv_nsec = -1;
  }
  if (pick(4) == 0) {
    const Handle& handle = any_handle();
    both("futimens",
         [&](const Side& side, bool ours) { return side.calls.futimens(handle.of(ours), times); });
    return;
  }
  const int flags = pick(4) == 0 ? AT_SYMLINK_NOFOLLOW : 0;
  both_at("utimens", any_place(), [&](const PosixCalls& calls, int base, const char* path, bool) {
    return calls.utimensat(base, path, times, flags);
  });
}

void RandomCalls::ask_access() {
  const auto mode = static_cast<int>(pick(9));
  both_at(fmt::format("access {}", mode), any_place(),
          [=](const PosixCalls& calls, int base, const char* path, bool) {
            return calls.faccessat(base, path, mode, 0);
          });
}

void RandomCalls::list() {
  const std::string path = pick(4) == 0 ? "/" : any_path();
  std::array<std::map<std::string, int>, 2> names;
  both("the list of " + path, [&](const Side& side, bool ours) {
    return side.calls.list(side.of(path).c_str(), names[ours ? 0 : 1]);
  });
  if (names[0] != names[1]) differ("the names in " + path);
}

void RandomCalls::set_extended() {
  if (!has_extended_) return;
  const std::string path = any_path();
  const std::string name = "user." + any_name();
  const std::string value = any_bytes(pick(60));
  const int flags = std::array<int, 4>{0, 0, XATTR_CREATE, XATTR_REPLACE}[pick(4)];
  const bool removes = pick(4) == 0;
  both(fmt::format("{} of {} on {}", removes ? "removexattr" : "setxattr", name, path),
       [&](const Side& side, bool) {
         const std::string there = side.of(path);
         if (removes) return side.calls.removexattr(there.c_str(), name.c_str());
         return side.calls.setxattr(there.c_str(), name.c_str(), value.data(), value.size(), flags);
       });
}

void RandomCalls::get_extended() {
  if (!has_extended_) return;
  const std::string path = any_path();
  const std::string name = "user." + any_name();
  const std::size_t room = std::array<std::size_t, 3>{0, 10, 100}[pick(3)];
  std::array<std::string, 2> values;
  const std::string what = fmt::format("getxattr {} of {}", name, path);
  expect_same_result(what, both(what, [&](const Side& side, bool ours) {
                       std::string& value = values[ours ? 0 : 1];
                       value.resize(room);
                       return side.calls.getxattr(side.of(path).c_str(), name.c_str(), value.data(),
                                                  room);
                     }));
  if (values[0] != values[1]) differ("the value of " + what);
}

void RandomCalls::list_extended() {
  if (!has_extended_) return;
  const std::string path = any_path();
  std::array<std::string, 2> lists;
  const std::string what = "listxattr " + path;
  expect_same_result(what, both(what, [&](const Side& side, bool ours) {
                       std::string& list = lists[ours ? 0 : 1];
                       list.resize(1000);
                       return side.calls.listxattr(side.of(path).c_str(), list.data(), list.size());
                     }));
  // In any order.
  for (std::string& list : lists) std::sort(list.begin(), list.end());
  if (lists[0] != lists[1]) differ("the names of " + what);
}

}  // namespace mayfly
