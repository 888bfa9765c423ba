#include "cli/bench/load.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <numeric>
#include <random>
#include <string_view>
#include <thread>

#include "base/clock.h"
#include "cli/joined.h"
#include "mayfly/mayfly.h"

namespace mayfly {
namespace {

std::int64_t now_ns() { return Clock::steady().now().time_since_epoch().count(); }

void fail(PhaseResult& result, const std::string& sentence) {
  if (result.failure[0] == '\0') sentence.copy(result.failure.data(), result.failure.size() - 1);
}

std::uint64_t mix(std::uint64_t word) {
  word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9U;
  word = (word ^ (word >> 27)) * 0x94d049bb133111ebU;
  return word ^ (word >> 31);
}

/// What stands at byte `offset` of a file: no two places of a run have the same eight bytes.
unsigned char byte_at(std::uint64_t seed, std::uint64_t offset) {
  const std::uint64_t word = mix((seed << 40) + offset / 8 + 1);
  return static_cast<unsigned char>(word >> offset % 8 * 8);
}

bool is_shared(Pattern pattern) { return pattern == Pattern::hard || pattern == Pattern::strided; }

}  // namespace

/// A transfer under way.
struct Load::Flight {
  mayfly_operation* handle = nullptr;
  std::uint64_t operation = 0;
  std::int64_t began = 0;
  std::vector<unsigned char> bytes;
};

/// A thread's own.
struct Load::Worker {
  PhaseResult result;
  std::vector<unsigned char> bytes;
  std::vector<Flight> flights;  ///< of one that streams: then these have the bytes
};

std::vector<const char*> phases_of(Pattern pattern) {
  if (pattern == Pattern::metadata) return {"create", "stat", "remove"};
  if (pattern == Pattern::metadata_hard) return {"create", "stat", "read", "remove"};
  return {"write", "read"};
}

Load::Load(LoadPlan plan, unsigned client)
    : plan_(std::move(plan)), client_(client), phases_(phases_of(plan_.pattern)) {
  path_ = is_shared(plan_.pattern)
              ? plan_.directory + "/shared"
              : fmt::format("{}/{}.{}", plan_.directory, is_data() ? "of" : "file", client_);
  // A number behind it is all that is added while the clock runs.
  if (!is_data()) path_ += '.';
  if (plan_.pattern != Pattern::random) return;
  order_.resize(operations());
  std::iota(order_.begin(), order_.end(), 0U);
  std::shuffle(order_.begin(), order_.end(), std::mt19937_64(client_ + 1));
}

bool Load::is_data() const {
  return plan_.pattern != Pattern::metadata && plan_.pattern != Pattern::metadata_hard;
}

std::uint64_t Load::operations() const {
  return is_data() ? std::max<std::uint64_t>(1, plan_.bytes / plan_.transfer) : plan_.files;
}

std::uint64_t Load::place_of(std::uint64_t operation) const {
  if (is_shared(plan_.pattern)) return (operation * plan_.clients + client_) * plan_.transfer;
  if (plan_.pattern == Pattern::random) operation = order_[operation];
  return operation * plan_.transfer;
}

std::string Load::path_of(std::uint64_t file) const {
  return is_data() ? path_ : path_ + std::to_string(file);
}

PhaseResult Load::run(std::size_t phase) {
  const bool writes = phase == 0;
  if (writes) limit_ = operations();
  next_ = 0;
  has_failed_ = false;
  // Before the clock runs: what a fresh page costs is no part of a transfer.
  std::vector<Worker> workers = ready_workers();
  PhaseResult result;
  result.began_ns = now_ns();
  const auto most_ns = static_cast<std::int64_t>(plan_.seconds) * 1'000'000'000;
  end_ns_ = plan_.seconds == 0 ? 0 : result.began_ns + most_ns;
  if (!is_data()) {
    work_all(workers, phase);
  } else if (open_data(result, writes)) {
    workers[0].flights.empty() ? work(workers[0], phase) : stream(workers[0], phase);
    close_data(result, writes);
  }
  result.ended_ns = now_ns();
  if (writes) limit_ = std::min<std::uint64_t>(limit_, next_);
  for (const Worker& worker : workers) {
    result.operations += worker.result.operations;
    result.bytes += worker.result.bytes;
    result.latency_ns.add(worker.result.latency_ns);
    if (worker.result.failure[0] != '\0') fail(result, worker.result.failure.data());
  }
  return result;
}

std::vector<Load::Worker> Load::ready_workers() const {
  const std::size_t bytes = plan_.pattern == Pattern::metadata ? 0 : plan_.transfer;
  const auto content = static_cast<unsigned char>(client_ + 1);
  std::vector<Worker> workers(is_data() ? 1 : plan_.depth);
  if (is_data() && plan_.depth > 1) {
    workers[0].flights.resize(plan_.depth);
    for (Flight& flight : workers[0].flights) flight.bytes.assign(bytes, content);
  } else {
    for (Worker& worker : workers) worker.bytes.assign(bytes, content);
  }
  return workers;
}

bool Load::open_data(PhaseResult& result, bool writes) {
  file_ = mayfly_open(path_.c_str(), writes ? O_CREAT | O_WRONLY : O_RDONLY, 0666);
  if (file_ < 0) fail(result, cannot(path_, "opened"));
  return file_ >= 0;
}

void Load::close_data(PhaseResult& result, bool writes) {
  const bool is_checkpoint = plan_.pattern == Pattern::checkpoint;
  const bool syncs = writes && (plan_.fsync || is_checkpoint);
  if (syncs && mayfly_fsync(file_) != 0) fail(result, cannot(path_, "brought to the drives"));
  if (mayfly_close(file_) != 0) fail(result, cannot(path_, "closed"));
}

void Load::work_all(std::vector<Worker>& workers, std::size_t phase) {
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < workers.size(); ++i) {
    threads.emplace_back([this, &worker = workers[i], phase] { work(worker, phase); });
  }
  work(workers[0], phase);
  for (std::thread& thread : threads) thread.join();
}

std::optional<std::uint64_t> Load::next_operation() {
  const std::uint64_t operation = next_.fetch_add(1, std::memory_order_relaxed);
  if (operation >= limit_ || has_failed_.load(std::memory_order_relaxed)) return std::nullopt;
  return operation;
}

void Load::fill(Worker& worker, std::size_t phase, std::uint64_t operation) {
  if (!plan_.verify || phase != 0) return;
  for (std::size_t i = 0; i < worker.bytes.size(); ++i) worker.bytes[i] = byte_of(operation, i);
}

bool Load::note(Worker& worker, std::int64_t began) {
  const std::int64_t ended = now_ns();
  ++worker.result.operations;
  worker.result.latency_ns.record(static_cast<std::uint64_t>(ended - began));
  return end_ns_ == 0 || ended < end_ns_;
}

void Load::work(Worker& worker, std::size_t phase) {
  while (const auto operation = next_operation()) {
    fill(worker, phase, *operation);
    const std::int64_t began = now_ns();
    const bool done =
        is_data() ? transfer(worker, phase, *operation) : handle_file(worker, phase, *operation);
    if (!done) {
      has_failed_ = true;
      break;
    }
    if (!note(worker, began)) break;
  }
}

void Load::stream(Worker& worker, std::size_t phase) {
  std::vector<Flight>& flights = worker.flights;
  std::uint64_t begun = 0;
  std::uint64_t done = 0;
  bool goes_on = true;
  while (goes_on || done != begun) {
    while (goes_on && begun - done < flights.size()) {
      goes_on = start(worker, flights[begun % flights.size()], phase);
      if (goes_on) ++begun;
    }
    if (done == begun) break;
    Flight& oldest = flights[done++ % flights.size()];
    goes_on = finish(worker, oldest, phase) && goes_on;
  }
}

bool Load::start(Worker& worker, Flight& flight, std::size_t phase) {
  const auto operation = next_operation();
  if (!operation) return false;
  flight.operation = *operation;
  worker.bytes.swap(flight.bytes);
  fill(worker, phase, *operation);
  worker.bytes.swap(flight.bytes);
  const auto offset = static_cast<off_t>(place_of(*operation));
  flight.began = now_ns();
  flight.handle = phase == 0
                      ? mayfly_start_pwrite(file_, flight.bytes.data(), plan_.transfer, offset)
                      : mayfly_start_pread(file_, flight.bytes.data(), plan_.transfer, offset);
  if (flight.handle != nullptr) return true;
  has_failed_ = true;
  return check_moved(worker, phase, *operation, -1);
}

bool Load::finish(Worker& worker, Flight& flight, std::size_t phase) {
  const ssize_t moved = mayfly_wait(flight.handle);
  const bool goes_on = note(worker, flight.began);
  worker.bytes.swap(flight.bytes);
  const bool done = check_moved(worker, phase, flight.operation, moved);
  worker.bytes.swap(flight.bytes);
  if (!done) has_failed_ = true;
  return done && goes_on;
}

unsigned char Load::byte_of(std::uint64_t operation, std::size_t index) const {
  if (!is_data()) return byte_at(operation, index);
  return byte_at(is_shared(plan_.pattern) ? 0 : client_, place_of(operation) + index);
}

bool Load::is_right(Worker& worker, std::uint64_t operation) {
  for (std::size_t i = 0; plan_.verify && i < worker.bytes.size(); ++i) {
    if (worker.bytes[i] == byte_of(operation, i)) continue;
    const std::uint64_t begin = is_data() ? place_of(operation) : 0;
    fail(worker.result, fmt::format("{} has a wrong byte at {}.", path_of(operation), begin + i));
    return false;
  }
  return true;
}

bool Load::transfer(Worker& worker, std::size_t phase, std::uint64_t operation) {
  const auto offset = static_cast<off_t>(place_of(operation));
  const ssize_t moved = phase == 0
                            ? mayfly_pwrite(file_, worker.bytes.data(), plan_.transfer, offset)
                            : mayfly_pread(file_, worker.bytes.data(), plan_.transfer, offset);
  return check_moved(worker, phase, operation, moved);
}

bool Load::check_moved(Worker& worker, std::size_t phase, std::uint64_t operation, ssize_t moved) {
  if (moved != static_cast<ssize_t>(plan_.transfer)) {
    if (moved >= 0) errno = EIO;
    fail(worker.result, cannot(path_, phase == 0 ? "written" : "read"));
    return false;
  }
  worker.result.bytes += plan_.transfer;
  return phase == 0 || is_right(worker, operation);
}

bool Load::handle_file(Worker& worker, std::size_t phase, std::uint64_t file) {
  const std::string path = path_of(file);
  const std::string_view what = phases_[phase];
  struct stat status {};
  if (what == "create") return put_file(worker, path);
  if (what == "read") return get_file(worker, path, file);
  if (what == "stat") {
    const bool done = mayfly_stat(path.c_str(), &status) == 0 &&
                      static_cast<std::uint64_t>(status.st_size) == worker.bytes.size();
    if (!done) fail(worker.result, cannot(path, "looked at"));
    return done;
  }
  if (mayfly_unlink(path.c_str()) == 0) return true;
  fail(worker.result, cannot(path, "removed"));
  return false;
}

bool Load::put_file(Worker& worker, const std::string& path) {
  const int made = mayfly_open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY, 0666);
  const auto bytes = static_cast<ssize_t>(worker.bytes.size());
  bool done = made >= 0;
  if (done && bytes != 0)
    done = mayfly_pwrite(made, worker.bytes.data(), plan_.transfer, 0) == bytes;
  if (done && plan_.fsync) done = mayfly_fsync(made) == 0;
  if (made >= 0) done = mayfly_close(made) == 0 && done;
  if (!done) fail(worker.result, cannot(path, "made"));
  worker.result.bytes += worker.bytes.size();
  return done;
}

bool Load::get_file(Worker& worker, const std::string& path, std::uint64_t file) {
  const int opened = mayfly_open(path.c_str(), O_RDONLY, 0);
  const auto bytes = static_cast<ssize_t>(worker.bytes.size());
  const bool done =
      opened >= 0 && mayfly_pread(opened, worker.bytes.data(), plan_.transfer, 0) == bytes;
  const bool closed = opened >= 0 && mayfly_close(opened) == 0;
  if (!done || !closed) fail(worker.result, cannot(path, "read"));
  worker.result.bytes += worker.bytes.size();
  return done && closed && is_right(worker, file);
}

void Load::clean() {
  if (is_data()) {
    mayfly_unlink(path_.c_str());
    return;
  }
  // A run that has failed or was cut short leaves some.
  for (std::uint64_t file = 0; file < plan_.files; ++file) mayfly_unlink(path_of(file).c_str());
}

}  // namespace mayfly
