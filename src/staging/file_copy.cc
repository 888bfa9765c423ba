#include "staging/file_copy.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <filesystem>
#include <random>
#include <utility>

#include "staging/whole_io.h"

namespace mayfly {
namespace {

constexpr const char* kTemporary = ".mayfly-part-";
constexpr mode_t kPermissions = 07777;
/// Files of up to that many bytes this process copies sooner than it has others do it.
constexpr off_t kCarriedBytes = 64 << 10;
constexpr std::size_t kMaxAttributeBytes = 64 << 10;

/// ENOTSUP and ENODATA: this file system, or this file, has none.
bool is_without_attributes() { return errno == ENOTSUP || errno == ENODATA; }

Status copy_extended(const FileEnds& ends) {
  std::string names(kMaxAttributeBytes, '\0');
  const ssize_t listed = ends.from_calls.llistxattr(ends.from.c_str(), names.data(), names.size());
  if (listed < 0) return is_without_attributes() ? Status() : Status(errc_from(errno));
  names.resize(static_cast<std::size_t>(listed));
  for (const char* name = names.data(); name < names.data() + names.size();
       name += std::strlen(name) + 1) {
    if (std::strncmp(name, "user.", 5) != 0) continue;
    std::string value(kMaxAttributeBytes, '\0');
    const ssize_t size =
        ends.from_calls.lgetxattr(ends.from.c_str(), name, value.data(), value.size());
    if (size < 0 && is_without_attributes()) continue;
    if (size < 0) return errc_from(errno);
    const auto bytes = static_cast<std::size_t>(size);
    if (ends.to_calls.lsetxattr(ends.to.c_str(), name, value.data(), bytes, 0) != 0) {
      return errc_from(errno);
    }
  }
  return Status();
}

}  // namespace

std::string temporary_of(const std::string& path) {
  static const std::uint64_t process =
      std::random_device()() ^ static_cast<std::uint64_t>(::getpid()) << 32;
  const std::string name = last_name(path);
  const std::string hidden =
      fmt::format("{}{:016x}-{:x}", kTemporary, XXH3_64bits(name.data(), name.size()), process);
  return join_path(parent_of(path), hidden);
}

std::string temporary_of(const FileCalls& calls, const std::string& path) {
  const std::string plain = temporary_of(path);
  char name[NAME_MAX + 1];
  const bool is_better =
      calls.name_beside != nullptr &&
      calls.name_beside(path.c_str(), (last_name(plain) + "-").c_str(), name, sizeof name) == 0;
  return is_better ? join_path(parent_of(path), name) : plain;
}

bool is_temporary_name(const std::string& name) { return name.rfind(kTemporary, 0) == 0; }

Status copy_attributes(const FileEnds& ends, const struct stat& source) {
  const char* const path = ends.to.c_str();
  if (::geteuid() == 0 && ends.to_calls.lchown(path, source.st_uid, source.st_gid) != 0) {
    return errc_from(errno);
  }
  if (!S_ISLNK(source.st_mode)) {
    MAYFLY_CHECKED(copy_extended(ends));
    if (ends.to_calls.chmod(path, source.st_mode & kPermissions) != 0) return errc_from(errno);
  }
  const timespec times[2] = {source.st_atim, source.st_mtim};
  return ends.to_calls.utimensat(path, times) == 0 ? Status() : Status(errc_from(errno));
}

Result<std::unique_ptr<FileCopy>> FileCopy::open(FileEnds ends, const struct stat& seen,
                                                 std::string path) {
  MAYFLY_TRY(source, SourceFile::open(ends.from_calls, ends.from, seen));
  const std::string temporary = temporary_of(ends.to_calls, ends.to);
  MAYFLY_TRY(to, OpenFile::open(ends.to_calls, temporary, O_CREAT | O_TRUNC | O_WRONLY | O_NOFOLLOW,
                                0600));
  std::unique_ptr<FileCopy> copy(
      new FileCopy(std::move(ends), std::move(source), temporary, std::move(to), std::move(path)));
  if (copy->is_sparse_ &&
      copy->ends_.to_calls.ftruncate(copy->to_.descriptor(), copy->source_.status().st_size) != 0) {
    const Errc why = errc_from(errno);
    copy->abandon();
    return why;
  }
  return copy;
}

FileCopy::FileCopy(FileEnds ends, SourceFile source, std::string temporary, OpenFile to,
                   std::string path)
    : ends_(std::move(ends)),
      source_(std::move(source)),
      temporary_(std::move(temporary)),
      to_(std::move(to)),
      entry_(source_.entry(std::move(path))),
      is_sparse_(source_.is_sparse()),
      is_served_(ends_.mode.by_servers && source_.status().st_size > kCarriedBytes) {
  if (is_served_) name_node_file();
}

void FileCopy::name_node_file() {
  struct stat seen = source_.status();
  if (!comes_in() && ends_.to_calls.fstat(to_.descriptor(), &seen) != 0) is_served_ = false;
  std::error_code unknown;
  node_path_ = std::filesystem::absolute(comes_in() ? ends_.from : temporary_, unknown);
  if (unknown) is_served_ = false;
  node_file_ = {node_path_.c_str(), seen.st_ino, source_.status().st_size, seen.st_mtim,
                (comes_in() ? 0 : MAYFLY_NODE_OUT) |
                    (ends_.mode.is_direct ? MAYFLY_NODE_DIRECT : 0) |
                    (ends_.mode.is_idle ? MAYFLY_NODE_IDLE : 0)};
}

std::uint64_t FileCopy::pieces() const {
  return std::max<std::uint64_t>(1, (size() + kStagePieceBytes - 1) / kStagePieceBytes);
}

Status FileCopy::move_piece(std::uint64_t piece, MutableBytes buffer) {
  const std::uint64_t begin = piece * kStagePieceBytes;
  const std::uint64_t end = std::min(size(), begin + kStagePieceBytes);
  if (is_served_ && !is_sparse_ && begin < end) {
    const Status served = serve(begin, end - begin);
    if (served || served.error() != Errc::cross_device) return served;
  }
  for (std::uint64_t at = begin; at < end; at += kStageBufferBytes) {
    MAYFLY_CHECKED(move_span(at, std::min(kStageBufferBytes, end - at), buffer));
  }
  return Status();
}

Status FileCopy::serve(std::uint64_t begin, std::uint64_t length) {
  static_assert(sizeof(mayfly_digest) == sizeof(Digest));
  const FileCalls& calls = comes_in() ? ends_.to_calls : ends_.from_calls;
  Digest* const digests = &entry_.blocks[begin / kDigestBlockBytes];
  if (calls.copy_by_servers(session_descriptor(), &node_file_, static_cast<off_t>(begin), length,
                            reinterpret_cast<mayfly_digest*>(digests)) == 0) {
    bytes_by_servers_ += length;
    return Status();
  }
  const Errc why = errc_from(errno);
  if (why == Errc::cross_device) is_served_ = false;
  return why;
}

Status FileCopy::settle() {
  if (!ends_.mode.by_servers || size() <= kDigestBlockBytes) return Status();
  const FileCalls& calls = comes_in() ? ends_.to_calls : ends_.from_calls;
  return calls.settle_copy(session_descriptor(), &node_file_) == 0 ? Status()
                                                                   : Status(errc_from(errno));
}

Result<std::uint64_t> FileCopy::seek(std::uint64_t offset, int whence, std::uint64_t end) const {
  const off_t found =
      ends_.from_calls.lseek(source_.descriptor(), static_cast<off_t>(offset), whence);
  if (found < 0 && errno != ENXIO) return errc_from(errno);
  return found < 0 ? end : std::min(end, static_cast<std::uint64_t>(found));
}

Status FileCopy::move_span(std::uint64_t begin, std::uint64_t length, MutableBytes buffer) {
  const std::uint64_t end = begin + length;
  const auto digest_of = [&](std::uint64_t at) -> Digest& {
    return entry_.blocks[at / kDigestBlockBytes];
  };
  if (is_sparse_) {
    MAYFLY_TRY(data, seek(begin, SEEK_DATA, end));
    for (std::uint64_t at = begin; data == end && at < end; at += kDigestBlockBytes) {
      digest_of(at) = Digest::of_zeros(std::min(kDigestBlockBytes, end - at));
    }
    if (data == end) return Status();
    MAYFLY_TRY(hole, seek(begin, SEEK_HOLE, end));
    if (is_served_ && hole == end) {
      const Status served = serve(begin, length);
      if (served || served.error() != Errc::cross_device) return served;
    }
  }
  const MutableBytes bytes = buffer.first(length);
  MAYFLY_TRY(got, read_fully(ends_.from_calls, source_.descriptor(), bytes, begin));
  if (got < length) return Errc::again;
  for (std::uint64_t at = begin; at < end; at += kDigestBlockBytes) {
    digest_of(at) = Digest::of(bytes.subspan(at - begin, std::min(kDigestBlockBytes, end - at)));
  }
  if (is_sparse_) return write_data(begin, bytes);
  return write_all(ends_.to_calls, to_.descriptor(), bytes, begin);
}

/// Of `bytes`, which stand at `begin`, what the source has as data.
Status FileCopy::write_data(std::uint64_t begin, Bytes bytes) {
  const std::uint64_t end = begin + bytes.size();
  for (std::uint64_t hole = begin; hole < end;) {
    MAYFLY_TRY(data, seek(hole, SEEK_DATA, end));
    if (data == end) break;
    MAYFLY_TRY(next_hole, seek(data, SEEK_HOLE, end));
    if (next_hole <= data) return Errc::again;
    MAYFLY_CHECKED(write_all(ends_.to_calls, to_.descriptor(),
                             bytes.subspan(data - begin, next_hole - data), data));
    hole = next_hole;
  }
  return Status();
}

Status FileCopy::set_attributes() {
  const FileCalls& calls = ends_.to_calls;
  const FileEnds ends{ends_.from_calls, ends_.from, calls, temporary_};
  if (calls.fset_attributes == nullptr) return copy_attributes(ends, source_.status());
  MAYFLY_CHECKED(copy_extended(ends));
  const int owner_too = ::geteuid() == 0 ? 1 : 0;
  const bool is_set = calls.fset_attributes(to_.descriptor(), &source_.status(), owner_too) == 0;
  return is_set ? Status() : Status(errc_from(errno));
}

Result<ManifestEntry> FileCopy::finish() {
  const FileCalls& calls = ends_.to_calls;
  const auto complete = [&]() -> Status {
    MAYFLY_CHECKED(settle());
    MAYFLY_CHECKED(source_.check_unchanged());
    MAYFLY_CHECKED(set_attributes());
    if (calls.is_lasting && calls.fsync(to_.descriptor()) != 0) return errc_from(errno);
    MAYFLY_CHECKED(to_.close());
    if (calls.rename(temporary_.c_str(), ends_.to.c_str()) != 0) return errc_from(errno);
    return Status();
  };
  if (const Status status = complete(); !status) {
    abandon();
    return status.error();
  }
  entry_.digest = Digest::of_blocks(entry_.blocks);
  return std::move(entry_);
}

void FileCopy::abandon() {
  // Of a copy that has failed already nothing more need be said.
  static_cast<void>(settle());
  ends_.to_calls.unlink(temporary_.c_str());
}

}  // namespace mayfly
