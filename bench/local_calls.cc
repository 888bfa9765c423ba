// What libc's file calls cost on a local file system. There is no libmayfly and no UCX in it: it
// runs with the shim preloaded and without, and bench/shim.py compares.
//
// bench_local_calls --dir D --seconds S
// Prints one JSON line per call. ns is the median over slices of a hundredth of S.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "bench/options.h"
#include "bench/program.h"

namespace mayfly {
namespace {

constexpr int kSlices = 100;
/// The clock costs a part of a fast call.
constexpr std::size_t kCallsPerLook = 16;
constexpr std::size_t kBlock = 4096;

void must(bool is_right, const char* what) {
  if (!is_right) give_up(what);
}

void measure(const char* name, double seconds, const std::function<void()>& call) {
  std::vector<double> slices;
  for (int i = 0; i < kSlices; ++i) {
    const double begin = now();
    const double end = begin + seconds / kSlices;
    std::size_t calls = 0;
    for (; now() < end; calls += kCallsPerLook) {
      for (std::size_t j = 0; j < kCallsPerLook; ++j) call();
    }
    slices.push_back((now() - begin) * 1e9 / static_cast<double>(calls));
  }
  std::printf("{\"call\":\"%s\",\"ns\":%.1f}\n", name, median(std::move(slices)));
  std::fflush(stdout);
}

void measure_all(const std::string& directory, double seconds) {
  const std::string path = directory + "/local_calls." + std::to_string(::getpid());
  const int fd = ::open(path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
  must(fd >= 0, path.c_str());
  std::array<char, kBlock> block{};
  must(::pwrite(fd, block.data(), kBlock, 0) == static_cast<ssize_t>(kBlock), "pwrite");
  measure("open, close", seconds, [&] {
    const int opened = ::open(path.c_str(), O_RDONLY);
    must(opened >= 0 && ::close(opened) == 0, "open");
  });
  measure("stat", seconds, [&] {
    struct stat status {};
    must(::stat(path.c_str(), &status) == 0, "stat");
  });
  measure("fstat", seconds, [&] {
    struct stat status {};
    must(::fstat(fd, &status) == 0, "fstat");
  });
  measure("access", seconds, [&] { must(::access(path.c_str(), R_OK) == 0, "access"); });
  measure("lseek", seconds, [&] { must(::lseek(fd, 0, SEEK_SET) == 0, "lseek"); });
  measure("pread 4K", seconds, [&] { must(::pread(fd, block.data(), kBlock, 0) > 0, "pread"); });
  measure("read 1", seconds,
          [&] { must(::lseek(fd, 0, SEEK_SET) == 0 && ::read(fd, block.data(), 1) == 1, "read"); });
  measure("pwrite 4K", seconds, [&] { must(::pwrite(fd, block.data(), kBlock, 0) > 0, "pwrite"); });
  measure("dup, close", seconds, [&] { must(::close(::dup(fd)) == 0, "dup"); });
  measure("fopen, fclose", seconds, [&] {
    std::FILE* const file = std::fopen(path.c_str(), "r");
    must(file != nullptr && std::fclose(file) == 0, "fopen");
  });
  ::close(fd);
  ::unlink(path.c_str());
}

}  // namespace
}  // namespace mayfly

int main(int argc, char** argv) {
  std::string directory = "/tmp";
  double seconds = 0.3;
  mayfly::Options("What libc's file calls cost on a local file system")
      .add("--dir", directory, "on the file system")
      .add("--seconds", seconds, "for each call")
      .parse(argc, argv);
  mayfly::measure_all(directory, seconds);
}
