#include "staging/verify.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <mutex>
#include <thread>

#include "staging/manifest.h"
#include "staging/open_file.h"
#include "staging/whole_io.h"
#include "staging/work_queue.h"

namespace mayfly {
namespace {

using Type = ManifestEntry::Type;

bool is_type(Type type, mode_t mode) {
  if (type == Type::directory) return S_ISDIR(mode);
  if (type == Type::symbolic_link) return S_ISLNK(mode);
  return S_ISREG(mode);
}

class Verification {
 public:
  Verification(const FileCalls& calls, const VerifyOptions& options, Progress& progress,
               VerifyObserver& observer)
      : calls_(calls), options_(options), progress_(progress), observer_(observer) {}

  void run(const Manifest::Entries& entries) {
    for (const auto& [path, entry] : entries) {
      ++progress_.files_found;
      progress_.bytes_found += entry.size;
    }
    progress_.all_found = true;
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < options_.threads; ++i) threads.emplace_back([this] { work(); });
    for (const auto& [path, entry] : entries) queue_.push(&entry);
    queue_.close();
    for (std::thread& thread : threads) thread.join();
  }

 private:
  void work() {
    std::vector<std::byte> buffer(kDigestBlockBytes);
    while (const auto entry = queue_.pop()) {
      const std::string how = compare(**entry, buffer);
      ++progress_.files_done;
      if (how.empty()) continue;
      const std::lock_guard lock(telling_);
      ++progress_.failures;
      observer_.differs(join_path(options_.base, (*entry)->path), how);
    }
  }

  /// Empty: as it should be.
  std::string compare(const ManifestEntry& entry, MutableBytes buffer) {
    const std::string path = join_path(options_.base, entry.path);
    struct stat there {};
    if (calls_.lstat(path.c_str(), &there) != 0) return describe(errc_from(errno));
    if (!is_type(entry.type, there.st_mode)) return "is of another kind";
    if (entry.type == Type::symbolic_link) return compare_target(entry, path);
    if (entry.type == Type::hard_link) {
      struct stat target {};
      const std::string other = join_path(options_.base, entry.target);
      const bool is_same =
          calls_.lstat(other.c_str(), &target) == 0 && target.st_ino == there.st_ino;
      return is_same ? "" : "is not the same file as " + other;
    }
    if ((there.st_mode & 07777) != entry.mode) {
      return fmt::format("has mode {:04o}, not {:04o}", there.st_mode & 07777, entry.mode);
    }
    return entry.type == Type::file ? compare_bytes(entry, path, there, buffer) : "";
  }

  std::string compare_target(const ManifestEntry& entry, const std::string& path) const {
    const auto target = target_of(calls_, path);
    if (!target) return describe(target.error());
    return *target == entry.target ? "" : "leads to " + *target + ", not to " + entry.target;
  }

  std::string compare_bytes(const ManifestEntry& entry, const std::string& path,
                            const struct stat& there, MutableBytes buffer) {
    const auto size = static_cast<std::uint64_t>(there.st_size);
    if (size != entry.size) return fmt::format("has {} bytes, not {}", size, entry.size);
    auto file = OpenFile::open(calls_, path, O_RDONLY | O_NOFOLLOW);
    if (!file) return describe(file.error());
    std::vector<Digest> blocks;
    for (std::uint64_t begin = 0; begin < size; begin += kDigestBlockBytes) {
      const MutableBytes into = buffer.first(std::min(kDigestBlockBytes, size - begin));
      const auto got = read_fully(calls_, file->descriptor(), into, begin);
      if (!got) return describe(got.error());
      if (*got < into.size()) return "has become shorter";
      blocks.push_back(Digest::of(into));
      progress_.bytes_done += into.size();
      const std::size_t block = blocks.size() - 1;
      if (block < entry.blocks.size() && entry.blocks[block] != blocks.back()) {
        return fmt::format("differs in bytes {} to {}", begin, begin + into.size() - 1);
      }
    }
    return Digest::of_blocks(blocks) == entry.digest ? "" : "differs in its bytes";
  }

  const FileCalls& calls_;
  const VerifyOptions& options_;
  Progress& progress_;
  VerifyObserver& observer_;
  WorkQueue<const ManifestEntry*> queue_{1024};
  std::mutex telling_;
};

}  // namespace

Result<bool, Failure> verify(const FileCalls& calls, const VerifyOptions& options,
                             Progress& progress, VerifyObserver& observer) {
  struct stat there {};
  if (calls.lstat(options.manifest.c_str(), &there) != 0) {
    const Errc code = errc_from(errno);
    return Failure{code, fmt::format("{} cannot be read ({}).", options.manifest, describe(code))};
  }
  const auto manifest = Manifest::read(calls, options.manifest);
  if (!manifest) {
    const bool is_other = manifest.error() == Errc::bad_message;
    return Failure{manifest.error(),
                   fmt::format("{} {}.", options.manifest,
                               is_other ? std::string("is no manifest of MayflyFS")
                                        : "cannot be read (" + describe(manifest.error()) + ")")};
  }
  Verification(calls, options, progress, observer).run(manifest->entries);
  if (!manifest->is_finished) {
    ++progress.failures;
    observer.differs(options.manifest, "is of a copy that was not finished");
  }
  return progress.failures == 0;
}

}  // namespace mayfly
