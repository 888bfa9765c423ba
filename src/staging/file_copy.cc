#include "staging/file_copy.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "staging/whole_io.h"

namespace mayfly {
namespace {

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

Status put_in_place(const FileEnds& ends, const struct stat& source, const std::string& temporary,
                    OpenFile& file) {
  const FileCalls& calls = ends.to_calls;
  const FileEnds partial{ends.from_calls, ends.from, calls, temporary};
  if (calls.fset_attributes == nullptr) {
    MAYFLY_CHECKED(copy_attributes(partial, source));
  } else {
    MAYFLY_CHECKED(copy_extended(partial));
    const int owner_too = ::geteuid() == 0 ? 1 : 0;
    if (calls.fset_attributes(file.descriptor(), &source, owner_too) != 0) return errc_from(errno);
  }
  if (calls.is_lasting && calls.fsync(file.descriptor()) != 0) return errc_from(errno);
  MAYFLY_CHECKED(file.close());
  const bool is_named = calls.rename(temporary.c_str(), ends.to.c_str()) == 0;
  return is_named ? Status() : Status(errc_from(errno));
}

Result<std::unique_ptr<FileCopy>> FileCopy::open(FileEnds ends, const struct stat& seen,
                                                 std::string path, FilePart part) {
  const bool is_direct = ends.mode.is_direct && !SourceFile::has_holes(seen);
  MAYFLY_TRY(source,
             SourceFile::open(ends.from_calls, ends.from, seen, is_direct && ends.comes_in()));
  if (part.is_all()) part.temporary = temporary_of(ends.to_calls, ends.to);
  // What others have copied to it stays.
  const int flags = O_CREAT | O_WRONLY | O_NOFOLLOW | (part.is_all() ? O_TRUNC : 0);
  MAYFLY_TRY(to, is_direct && !ends.comes_in()
                     ? OpenFile::open_direct(ends.to_calls, part.temporary, flags, 0600)
                     : OpenFile::open(ends.to_calls, part.temporary, flags, 0600));
  std::unique_ptr<FileCopy> copy(new FileCopy(std::move(ends), std::move(source), std::move(part),
                                              std::move(to), std::move(path)));
  if (copy->is_sparse_ && copy->part_.is_all() &&
      copy->ends_.to_calls.ftruncate(copy->to_.descriptor(), copy->source_.status().st_size) != 0) {
    const Errc why = errc_from(errno);
    copy->abandon();
    return why;
  }
  return copy;
}

FileCopy::FileCopy(FileEnds ends, SourceFile source, FilePart part, OpenFile to, std::string path)
    : ends_(std::move(ends)),
      source_(std::move(source)),
      part_(std::move(part)),
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
  node_path_ = std::filesystem::absolute(comes_in() ? ends_.from : part_.temporary, unknown);
  if (unknown) is_served_ = false;
  node_file_ = {node_path_.c_str(), seen.st_ino, source_.status().st_size, seen.st_mtim,
                (comes_in() ? 0 : MAYFLY_NODE_OUT) |
                    (ends_.mode.is_direct ? MAYFLY_NODE_DIRECT : 0) |
                    (ends_.mode.is_idle ? MAYFLY_NODE_IDLE : 0)};
}

std::uint64_t FileCopy::pieces() const {
  return (pieces_of(size()) - part_.index + part_.count - 1) / part_.count;
}

std::uint64_t FileCopy::bytes_of_piece(std::uint64_t piece) const {
  return std::min(kStagePieceBytes, size() - begin_of(piece));
}

Status FileCopy::move_piece(std::uint64_t piece, MutableBytes buffer) {
  const std::uint64_t begin = begin_of(piece);
  const std::uint64_t end = begin + bytes_of_piece(piece);
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
  Digest* const digests = &entry_.blocks[begin / kDigestBlockBytes];
  if (ends_.session().copy_by_servers(session_descriptor(), &node_file_, static_cast<off_t>(begin),
                                      length, reinterpret_cast<mayfly_digest*>(digests)) == 0) {
    bytes_by_servers_ += length;
    return Status();
  }
  const Errc why = errc_from(errno);
  if (why == Errc::cross_device) is_served_ = false;
  return why;
}

Status FileCopy::settle() {
  if (!ends_.mode.by_servers || size() <= kDigestBlockBytes) return Status();
  return ends_.session().settle_copy(session_descriptor(), &node_file_) == 0
             ? Status()
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
  const std::uint64_t padded = is_direct() ? round_up(length, kStageAlignment) : length;
  const MutableBytes bytes = buffer.first(length);
  const MutableBytes asked = buffer.first(comes_in() ? padded : length);
  MAYFLY_TRY(got, read_fully(ends_.from_calls, source_.descriptor(), asked, begin));
  if (got < length) return Errc::again;
  for (std::uint64_t at = begin; at < end; at += kDigestBlockBytes) {
    digest_of(at) = Digest::of(bytes.subspan(at - begin, std::min(kDigestBlockBytes, end - at)));
  }
  if (is_sparse_) return write_data(begin, bytes);
  if (comes_in()) return write_all(ends_.to_calls, to_.descriptor(), bytes, begin);
  std::fill(buffer.begin() + static_cast<std::ptrdiff_t>(length),
            buffer.begin() + static_cast<std::ptrdiff_t>(padded), std::byte{0});
  return write_all(ends_.to_calls, to_.descriptor(), buffer.first(padded), begin);
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

Result<ManifestEntry> FileCopy::finish() {
  const FileCalls& calls = ends_.to_calls;
  const auto complete = [&]() -> Status {
    MAYFLY_CHECKED(settle());
    MAYFLY_CHECKED(source_.check_unchanged());
    // Whole pages may have been written.
    if (is_direct() && calls.ftruncate(to_.descriptor(), source_.status().st_size) != 0) {
      return errc_from(errno);
    }
    return put_in_place(ends_, source_.status(), part_.temporary, to_);
  };
  if (const Status status = complete(); !status) {
    abandon();
    return status.error();
  }
  entry_.digest = Digest::of_blocks(entry_.blocks);
  return std::move(entry_);
}

Result<ManifestEntry> FileCopy::finish_part() {
  MAYFLY_CHECKED(settle());
  MAYFLY_CHECKED(source_.check_unchanged());
  const FileCalls& calls = ends_.to_calls;
  if (calls.is_lasting && calls.fsync(to_.descriptor()) != 0) return errc_from(errno);
  MAYFLY_CHECKED(to_.close());
  std::vector<Digest> blocks;
  for (std::uint64_t piece = 0; piece < pieces(); ++piece) {
    const Digest* const first = &entry_.blocks[begin_of(piece) / kDigestBlockBytes];
    blocks.insert(blocks.end(), first, first + digest_blocks(bytes_of_piece(piece)));
  }
  entry_.blocks = std::move(blocks);
  entry_.digest = Digest::of_blocks(entry_.blocks);
  return std::move(entry_);
}

void FileCopy::abandon() {
  // Of a copy that has failed already nothing more need be said.
  static_cast<void>(settle());
  if (part_.is_all()) ends_.to_calls.unlink(part_.temporary.c_str());
}

}  // namespace mayfly
