#include "client/path_cache.h"

#include <algorithm>

namespace mayfly {

Result<SplitPath> split(std::string_view path) {
  if (path.empty()) return Errc::no_entry;
  if (path.size() >= kMaxPathBytes) return Errc::name_too_long;
  if (path.front() != '/') return Errc::invalid;
  SplitPath result;
  std::string& normal = result.parent;  // of the whole path first
  normal.reserve(path.size());
  for (std::size_t begin = 0; begin < path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view component = path.substr(begin, end - begin);
    if (component.size() > kMaxNameBytes) return Errc::name_too_long;
    if (component == ".") {
      result.last = SplitPath::Last::dot;
    } else if (component == "..") {
      result.last = SplitPath::Last::dot_dot;
      normal.resize(std::min(normal.rfind('/'), normal.size()));
    } else if (!component.empty()) {
      result.last = SplitPath::Last::name;
      normal.append(path, begin - 1, component.size() + 1);  // with the slash before it
    }
    begin = end + 1;
  }
  result.must_be_directory = path.back() == '/' || result.last != SplitPath::Last::name;
  const std::size_t last_slash = normal.rfind('/');
  if (last_slash != std::string::npos) {
    result.name = normal.substr(last_slash + 1);
    normal.resize(last_slash);
  }
  if (normal.empty()) normal.assign(1, '/');
  return result;
}

std::optional<FileId> PathCache::find(const std::string& directory) const {
  if (directory == "/") return kRootId;
  const auto found = ids_.find(directory);
  if (found == ids_.end()) return std::nullopt;
  return found->second;
}

void PathCache::insert(const std::string& directory, FileId id) {
  if (ids_.size() >= kMaxEntries) clear();
  ids_[directory] = id;
}

}  // namespace mayfly
