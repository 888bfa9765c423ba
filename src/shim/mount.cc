#include "shim/mount.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace mayfly::shim {
namespace {

constexpr const char* kDefaultPrefix = "/mayfly";

const char* prefix_of_environment() {
  const char* const given = std::getenv("MAYFLY_PREFIX");
  const bool is_usable = given != nullptr && given[0] == '/' && given[1] != '\0';
  if (!is_usable) return kDefaultPrefix;
  // The environment may be changed by the program.
  return ::strdup(given);
}

struct Component {
  std::string_view name;
  std::size_t end;  ///< where it ends in the path
};

/// The next component at or behind `at`; an empty name at the end.
Component next_component(std::string_view path, std::size_t at) {
  while (at < path.size() && path[at] == '/') ++at;
  const std::size_t end = std::min(path.find('/', at), path.size());
  return {path.substr(at, end - at), end};
}

std::vector<std::string_view> components_of(std::string_view path) {
  std::vector<std::string_view> all;
  for (Component next = next_component(path, 0); !next.name.empty();
       next = next_component(path, next.end)) {
    all.push_back(next.name);
  }
  return all;
}

}  // namespace

const char* mount_prefix() {
  static const char* const prefix = prefix_of_environment();
  return prefix;
}

bool may_be_below(const char* path, std::string_view prefix) {
  // By hand: most paths differ in their second letter and are short, and libc's functions cost more
  // to call than to run.
  std::size_t same = 0;
  while (same < prefix.size() && path[same] == prefix[same]) ++same;
  if (same == prefix.size()) return true;
  // "/tmp/../mayfly", "//mayfly", "/./mayfly"
  for (char before = '\0'; *path != '\0'; before = *path++) {
    if (before == '/' && (*path == '/' || *path == '.')) return true;
  }
  return false;
}

Whereabouts find_path(std::string_view path, std::string_view prefix) {
  const std::vector<std::string_view> mount = components_of(prefix);
  std::vector<std::string_view> walked;
  constexpr std::size_t kOutside = std::string_view::npos;
  std::size_t below = kOutside;  // where the part below the prefix begins
  bool was_below = false;
  for (Component next = next_component(path, 0); !next.name.empty();
       next = next_component(path, next.end)) {
    if (next.name == ".") continue;
    if (next.name != "..") {
      walked.push_back(next.name);
    } else if (!walked.empty()) {
      walked.pop_back();
    }
    const bool is_inside =
        walked.size() >= mount.size() && std::equal(mount.begin(), mount.end(), walked.begin());
    if (is_inside && below == kOutside) below = next.end;
    if (!is_inside) below = kOutside;
    was_below = was_below || is_inside;
  }
  if (below != kOutside) {
    const std::string_view rest = path.substr(below);
    return {true, rest.empty() ? "/" : std::string(rest)};
  }
  if (!was_below) return {};
  std::string out;
  for (const std::string_view name : walked) out.append("/").append(name);
  if (out.empty() || path.back() == '/') out += '/';
  return {false, out};
}

std::string joined(std::string_view directory, std::string_view path) {
  std::string whole(directory);
  if (whole.empty() || whole.back() != '/') whole += '/';
  return whole.append(path);
}

std::string without_dots(std::string_view path) {
  std::string plain;
  for (const std::string_view name : components_of(path)) {
    if (name == "..") {
      plain.erase(std::min(plain.rfind('/'), plain.size()));
    } else if (name != ".") {
      plain.append("/").append(name);
    }
  }
  return plain;
}

bool goes_up(std::string_view path) {
  for (Component next = next_component(path, 0); !next.name.empty();
       next = next_component(path, next.end)) {
    if (next.name == "..") return true;
  }
  return false;
}

}  // namespace mayfly::shim
