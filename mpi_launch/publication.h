// Publication: the session file of a running session, written when all servers are ready and
// removed before they go: whoever reads it later would wait for servers that are gone.
//
// Owner: server 0. Failure: one that cannot be removed is said on stderr.
#pragma once

#include <string>

#include "base/result.h"
#include "protocol/session_info.h"

namespace mayfly {

class Publication {
 public:
  static Result<Publication, Failure> write(const std::string& path, const SessionInfo& session);
  Publication(Publication&& other) noexcept;
  Publication& operator=(Publication&&) = delete;
  ~Publication();

 private:
  Publication(std::string path, WireBytes bytes);
  /// Another session may have taken the name since.
  bool is_ours() const;

  std::string path_;
  WireBytes bytes_;  ///< none: nothing to remove
};

}  // namespace mayfly
