// How a file's attributes are shown.
#pragma once

#include <sys/stat.h>

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace mayfly {

/// "drwxr-xr-x", as ls -l has it.
std::string mode_text(mode_t mode);
/// "file", "directory", "link"
const char* kind_text(mode_t mode);
/// "2026-11-28 08:33:47", in local time.
std::string time_text(const timespec& time);
/// A user's or group's name, or its number if it has none.
std::string user_text(uid_t user);
std::string group_text(gid_t group);

/// {"path", "type", "size", "mode", ...}
nlohmann::ordered_json entry_json(const std::string& path, const struct stat& status);
/// One line; what is not UTF-8 in names is replaced.
std::string json_line(const nlohmann::ordered_json& json);
void print_json_line(const nlohmann::ordered_json& json);

}  // namespace mayfly
