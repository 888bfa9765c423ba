#include "cli/program_kind.h"

#include <elf.h>
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "cli/joined.h"

namespace mayfly {
namespace {

std::string find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  const char* const path = std::getenv("PATH");
  for (const std::string& directory : CLI::detail::split(path == nullptr ? "" : path, ':')) {
    const std::string file = directory + "/" + name;
    if (::access(file.c_str(), X_OK) == 0) return file;
  }
  return "";
}

}  // namespace

bool is_static_program(const std::string& name) {
  std::ifstream file(find_program(name), std::ios::binary);
  Elf64_Ehdr header{};
  if (!file.read(reinterpret_cast<char*>(&header), sizeof header)) return false;
  const bool is_program = std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 &&
                          header.e_ident[EI_CLASS] == ELFCLASS64 &&
                          header.e_phentsize == sizeof(Elf64_Phdr);
  if (!is_program) return false;
  file.seekg(static_cast<std::streamoff>(header.e_phoff));
  for (int segment = 0; segment < header.e_phnum; ++segment) {
    Elf64_Phdr found{};
    if (!file.read(reinterpret_cast<char*>(&found), sizeof found)) return false;
    // A dynamic program names who loads its libraries.
    if (found.p_type == PT_INTERP) return false;
  }
  return true;
}

void warn_of_static_program(const std::string& name) {
  if (!is_static_program(name)) return;
  complain(
      fmt::format("{} is statically linked and will not see the file system: link it with "
                  "shared libraries, or mount the file system by FUSE once MayflyFS has that.",
                  name));
}

}  // namespace mayfly
