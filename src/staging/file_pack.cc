#include "staging/file_pack.h"

#include <unistd.h>

#include <utility>

#include "staging/source_file.h"
#include "staging/whole_io.h"

namespace mayfly {
namespace {

constexpr std::size_t kPackBytes = 1 << 20;
constexpr std::size_t kPackFiles = 64;

std::size_t bytes_of(const struct stat& seen) { return static_cast<std::size_t>(seen.st_size); }

}  // namespace

FilePack::FilePack(const FileCalls& from, const FileCalls& to) : from_(from), to_(to) {}

bool FilePack::takes(const struct stat& seen) const {
  return to_.put_files != nullptr && !SourceFile::has_holes(seen) &&
         seen.st_size <= MAYFLY_WHOLE_FILE_BYTES;
}

bool FilePack::has_room(const struct stat& seen) const {
  return members_.size() < kPackFiles && used_ + bytes_of(seen) <= kPackBytes;
}

Status FilePack::add(const std::string& from, std::string to, const struct stat& seen,
                     std::string path) {
  MAYFLY_TRY(source, SourceFile::open(from_, from, seen));
  const struct stat& status = source.status();
  const bool fits = takes(status) && has_room(status);
  if (!fits || from_.llistxattr(from.c_str(), nullptr, 0) > 0) return Errc::cross_device;
  bytes_.resize(kPackBytes);
  const MutableBytes into(bytes_.data() + used_, source.size());
  MAYFLY_TRY(got, read_fully(from_, source.descriptor(), into, 0));
  if (got < into.size()) return Errc::again;
  MAYFLY_CHECKED(source.check_unchanged());
  Member member{std::move(to), status, used_, source.entry(std::move(path))};
  for (Digest& only : member.entry.blocks) only = Digest::of(into);
  member.entry.digest = Digest::of_blocks(member.entry.blocks);
  members_.push_back(std::move(member));
  used_ += got;
  return Status();
}

std::vector<Result<ManifestEntry>> FilePack::send() {
  std::vector<mayfly_whole_file> files;
  const int owner_too = ::geteuid() == 0 ? 1 : 0;
  for (const Member& member : members_) {
    files.push_back(
        {member.to.c_str(), &member.source, bytes_.data() + member.offset, owner_too, 0});
  }
  // Of each file its `error` says more.
  static_cast<void>(to_.put_files(files.data(), files.size()));
  std::vector<Result<ManifestEntry>> outcomes;
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (files[i].error != 0) {
      outcomes.emplace_back(errc_from(files[i].error));
    } else {
      outcomes.emplace_back(std::move(members_[i].entry));
    }
  }
  members_.clear();
  used_ = 0;
  return outcomes;
}

}  // namespace mayfly
