// What is done to files and trees as a whole, in either file system.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "staging/file_calls.h"

namespace mayfly {

/// Gives fewer bytes than asked for only at the end of the file.
Result<std::size_t> read_fully(const FileCalls& calls, int fd, MutableBytes into,
                               std::uint64_t offset);
Status write_all(const FileCalls& calls, int fd, Bytes bytes, std::uint64_t offset);

Result<std::string> read_whole(const FileCalls& calls, const std::string& path);
/// Writes a file as a whole: under another name first, and on its device where that lasts.
Status write_file(const FileCalls& calls, const std::string& path, const std::string& text);
Result<bool> is_there(const FileCalls& calls, const std::string& path);
/// Removes a tree; what is gone already is no failure.
Status remove_tree(const FileCalls& calls, const std::string& path);
/// Makes a directory and those above it.
Status make_directories(const FileCalls& calls, const std::string& path);
/// What a symbolic link says.
Result<std::string> target_of(const FileCalls& calls, const std::string& path);
/// fsync of a directory, where that means something.
Status sync_directory(const FileCalls& calls, const std::string& path);

/// The directory that `path` is in: "." and "/" too.
std::string parent_of(const std::string& path);
/// The last name of a path; empty for one that ends with a slash.
std::string last_name(const std::string& path);
std::string without_slashes(std::string path);
std::string join_path(const std::string& directory, const std::string& name);

}  // namespace mayfly
