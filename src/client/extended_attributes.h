// Extended attributes of a file, by its id. What the user may do is checked here, as Linux does.
//
// Thread: the loop's. Failure: errno values. out_of_range: a name of 0 or more than 255 bytes;
//   not_supported: a name that begins with none of "user.", "trusted." and "security.";
//   not_permitted: "user." for anything but files and directories, "trusted." for anybody but root;
//   access_denied.
#pragma once

#include <string>

#include "client/session.h"

namespace mayfly {

/// `flags`: XATTR_CREATE, XATTR_REPLACE. too_big: over 64 KiB; no_space: over what ext4 has room
/// for.
Task<Status> set_extended(Session& session, Attributes file, std::string name, std::string value,
                          int flags);
/// no_data: it has none of that name. That is also all that others than root hear of "trusted.".
Task<Result<std::string>> get_extended(Session& session, Attributes file, std::string name);
/// The names, a zero byte behind each; those of "trusted." for root alone.
Task<Result<std::string>> list_extended(Session& session, Attributes file);
Task<Status> remove_extended(Session& session, Attributes file, std::string name);

}  // namespace mayfly
