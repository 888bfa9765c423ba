// The namespace alone: what a server does with names, by one thread, without a message.
//
// bench_namespace_leg --files N --seconds S
// Rounds of create (open and close too), stat in the order of creation, stat_random, and unlink, of
// N files in one directory, for about S seconds. Prints one JSON line for each: operations per
// second, the median over the rounds. The first round, whose memory is fresh, does not count.
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "bench/options.h"
#include "bench/program.h"
#include "metadata/namespace.h"

namespace mayfly {
namespace {

/// One of these apart, files are far from each other in the order of their creation.
constexpr std::uint64_t kPrime = 7919;
constexpr std::int64_t kSomeTime = 1'700'000'000'000'000'000;

Creation creation() {
  Creation creation;
  creation.mode = 0755;
  creation.now_ns = kSomeTime;
  return creation;
}

/// Short enough to need no memory.
std::string name_of(std::uint64_t file) { return "file." + std::to_string(file); }

void create(Namespace& names, std::uint64_t file) {
  const FileId id =
      must(names.create_file(kRootId, name_of(file), creation(), true), "create").entry.id;
  must(names.open(id, Access::write), "open");
  must(names.close(id, Access::write), "close");
}

void stat(Namespace& names, std::uint64_t file) {
  const Entry entry = must(names.lookup(kRootId, name_of(file)), "stat");
  if (!entry.attributes) give_up("a file is not where it was made");
}

void unlink(Namespace& names, std::uint64_t file) {
  must(names.remove_file(kRootId, name_of(file), kSomeTime), "unlink");
}

struct Operation {
  const char* name;
  void (*run)(Namespace& names, std::uint64_t file);
  std::uint64_t stride;
  std::vector<double> per_s;
};

double rate(const Operation& operation, Namespace& names, std::uint64_t files) {
  const double begin = now();
  for (std::uint64_t i = 0; i < files; ++i) operation.run(names, i * operation.stride % files);
  return static_cast<double>(files) / (now() - begin);
}

void measure(std::uint64_t files, double seconds) {
  Namespace names(0, 1, 1);
  names.make_root(creation());
  std::vector<Operation> operations = {{"create", create, 1, {}},
                                       {"stat", stat, 1, {}},
                                       {"stat_random", stat, kPrime, {}},
                                       {"unlink", unlink, 1, {}}};
  for (const Operation& operation : operations) rate(operation, names, files);
  const double end = now() + seconds;
  do {
    for (Operation& operation : operations) {
      operation.per_s.push_back(rate(operation, names, files));
    }
  } while (now() < end);
  for (const Operation& operation : operations) {
    std::printf("{\"bench\":\"namespace_leg\",\"op\":\"%s\",\"files\":%ju,\"per_s\":%.0f}\n",
                operation.name, std::uintmax_t{files}, median(operation.per_s));
  }
}

}  // namespace
}  // namespace mayfly

int main(int argc, char** argv) {
  std::uint64_t files = 100'000;
  double seconds = 2;
  mayfly::Options("The namespace alone, without messages")
      .add("--files", files, "in one directory", 1)
      .add("--seconds", seconds, "of all rounds together")
      .parse(argc, argv);
  mayfly::measure(files, seconds);
  return 0;
}
