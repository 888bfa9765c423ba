#include "client/path_cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/assert.h"

namespace mayfly {
std::string written(FileId directory) {
  if (directory == kRootId) return "";
  return fmt::format("#{:x}:{:x}", directory.home_and_salt, directory.serial);
}

bool cut(std::string_view path, std::string_view& parent, std::string_view& name) {
  if (!path.starts_with('/') || path.size() >= kMaxPathBytes) return false;
  const std::size_t slash = path.rfind('/');
  parent = path.substr(0, slash);
  name = path.substr(slash + 1);
  return !name.empty() && name != "." && name != ".." && name.size() <= kMaxNameBytes;
}

Result<SplitPath> split(const PathAt& path) {
  const std::string_view text = path.text;
  if (text.empty()) return Errc::no_entry;
  if (text.size() >= kMaxPathBytes) return Errc::name_too_long;
  const bool is_absolute = text.front() == '/';
  if (!is_absolute && !path.base) return Errc::invalid;
  SplitPath result;
  result.parent.reserve(text.size());
  if (!is_absolute) result.parent = written(*path.base);
  std::string_view last;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('/', begin), text.size());
    const std::string_view component = text.substr(begin, end - begin);
    if (component.size() > kMaxNameBytes) return Errc::name_too_long;
    begin = end + 1;
    if (component.empty()) continue;
    if (!last.empty()) result.parent.append("/").append(last);
    last = component == "." ? std::string_view() : component;
    result.last = component == "."    ? SplitPath::Last::dot
                  : component == ".." ? SplitPath::Last::dot_dot
                                      : SplitPath::Last::name;
  }
  result.must_be_directory = text.back() == '/' || result.last != SplitPath::Last::name;
  if (result.last == SplitPath::Last::name) {
    result.name = last;
  } else if (!last.empty()) {
    result.parent.append("/").append(last);
  }
  return result;
}

const KnownDirectory* PathCache::find(std::string_view directory) const {
  const auto found = known_.find(directory);
  return found == known_.end() ? nullptr : &found->second;
}

void PathCache::insert(const std::string& directory, const KnownDirectory& known) {
  if (known_.size() >= kMaxEntries) clear();
  known_[directory] = known;
}

FileId PathCache::base_of(std::string_view written) {
  if (written.empty()) return kRootId;
  FileId id;
  const char* const end = written.data() + written.size();
  const auto home = std::from_chars(written.data() + 1, end, id.home_and_salt, 16);
  MAYFLY_ASSERT(home.ec == std::errc() && home.ptr != end && *home.ptr == ':');
  const auto serial = std::from_chars(home.ptr + 1, end, id.serial, 16);
  MAYFLY_ASSERT(serial.ec == std::errc() && serial.ptr == end);
  return id;
}

}  // namespace mayfly
