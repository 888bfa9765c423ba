#include "staging/temporary_name.h"

#include <fmt/format.h>
#include <unistd.h>
#include <xxhash.h>

#include <climits>
#include <random>

#include "staging/whole_io.h"

namespace mayfly {
namespace {

constexpr const char* kTemporary = ".mayfly-part-";

}  // namespace

std::string temporary_of(const std::string& path) {
  static const std::uint64_t process =
      std::random_device()() ^ static_cast<std::uint64_t>(::getpid()) << 32;
  return temporary_of(path, process);
}

std::string temporary_of(const std::string& path, std::uint64_t whose) {
  const std::string name = last_name(path);
  const std::string hidden =
      fmt::format("{}{:016x}-{:x}", kTemporary, XXH3_64bits(name.data(), name.size()), whose);
  return join_path(parent_of(path), hidden);
}

std::string temporary_of(const FileCalls& calls, const std::string& path) {
  const std::string plain = temporary_of(path);
  char name[NAME_MAX + 1];
  const bool is_better =
      calls.name_beside != nullptr &&
      calls.name_beside(path.c_str(), (last_name(plain) + "-").c_str(), name, sizeof name) == 0;
  return is_better ? join_path(parent_of(path), name) : plain;
}

bool is_temporary_name(const std::string& name) { return name.rfind(kTemporary, 0) == 0; }

}  // namespace mayfly
