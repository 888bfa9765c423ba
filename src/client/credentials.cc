#include "client/credentials.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace mayfly {
namespace {

std::vector<gid_t> groups_with(gid_t primary) {
  std::vector<gid_t> groups(static_cast<std::size_t>(std::max(0, ::getgroups(0, nullptr))));
  const int count = ::getgroups(static_cast<int>(groups.size()), groups.data());
  groups.resize(static_cast<std::size_t>(std::max(0, count)));
  groups.push_back(primary);
  return groups;
}

}  // namespace

Credentials Credentials::effective() { return {::geteuid(), groups_with(::getegid())}; }
Credentials Credentials::real() { return {::getuid(), groups_with(::getgid())}; }

bool Credentials::is_in(gid_t group) const {
  return std::find(groups.begin(), groups.end(), group) != groups.end();
}

bool Credentials::may_access(const Attributes& file, int mode) const {
  if (is_root()) {
    const bool executable = file.is_directory() || (file.mode & (S_IXUSR | S_IXGRP | S_IXOTH)) != 0;
    return (mode & X_OK) == 0 || executable;
  }
  const unsigned shift = file.uid == uid ? 6 : is_in(file.gid) ? 3 : 0;
  const auto granted = static_cast<int>(file.mode >> shift & 7);
  return (mode & ~granted) == 0;
}

bool Credentials::may_unlink(std::uint32_t directory_mode, std::uint32_t directory_uid,
                             const Attributes& file) const {
  if ((directory_mode & S_ISVTX) == 0 || is_root()) return true;
  return file.uid == uid || directory_uid == uid;
}

Status Credentials::check_change(const Attributes& file, const ChangeBody& change) const {
  if (is_root()) return {};
  if (file.uid != uid && (change.mask & kToNow) != 0) {
    return may_access(file, W_OK) ? Status() : Errc::access_denied;
  }
  if (file.uid != uid) return Errc::not_permitted;
  if ((change.mask & kUid) != 0 && change.uid != uid) return Errc::not_permitted;
  if ((change.mask & kGid) != 0 && change.gid != file.gid && !is_in(change.gid)) {
    return Errc::not_permitted;
  }
  return {};
}

}  // namespace mayfly
