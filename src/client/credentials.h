// Credentials: who a process acts for, and what that user may do to a file.
//
// The session is one user's, so the client checks: it is the user's own process. Thread: any.
#pragma once

#include <sys/types.h>

#include <vector>

#include "base/result.h"
#include "protocol/attributes.h"
#include "protocol/bodies.h"

namespace mayfly {

struct Credentials {
  uid_t uid = 0;
  std::vector<gid_t> groups;

  static Credentials effective();
  static Credentials real();

  bool is_root() const { return uid == 0; }
  bool is_in(gid_t group) const;
  /// R_OK, W_OK, X_OK together, as access(2). Root may all, but execute only what somebody may.
  bool may_access(const Attributes& file, int mode) const;
  /// unlink, rmdir, rename of `file` in a directory with the sticky bit: its owner, the directory's
  /// and root alone.
  bool may_unlink(std::uint32_t directory_mode, std::uint32_t directory_uid,
                  const Attributes& file) const;
  /// chmod, chown, utimens: not_permitted for anybody but the owner and root; an owner may give the
  /// file to a group of its own, not to another user. Both times to now: access_denied for who may
  /// not write either.
  Status check_change(const Attributes& file, const ChangeBody& change) const;
};

}  // namespace mayfly
