// Names under which files stand until they are whole.
#pragma once

#include <cstdint>
#include <string>

#include "staging/file_calls.h"

namespace mayfly {

/// The temporary name of what will be `path`, no other process's: two that copy to one place spoil
/// each other's work, but never a file.
std::string temporary_of(const std::string& path);
/// The same for all who know `whose`.
std::string temporary_of(const std::string& path, std::uint64_t whose);
/// The same where a rename from one name to another may be less work than to a third.
std::string temporary_of(const FileCalls& calls, const std::string& path);
bool is_temporary_name(const std::string& name);

}  // namespace mayfly
