#include "support/random_calls.h"

#include <fmt/format.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace mayfly {
namespace {

/// Times before this are those that set_times has set; all others are the clock's, and differ.
constexpr time_t kClockBegins = 1'000'000'000;
/// Of longer files the beginning and the end are compared.
constexpr std::size_t kComparedBytes = 256 * 1024;

bool same_time(const timespec& ours, const timespec& theirs) {
  if (ours.tv_sec >= kClockBegins && theirs.tv_sec >= kClockBegins) return true;
  return ours.tv_sec == theirs.tv_sec && ours.tv_nsec == theirs.tv_nsec;
}

bool has_extended_attributes(const std::string& path) {
  return ::setxattr(path.c_str(), "user.probe", "", 0, 0) == 0 &&
         ::removexattr(path.c_str(), "user.probe") == 0;
}

bool has_fallocate(const std::string& directory) {
  const std::string path = directory + "/probe";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT, 0600);
  const bool works = ::fallocate(fd, 0, 0, 4096) == 0 &&
                     ::fallocate(fd, FALLOC_FL_ZERO_RANGE, 0, 4096) == 0 &&
                     ::fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096) == 0;
  ::close(fd);
  ::unlink(path.c_str());
  return works;
}

bool has_relatime(const std::string& path) {
  struct statvfs status {};
  return ::statvfs(path.c_str(), &status) == 0 && (status.f_flag & ST_RELATIME) != 0;
}

}  // namespace

RandomCalls::RandomCalls(std::uint64_t seed, std::string our_root, std::string local_root)
    : random_(seed),
      ours_{calls_of_mayfly(), std::move(our_root)},
      theirs_{calls_of_libc(), std::move(local_root)},
      has_extended_(has_extended_attributes(theirs_.root)),
      can_allocate_(has_fallocate(theirs_.root)),
      shows_reading_(has_relatime(theirs_.root)) {}

void RandomCalls::close_all() {
  for (Handle& handle : handles_) {
    if (handle.ours >= 0) ours_.calls.close(handle.ours);
    if (handle.theirs >= 0) theirs_.calls.close(handle.theirs);
    handle = {};
  }
}

std::optional<std::string> RandomCalls::step() {
  using Operation = void (RandomCalls::*)();
  static constexpr std::pair<int, Operation> kOperations[] = {{14, &RandomCalls::open},
                                                              {5, &RandomCalls::close_any},
                                                              {8, &RandomCalls::read},
                                                              {10, &RandomCalls::write},
                                                              {2, &RandomCalls::seek},
                                                              {2, &RandomCalls::truncate},
                                                              {1, &RandomCalls::truncate_by_path},
                                                              {3, &RandomCalls::allocate},
                                                              {1, &RandomCalls::sync},
                                                              {3, &RandomCalls::look_at_handle},
                                                              {10, &RandomCalls::look},
                                                              {7, &RandomCalls::make_directory},
                                                              {7, &RandomCalls::remove},
                                                              {10, &RandomCalls::rename},
                                                              {4, &RandomCalls::link},
                                                              {4, &RandomCalls::make_symbolic_link},
                                                              {2, &RandomCalls::read_link},
                                                              {3, &RandomCalls::change_mode},
                                                              {2, &RandomCalls::change_owner},
                                                              {6, &RandomCalls::set_times},
                                                              {1, &RandomCalls::ask_access},
                                                              {3, &RandomCalls::list},
                                                              {2, &RandomCalls::set_extended},
                                                              {2, &RandomCalls::get_extended},
                                                              {1, &RandomCalls::list_extended},
                                                              {2, &RandomCalls::lock_whole},
                                                              {2, &RandomCalls::lock_range}};
  std::uint64_t weights = 0;
  for (const auto& [weight, operation] : kOperations) weights += static_cast<unsigned>(weight);
  auto choice = static_cast<int>(pick(weights));
  for (const auto& [weight, operation] : kOperations) {
    choice -= weight;
    if (choice >= 0) continue;
    (this->*operation)();
    break;
  }
  return difference_;
}

std::string RandomCalls::any_path() {
  std::string path;
  const std::uint64_t depth = 1 + pick(4) * pick(2) + pick(2);
  for (std::uint64_t i = 0; i < depth; ++i) {
    path += "/" + any_name();
    const std::uint64_t choice = pick(60);
    if (choice == 0) path += "/.";
    if (choice == 1) path += "/..";
    if (choice == 2) path += "/";
  }
  return path;
}

RandomCalls::Place RandomCalls::any_place() {
  if (pick(5) != 0) return {nullptr, any_path()};
  return {&any_handle(), any_path().substr(1)};
}

std::string RandomCalls::any_bytes(std::size_t length) {
  std::string bytes(length, '\0');
  std::uint64_t word = random_();
  for (char& c : bytes) c = static_cast<char>((word = word * 6364136223846793005U + 1) >> 56);
  return bytes;
}

/// Mostly small, often at the edge of a page or of a chunk, sometimes far out.
off_t RandomCalls::any_offset() {
  const std::uint64_t kind = pick(40);
  if (kind == 0) return static_cast<off_t>((std::uint64_t{1} << 35) + pick(1 << 20));
  if (kind < 10) return static_cast<off_t>(pick(20) * 65536 + pick(3)) - (kind == 9 ? 1 : 0);
  if (kind < 20) return static_cast<off_t>(pick(60) * 4096 + pick(3));
  return static_cast<off_t>(pick(200'000));
}

std::string RandomCalls::words_of(int error) {
  return error == 0 ? "success" : std::strerror(error);
}

void RandomCalls::differ(const std::string& what) {
  if (!difference_) difference_ = what;
}

void RandomCalls::expect_same_result(const std::string& what,
                                     const std::array<Outcome, 2>& outcomes) {
  if (outcomes[0].result == outcomes[1].result) return;
  differ(fmt::format("{}: {} instead of {}", what, outcomes[0].result, outcomes[1].result));
}

void RandomCalls::compare(const std::string& what, const struct stat& ours,
                          const struct stat& theirs) {
  const auto same = [&](const char* field, auto our_value, auto their_value) {
    if (our_value == their_value) return;
    differ(fmt::format("{}: {} is {} instead of {}", what, field, our_value, their_value));
  };
  same("mode", ours.st_mode, theirs.st_mode);
  same("nlink", ours.st_nlink, theirs.st_nlink);
  same("uid", ours.st_uid, theirs.st_uid);
  same("gid", ours.st_gid, theirs.st_gid);
  if (S_ISREG(theirs.st_mode)) same("size", ours.st_size, theirs.st_size);
  if (!same_time(ours.st_mtim, theirs.st_mtim)) {
    same("mtime", ours.st_mtim.tv_sec, theirs.st_mtim.tv_sec);
  }
  // Ours goes by the times that the file had when it was opened: reading can show less often.
  const bool shows_less =
      ours.st_atim.tv_sec < kClockBegins && theirs.st_atim.tv_sec >= kClockBegins;
  if (shows_reading_ && !shows_less && !same_time(ours.st_atim, theirs.st_atim)) {
    same("atime", ours.st_atim.tv_sec, theirs.st_atim.tv_sec);
  }
}

std::optional<std::string> RandomCalls::compare_trees() {
  std::map<ino_t, ino_t> same;
  compare_directory("", same);
  return difference_;
}

void RandomCalls::compare_directory(const std::string& path, std::map<ino_t, ino_t>& same) {
  std::map<std::string, int> ours;
  std::map<std::string, int> theirs;
  ours_.calls.list(ours_.of(path + "/").c_str(), ours);
  theirs_.calls.list(theirs_.of(path + "/").c_str(), theirs);
  if (ours != theirs) return differ(fmt::format("the names in {}/", path));
  for (const auto& [name, type] : theirs) {
    if (name == "." || name == "..") continue;
    const std::string below = path + "/" + name;
    struct stat our_status {};
    struct stat their_status {};
    const auto looked = both("lstat " + below, [&](const Side& side, bool is_ours) {
      return side.calls.fstatat(AT_FDCWD, side.of(below).c_str(),
                                is_ours ? &our_status : &their_status, AT_SYMLINK_NOFOLLOW);
    });
    if (looked[0].result != 0) continue;
    compare("lstat " + below, our_status, their_status);
    const auto [known, is_new] = same.try_emplace(their_status.st_ino, our_status.st_ino);
    if (known->second != our_status.st_ino) differ(below + " is another file");
    if (type == DT_DIR) compare_directory(below, same);
    if (type == DT_REG) compare_contents(below);
  }
}

void RandomCalls::compare_contents(const std::string& path) {
  std::array<std::string, 2> contents;
  for (const bool is_ours : {true, false}) {
    const Side& side = is_ours ? ours_ : theirs_;
    std::string& content = contents[is_ours ? 0 : 1];
    const int fd = side.calls.openat(AT_FDCWD, side.of(path).c_str(), O_RDONLY, 0);
    const off_t size = side.calls.lseek(fd, 0, SEEK_END);
    content.resize(2 * kComparedBytes);
    const ssize_t head = side.calls.pread(fd, content.data(), kComparedBytes, 0);
    const off_t tail_begin = std::max<off_t>(0, size - static_cast<off_t>(kComparedBytes));
    const ssize_t tail =
        side.calls.pread(fd, content.data() + kComparedBytes, kComparedBytes, tail_begin);
    content += fmt::format("{} {} {}", size, head, tail);
    side.calls.close(fd);
  }
  if (contents[0] != contents[1]) differ("the bytes of " + path);
}

}  // namespace mayfly
