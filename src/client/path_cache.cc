#include "client/path_cache.h"

#include <vector>

namespace mayfly {

Result<SplitPath> split(std::string_view path) {
  if (path.empty()) return Errc::no_entry;
  if (path.size() >= kMaxPathBytes) return Errc::name_too_long;
  if (path.front() != '/') return Errc::invalid;
  std::vector<std::string_view> components;
  bool must_be_directory = false;
  SplitPath result;
  for (std::size_t begin = 0; begin < path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view component = path.substr(begin, end - begin);
    if (component.size() > kMaxNameBytes) return Errc::name_too_long;
    if (!component.empty()) {
      result.last = component == "."    ? SplitPath::Last::dot
                    : component == ".." ? SplitPath::Last::dot_dot
                                        : SplitPath::Last::name;
    }
    must_be_directory = component.empty() || component == "." || component == "..";
    if (component == "..") {
      if (!components.empty()) components.pop_back();
    } else if (!component.empty() && component != ".") {
      components.push_back(component);
    }
    begin = end + 1;
    if (end + 1 == path.size()) must_be_directory = true;
  }
  result.must_be_directory = must_be_directory;
  if (!components.empty()) {
    result.name = components.back();
    components.pop_back();
  }
  for (const std::string_view component : components) {
    result.parent += '/';
    result.parent += component;
  }
  if (result.parent.empty()) result.parent = "/";
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
