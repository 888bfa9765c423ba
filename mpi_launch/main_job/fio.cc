#include "mpi_launch/main_job/fio.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace mayfly {
namespace {

/// Where fio finds the file: it has no name, so it is opened anew through the descriptor.
constexpr int kFileInChild = 3;

std::vector<std::string> fio_words(const char* direction, std::uint64_t bytes) {
  return {"fio",
          "--name=limit",
          fmt::format("--filename=/proc/self/fd/{}", kFileInChild),
          fmt::format("--rw={}", direction),
          "--bs=1M",
          fmt::format("--size={}", bytes),
          "--ioengine=io_uring",
          "--iodepth=32",
          "--direct=1",
          "--thread",
          "--runtime=20",
          "--output-format=json"};
}

/// Everything the child prints; empty if it cannot be started or fails.
std::string output_of(std::vector<std::string> words, int descriptor) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return "";
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, descriptor, kFileInChild);
  posix_spawn_file_actions_addclosefrom_np(&actions, kFileInChild + 1);
  // fio keeps state files in its current directory under some options.
  posix_spawn_file_actions_addchdir_np(&actions, "/");
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t child = -1;
  const int error =
      ::posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);

  std::string output;
  std::array<char, 4096> chunk;
  while (error == 0) {
    const ssize_t count = ::read(ends[0], chunk.data(), chunk.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    output.append(chunk.data(), static_cast<std::size_t>(count));
  }
  ::close(ends[0]);
  int status = -1;
  while (error == 0 && ::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status == 0 ? output : "";
}

double rate_of(const char* direction, int descriptor, std::uint64_t bytes) {
  const std::string output = output_of(fio_words(direction, bytes), descriptor);
  const auto root = nlohmann::json::parse(output, nullptr, false);
  const nlohmann::json::json_pointer rate(fmt::format("/jobs/0/{}/bw_bytes", direction));
  if (root.is_discarded() || !root.contains(rate)) return 0;
  return root[rate].get<double>() / (1 << 20);
}

}  // namespace

std::optional<FioRates> run_fio(int descriptor, std::uint64_t bytes) {
  FioRates rates;
  rates.write = rate_of("write", descriptor, bytes);
  if (rates.write <= 0) return std::nullopt;
  rates.read = rate_of("read", descriptor, bytes);
  return rates;
}

}  // namespace mayfly
