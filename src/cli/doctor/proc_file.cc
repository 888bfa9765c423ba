#include "cli/doctor/proc_file.h"

#include <cstdint>
#include <cstdlib>
#include <fstream>

namespace mayfly {

std::string first_line_of(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

bool has_capability(unsigned capability) {
  std::ifstream status("/proc/self/status");
  const std::string key = "CapEff:";
  for (std::string line; std::getline(status, line);) {
    if (line.rfind(key, 0) != 0) continue;
    const std::uint64_t effective = std::strtoull(line.c_str() + key.size(), nullptr, 16);
    return (effective >> capability & 1) != 0;
  }
  return false;
}

}  // namespace mayfly
