#include "cli/doctor/scratch.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "base/errc.h"
#include "base/units.h"

namespace mayfly {
namespace {

/// Less than this and not even the smallest file system is of use.
constexpr std::uint64_t kLeastFreeBytes = 64 * kMiB;
constexpr const char* kName = "scratch";

// Not in linux/magic.h.
constexpr std::uint64_t kLustreMagic = 0x0BD00BD0;
constexpr std::uint64_t kBeegfsMagic = 0x19830326;
constexpr std::uint64_t kGpfsMagic = 0x47504653;
constexpr std::uint64_t kFuseMagic = 0x65735546;
constexpr std::uint64_t kZfsMagic = 0x2FC12FC1;

struct KnownFileSystem {
  std::uint64_t magic;
  const char* name;
  bool is_shared;
};
constexpr std::array<KnownFileSystem, 12> kKnown = {{
    {EXT4_SUPER_MAGIC, "ext4", false},
    {XFS_SUPER_MAGIC, "xfs", false},
    {BTRFS_SUPER_MAGIC, "btrfs", false},
    {kZfsMagic, "zfs", false},
    {TMPFS_MAGIC, "tmpfs", false},
    {OVERLAYFS_SUPER_MAGIC, "overlayfs", false},
    {kFuseMagic, "fuse", false},
    {NFS_SUPER_MAGIC, "nfs", true},
    {CEPH_SUPER_MAGIC, "ceph", true},
    {kLustreMagic, "lustre", true},
    {kBeegfsMagic, "beegfs", true},
    {kGpfsMagic, "gpfs", true},
}};

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> parts;
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    if (comma != 0) parts.emplace_back(list.substr(0, comma));
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
  }
  return parts;
}

Check problem(const std::string& found, const std::string& advice) {
  return {kName, Verdict::problem, found, advice};
}

Check refused(const std::string& directory, int error) {
  const std::string found = directory + ": " + describe(errc_from(error));
  const std::string other = "name another with --scratch or MAYFLY_SCRATCH.";
  switch (error) {
    case ENOENT:
      return problem(found, "create the directory, or " + other);
    case ENOTDIR:
      return problem(found, "name a directory with --scratch or MAYFLY_SCRATCH.");
    case EACCES:
    case EPERM:
      return problem(found, "let this user write there, or " + other);
    case ENOSPC:
    case EDQUOT:
      return problem(found, "free space there, or " + other);
    default:
      return problem(found, other);
  }
}

/// Opens a file that has no name, or none any more, for writing; a negative errno if it cannot.
int open_probe(const std::string& directory, int flags, bool unnamed) {
  const int all = O_RDWR | O_CLOEXEC | flags;
  if (unnamed) {
    const int descriptor = ::open(directory.c_str(), all | O_TMPFILE, 0600);
    return descriptor >= 0 ? descriptor : -errno;
  }
  std::string path = directory + "/mayfly-doctor-XXXXXX";
  const int descriptor = ::mkostemp(path.data(), all & ~O_RDWR);
  if (descriptor < 0) return -errno;
  ::unlink(path.c_str());
  return descriptor;
}

/// errno of writing one page; 0 if it works. Closes the descriptor, which may be a negative errno.
int write_page(int descriptor) {
  if (descriptor < 0) return -descriptor;
  const std::unique_ptr<void, decltype(&std::free)> page(std::aligned_alloc(kPageBytes, kPageBytes),
                                                         &std::free);
  std::fill_n(static_cast<char*>(page.get()), kPageBytes, '\0');
  const ssize_t written = ::pwrite(descriptor, page.get(), kPageBytes, 0);
  const int error = written < 0 ? errno : (written < ssize_t{kPageBytes} ? ENOSPC : 0);
  ::close(descriptor);
  return error;
}

/// The directory to look at for `place`, or why the place cannot be used.
std::pair<std::string, std::optional<Check>> find_directory(const ScratchPlace& place) {
  const std::string& directory = place.directory;
  struct stat status {};
  const int outcome =
      place.is_private ? ::lstat(directory.c_str(), &status) : ::stat(directory.c_str(), &status);
  if (outcome != 0 && errno == ENOENT && place.is_private) {
    return {std::filesystem::path(directory).parent_path().string(), std::nullopt};
  }
  if (outcome != 0) return {directory, refused(directory, errno)};
  if (!S_ISDIR(status.st_mode)) return {directory, refused(directory, ENOTDIR)};
  if (place.is_private && (status.st_uid != ::getuid() || (status.st_mode & 0077) != 0)) {
    return {directory, problem(directory + " is not this user's alone",
                               "remove it or make it 0700 and yours, or name another with "
                               "--scratch or MAYFLY_SCRATCH.")};
  }
  return {directory, std::nullopt};
}

Check check_file_system(const ScratchPlace& place, const struct statfs& system) {
  const std::string type = file_system_name(static_cast<std::uint64_t>(system.f_type));
  const std::uint64_t free_bytes =
      std::uint64_t{system.f_bavail} * static_cast<std::uint64_t>(system.f_bsize);
  const std::string found =
      fmt::format("{}: {}, {} free", place.directory, type, format_bytes(free_bytes));
  if (free_bytes < kLeastFreeBytes) {
    return problem(found, fmt::format("free at least {} there, or name another with --scratch or "
                                      "MAYFLY_SCRATCH.",
                                      format_bytes(kLeastFreeBytes)));
  }
  if (is_shared_file_system(type)) {
    return {kName, Verdict::fallback, found,
            "it is used, but it is no node-local drive; name one with --scratch."};
  }
  if (type == "tmpfs") {
    return {kName, Verdict::fallback, found,
            "it is used, but files in it take memory; name a directory on a drive with --scratch."};
  }
  return {kName, Verdict::ok, found};
}

Check check_direct_io(const std::string& directory, bool unnamed) {
  const int error = write_page(open_probe(directory, O_DIRECT, unnamed));
  if (error == 0) return {"direct I/O", Verdict::ok, directory + ": O_DIRECT works"};
  return {"direct I/O", Verdict::fallback,
          directory + ": O_DIRECT is refused: " + describe(errc_from(error)),
          "I/O goes through the page cache; ext4 and xfs have O_DIRECT."};
}

}  // namespace

ScratchEnvironment scratch_environment() {
  return {environment("MAYFLY_SCRATCH"), environment("TMPDIR"),
          fmt::format("/tmp/mayfly-{}", ::getuid())};
}

std::vector<ScratchPlace> choose_scratch_places(const std::string& option,
                                                const ScratchEnvironment& environment) {
  std::vector<std::string> listed = split(option);
  if (listed.empty()) listed = split(environment.mayfly_scratch);
  if (listed.empty() && !environment.tmpdir.empty()) listed.push_back(environment.tmpdir);
  if (listed.empty()) return {{environment.private_folder, true}};
  std::vector<ScratchPlace> places;
  for (std::string& directory : listed) places.push_back({std::move(directory), false});
  return places;
}

std::string file_system_name(std::uint64_t magic) {
  for (const KnownFileSystem& known : kKnown) {
    if (known.magic == magic) return known.name;
  }
  return fmt::format("file system {:#x}", magic);
}

bool is_shared_file_system(const std::string& name) {
  for (const KnownFileSystem& known : kKnown) {
    if (known.name == name) return known.is_shared;
  }
  return false;
}

std::vector<Check> check_scratch(const ScratchPlace& place) {
  const auto [directory, why_not] = find_directory(place);
  if (why_not) return {*why_not};
  struct statfs system {};
  if (::statfs(directory.c_str(), &system) != 0) return {refused(directory, errno)};

  const bool has_unnamed = write_page(open_probe(directory, 0, true)) == 0;
  if (!has_unnamed) {
    const int error = write_page(open_probe(directory, 0, false));
    if (error != 0) return {refused(directory, error)};
  }
  std::vector<Check> checks = {check_file_system(place, system),
                               check_direct_io(directory, has_unnamed)};
  if (has_unnamed) {
    checks.push_back({"unnamed files", Verdict::ok, directory + ": O_TMPFILE works"});
  } else {
    checks.push_back({"unnamed files", Verdict::fallback, directory + ": no O_TMPFILE",
                      "the data file is made and its name removed at once."});
  }
  return checks;
}

}  // namespace mayfly
