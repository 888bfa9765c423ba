// Random operations on a tree of directories, files, hard and symbolic links, by several clients of
// 1 to 4 servers while messages are late and clients die; each errno, attribute and listing is
// compared with what the local file system says to the same call.
#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdio.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <map>
#include <random>
#include <set>

#include "support/reference_directory.h"
#include "support/sim_cluster.h"

namespace mayfly {
namespace {

/// Operations per seed. More by $MAYFLY_MODEL_STEPS.
int steps() {
  const char* asked = ::getenv("MAYFLY_MODEL_STEPS");
  return asked != nullptr ? std::atoi(asked) : 10000;
}

class NamespaceOperationsTest : public ::testing::TestWithParam<std::uint32_t> {
 protected:
  NamespaceOperationsTest() : random_(seed()), cluster_(options()) {
    cluster_.network().set_max_delay(3);
    for (int i = 0; i < 3; ++i) clients_.push_back(&cluster_.add_client());
    ::umask(0);
  }

  static std::uint64_t seed() { return 7000 + GetParam(); }
  static SimOptions options() {
    SimOptions options;
    options.servers = 1 + GetParam() % 4;
    options.seed = seed();
    return options;
  }
  std::uint64_t pick(std::uint64_t below) { return random_() % below; }
  Session& any_client() { return *clients_[pick(clients_.size())]; }

  std::string any_name() { return std::string(1, static_cast<char>('a' + pick(5))); }
  /// One to four names, some with what a path may have beside names.
  std::string any_path() {
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

  void expect(const std::string& call, const Status& ours, int theirs) {
    const int expected = theirs < 0 ? errno : 0;
    ASSERT_EQ(to_errno(to_errc(ours)), expected)
        << call << ": " << describe(to_errc(ours)) << " instead of " << std::strerror(expected);
  }

  void make_directory() {
    const std::string path = any_path();
    Session& client = any_client();
    const Status made = cluster_.run(client, client.make_directory(path, 0755));
    expect("mkdir " + path, made, ::mkdir(local_.of(path).c_str(), 0755));
  }
  void remove_directory() {
    const std::string path = any_path();
    Session& client = any_client();
    const Status removed = cluster_.run(client, client.remove_directory(path));
    expect("rmdir " + path, removed, ::rmdir(local_.of(path).c_str()));
  }
  void remove_file() {
    const std::string path = any_path();
    Session& client = any_client();
    const Status removed = cluster_.run(client, client.remove_file(path));
    expect("unlink " + path, removed, ::unlink(local_.of(path).c_str()));
  }
  void open() {
    const std::string path = any_path();
    int flags = std::array{O_RDONLY, O_WRONLY, O_RDWR}[pick(3)];
    if (pick(2) == 0) flags |= O_CREAT;
    if (pick(4) == 0) flags |= O_EXCL;
    if (pick(8) == 0) flags |= O_TRUNC;
    if (pick(8) == 0) flags |= O_NOFOLLOW;
    if (pick(8) == 0 && (flags & O_CREAT) == 0) flags |= O_DIRECTORY;
    Session& client = any_client();
    auto ours = cluster_.run(client, File::open(client, path, flags, 0640));
    const int theirs = ::open(local_.of(path).c_str(), flags, 0640);
    const std::string call = "open " + path + " flags " + std::to_string(flags);
    ASSERT_NO_FATAL_FAILURE(expect(call, ours ? Status() : Status(ours.error()), theirs));
    if (!ours) return;
    if ((flags & O_ACCMODE) != O_RDONLY) {
      // Content that no other file has tells which file a name leads to.
      const std::string content = std::to_string(++contents_);
      const auto bytes = std::as_bytes(std::span(content));
      ASSERT_TRUE(cluster_.run(client, (*ours)->pwrite(bytes, 0)));
      ASSERT_EQ(::pwrite(theirs, content.data(), content.size(), 0),
                static_cast<ssize_t>(content.size()));
    }
    ASSERT_TRUE(cluster_.run(client, (*ours)->close()));
    ::close(theirs);
  }
  void rename() {
    const std::string from = any_path();
    const std::string to = any_path();
    const unsigned flags =
        std::array{0U, 0U, 0U, unsigned{RENAME_NOREPLACE}, unsigned{RENAME_EXCHANGE}}[pick(5)];
    Session& client = any_client();
    const Status renamed = cluster_.run(client, client.rename(from, to, flags));
    const int theirs =
        ::renameat2(AT_FDCWD, local_.of(from).c_str(), AT_FDCWD, local_.of(to).c_str(), flags);
    expect("rename " + from + " " + to + " flags " + std::to_string(flags), renamed, theirs);
  }
  void link() {
    const std::string from = any_path();
    const std::string to = any_path();
    const bool follows = pick(2) == 0;
    Session& client = any_client();
    const Status linked = cluster_.run(client, client.link(from, to, follows));
    const int theirs = ::linkat(AT_FDCWD, local_.of(from).c_str(), AT_FDCWD, local_.of(to).c_str(),
                                follows ? AT_SYMLINK_FOLLOW : 0);
    expect("link " + from + " " + to, linked, theirs);
  }
  void make_symbolic_link() {
    const std::string path = any_path();
    const bool is_absolute = pick(2) == 0;
    // A relative one has no "..", which could lead out of the local directory.
    const std::string target = is_absolute ? any_path() : any_name() + "/" + any_name();
    Session& client = any_client();
    const Status made = cluster_.run(client, client.make_symbolic_link(target, path));
    const std::string there = is_absolute ? local_.of(target) : target;
    expect("symlink " + target + " " + path, made,
           ::symlink(there.c_str(), local_.of(path).c_str()));
  }
  void read_link() {
    const std::string path = any_path();
    Session& client = any_client();
    const auto target = cluster_.run(client, client.read_link(path));
    std::string there(8192, ' ');
    const ssize_t bytes = ::readlink(local_.of(path).c_str(), there.data(), there.size());
    ASSERT_NO_FATAL_FAILURE(expect("readlink " + path, target ? Status() : Status(target.error()),
                                   static_cast<int>(bytes)));
    if (!target) return;
    there.resize(static_cast<std::size_t>(bytes));
    ASSERT_EQ(target->front() == '/' ? local_.of(*target) : *target, there);
  }
  void stat() {
    const std::string path = any_path();
    const bool follows = pick(2) == 0;
    Session& client = any_client();
    const auto ours = cluster_.run(client, client.stat(path, follows));
    struct stat theirs {};
    const int result = follows ? ::stat(local_.of(path).c_str(), &theirs)
                               : ::lstat(local_.of(path).c_str(), &theirs);
    ASSERT_NO_FATAL_FAILURE(expect((follows ? "stat " : "lstat ") + path,
                                   ours ? Status() : Status(ours.error()), result));
    if (ours) compare(path, *ours, theirs);
  }
  void change_mode() {
    const std::string path = any_path();
    ChangeBody change;
    change.mask = kMode;
    change.mode = static_cast<std::uint32_t>(0700 | pick(64));
    Session& client = any_client();
    const Status changed = cluster_.run(client, client.change_attributes(path, change));
    expect("chmod " + path, changed, ::chmod(local_.of(path).c_str(), change.mode));
  }

  void compare(const std::string& path, const Attributes& ours, const struct stat& theirs) {
    EXPECT_EQ(ours.mode, theirs.st_mode) << path;
    EXPECT_EQ(ours.nlink, theirs.st_nlink) << path;
    if (S_ISREG(ours.mode)) {
      EXPECT_EQ(ours.size, static_cast<std::uint64_t>(theirs.st_size)) << path;
    }
  }

  std::set<std::string> names_in(const std::string& path) {
    std::set<std::string> names;
    Session& client = any_client();
    auto directory = cluster_.run(client, Directory::open(client, path + "/"));
    EXPECT_TRUE(directory) << path;
    while (directory) {
      auto item = cluster_.run(client, (*directory)->next());
      EXPECT_TRUE(item) << path;
      if (!item || !item->has_value()) break;
      const std::string name = (*item)->name;
      if (name == "." || name == "..") continue;
      EXPECT_TRUE(names.insert(name).second) << path << " has a name twice";
    }
    return names;
  }
  std::set<std::string> local_names_in(const std::string& path) {
    std::set<std::string> names;
    DIR* const directory = ::opendir(local_.of(path).c_str());
    while (const dirent* entry = ::readdir(directory)) {
      const std::string name = entry->d_name;
      if (name != "." && name != "..") names.insert(name);
    }
    ::closedir(directory);
    return names;
  }
  std::string content_of(const std::string& path) {
    Session& client = any_client();
    auto file = cluster_.run(client, File::open(client, path, O_RDONLY, 0));
    EXPECT_TRUE(file) << path;
    if (!file) return "";
    std::string content(100, ' ');
    const auto bytes = std::as_writable_bytes(std::span(content));
    const auto count = cluster_.run(client, (*file)->pread(bytes, 0));
    EXPECT_TRUE(count) << path;
    content.resize(count ? *count : 0);
    EXPECT_TRUE(cluster_.run(client, (*file)->close()));
    return content;
  }
  std::string local_content_of(const std::string& path) {
    std::string content(100, ' ');
    const int fd = ::open(local_.of(path).c_str(), O_RDONLY);
    const ssize_t count = ::read(fd, content.data(), content.size());
    ::close(fd);
    content.resize(static_cast<std::size_t>(std::max<ssize_t>(0, count)));
    return content;
  }

  /// Names, types, contents, and which names are the same file.
  void compare_trees(const std::string& path) {
    const std::set<std::string> names = names_in(path);
    ASSERT_EQ(names, local_names_in(path)) << "in " << path << "/";
    for (const std::string& name : names) {
      const std::string below = path + "/" + name;
      Session& client = any_client();
      const auto ours = cluster_.run(client, client.stat(below, false));
      struct stat theirs {};
      ASSERT_EQ(::lstat(local_.of(below).c_str(), &theirs), 0);
      ASSERT_TRUE(ours) << below;
      compare(below, *ours, theirs);
      ASSERT_EQ(same_.try_emplace(theirs.st_ino, ours->id).first->second, ours->id) << below;
      if (ours->is_directory()) {
        ASSERT_NO_FATAL_FAILURE(compare_trees(below));
      } else if (S_ISREG(ours->mode)) {
        ASSERT_EQ(content_of(below), local_content_of(below)) << below;
      }
    }
  }

  /// A change of the tree, and the same on the local one.
  struct Change {
    std::string what;
    std::function<Task<Status>(Session&)> ours;
    std::function<void()> theirs;
  };
  static Task<Status> create(Session& client, std::string path) {
    const auto file = co_await File::open(client, path, O_WRONLY | O_CREAT, 0640);
    co_return to_status(to_errc(file));
  }
  Change any_change() {
    const std::string path = any_path();
    const std::string to = any_path();
    const std::string here = local_.of(path);
    const std::string there = local_.of(to);
    switch (pick(6)) {
      case 0:
        return {"mkdir " + path, [=](Session& s) { return s.make_directory(path, 0755); },
                [=] { ::mkdir(here.c_str(), 0755); }};
      case 1:
        return {"rmdir " + path, [=](Session& s) { return s.remove_directory(path); },
                [=] { ::rmdir(here.c_str()); }};
      case 2:
        return {"unlink " + path, [=](Session& s) { return s.remove_file(path); },
                [=] { ::unlink(here.c_str()); }};
      case 3:
        return {"link " + path + " " + to, [=](Session& s) { return s.link(path, to, false); },
                [=] { ::link(here.c_str(), there.c_str()); }};
      case 4:
        return {"create " + path, [=](Session& s) { return create(s, path); },
                [=] { ::close(::open(here.c_str(), O_WRONLY | O_CREAT, 0640)); }};
      default: {
        const unsigned flags = pick(3) == 0 ? unsigned{RENAME_EXCHANGE} : 0U;
        return {"rename " + path + " " + to, [=](Session& s) { return s.rename(path, to, flags); },
                [=] { ::renameat2(AT_FDCWD, here.c_str(), AT_FDCWD, there.c_str(), flags); }};
      }
    }
  }

  /// Every path with its mode and links, what it holds or leads to, and the first path that leads
  /// to the same file.
  using Tree = std::map<std::string, std::string>;
  void add_below(const std::string& path, bool is_ours, Tree& tree,
                 std::map<std::string, std::string>& first) {
    for (const std::string& name : is_ours ? names_in(path) : local_names_in(path)) {
      const std::string below = path + "/" + name;
      std::string id;
      const struct stat status = is_ours ? look(below, id) : look_locally(below, id);
      std::string text = std::to_string(status.st_mode) + " " + std::to_string(status.st_nlink);
      text += " " + first.try_emplace(id, below).first->second;
      if (S_ISREG(status.st_mode)) text += is_ours ? content_of(below) : local_content_of(below);
      if (S_ISLNK(status.st_mode)) text += is_ours ? target_of(below) : local_target_of(below);
      tree[below] = text;
      if (S_ISDIR(status.st_mode)) add_below(below, is_ours, tree, first);
    }
  }
  struct stat look(const std::string& path, std::string& id) {
    Session& client = any_client();
    const auto attributes = cluster_.run(client, client.stat(path, false));
    EXPECT_TRUE(attributes) << path;
    struct stat status {};
    if (!attributes) return status;
    status.st_mode = attributes->mode;
    status.st_nlink = attributes->nlink;
    id = std::to_string(attributes->id.serial) + " " + std::to_string(attributes->id.home());
    return status;
  }
  struct stat look_locally(const std::string& path, std::string& id) {
    struct stat status {};
    EXPECT_EQ(::lstat(local_.of(path).c_str(), &status), 0) << path;
    id = std::to_string(status.st_ino);
    return status;
  }
  std::string target_of(const std::string& path) {
    Session& client = any_client();
    const auto target = cluster_.run(client, client.read_link(path));
    EXPECT_TRUE(target) << path;
    return target ? *target : "";
  }
  std::string local_target_of(const std::string& path) {
    std::string target = std::filesystem::read_symlink(local_.of(path));
    if (target.starts_with(local_.root())) target.erase(0, local_.root().size());
    return target;
  }
  Tree tree(bool is_ours) {
    Tree tree;
    std::map<std::string, std::string> first;
    add_below("", is_ours, tree, first);
    return tree;
  }

  /// A client dies in the middle of a change: that has happened, or it has not.
  void die_in_the_middle() {
    const std::size_t which = pick(clients_.size());
    Session& victim = *clients_[which];
    const Change change = any_change();
    {
      Task<Status> task = change.ours(victim);
      ReadyQueue::Scope scope(victim.loop().ready());
      task.start(nullptr);
      for (std::uint64_t turns = pick(40); turns > 0 && !task.done(); --turns) cluster_.turn();
      cluster_.kill_client(victim);
    }
    clients_[which] = &cluster_.add_client();
    cluster_.settle();
    const Tree now = tree(true);
    if (now == tree(false)) return;
    ++done_by_the_dead_;
    change.theirs();
    ASSERT_EQ(now, tree(false)) << "half of " << change.what;
  }

  void any_operation() {
    if (pick(150) == 0) return die_in_the_middle();
    const std::uint64_t choice = pick(100);
    if (choice < 14) return make_directory();
    if (choice < 19) return remove_directory();
    if (choice < 25) return remove_file();
    if (choice < 43) return open();
    if (choice < 65) return rename();
    if (choice < 72) return link();
    if (choice < 78) return make_symbolic_link();
    if (choice < 82) return read_link();
    if (choice < 97) return stat();
    change_mode();
  }

  ReferenceDirectory local_;
  std::mt19937_64 random_;
  SimCluster cluster_;
  std::vector<Session*> clients_;
  std::uint64_t contents_ = 0;
  int done_by_the_dead_ = 0;
  std::map<ino_t, FileId> same_;
};

TEST_P(NamespaceOperationsTest, EveryResultIsThatOfTheLocalFileSystem) {
  for (int step = 0; step < steps(); ++step) {
    SCOPED_TRACE("seed " + std::to_string(seed()) + ", step " + std::to_string(step));
    any_operation();
    if (HasFailure()) return;
    if (step % 500 != 499) continue;
    same_.clear();
    compare_trees("");
    cluster_.settle();
    const auto whole = cluster_.check();
    ASSERT_TRUE(whole) << whole.error().sentence;
    if (HasFailure()) return;
  }
  EXPECT_GT(done_by_the_dead_, 0);
}

INSTANTIATE_TEST_SUITE_P(Seeds, NamespaceOperationsTest, ::testing::Range(0U, 8U));

}  // namespace
}  // namespace mayfly
