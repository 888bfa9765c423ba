#include "client/membership.h"

#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "async/task_group.h"
#include "base/log.h"
#include "client/client_statistics.h"
#include "transport/ucx_worker.h"

namespace mayfly {
namespace {

constexpr unsigned kLongestDeadline = 3600;
constexpr const char* kStatisticsVariable = "MAYFLY_STATISTICS";

struct Current {
  std::mutex mutex;
  std::shared_ptr<Membership> membership;
  Current* of_parent = nullptr;  ///< kept, never used
};

/// Never destroyed: exit() would say goodbye to the servers in the middle of other threads' calls.
/// Servers notice the end of a process by themselves.
Current* current_of_this_process = nullptr;

/// The parent's is left as it is: another thread of the parent may have been in the middle of
/// anything, and a goodbye would be said in the parent's name.
void start_anew() {
  auto* const fresh = new Current;
  fresh->of_parent = std::exchange(current_of_this_process, fresh);
}

Current& current_of_process() {
  static const int once = [] {
    start_anew();
    return ::pthread_atfork(nullptr, nullptr, start_anew);
  }();
  MAYFLY_ASSERT(once == 0);
  return *current_of_this_process;
}

/// What the user has set in the environment, where the launcher passes it to every rank.
Result<SessionOptions, Failure> session_options(const char* deadline) {
  SessionOptions options;
  options.is_timed = std::getenv(kStatisticsVariable) != nullptr;
  if (deadline == nullptr) return options;
  const std::string_view text(deadline);
  unsigned seconds = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || seconds < 1 ||
      seconds > kLongestDeadline) {
    return Failure{Errc::invalid, fmt::format("MAYFLY_DEADLINE is \"{}\", not a number of seconds "
                                              "from 1 to {}.",
                                              text, kLongestDeadline)};
  }
  options.deadline = std::chrono::seconds(seconds);
  return options;
}

}  // namespace

Result<std::shared_ptr<Membership>> Membership::current() {
  Current& current = current_of_process();
  const std::lock_guard lock(current.mutex);
  if (current.membership == nullptr) return Errc::not_connected;
  return current.membership;
}

Status Membership::join(Bytes session) {
  MAYFLY_TRY(info, decode_session(session));
  const auto options = session_options(std::getenv("MAYFLY_DEADLINE"));
  if (!options) {
    log::error("{}", options.error().sentence);
    return options.error().code;
  }
  Current& current = current_of_process();
  const std::lock_guard lock(current.mutex);
  if (current.membership != nullptr) return Errc::already;
  auto worker = UcxWorker::create(UcxOptions());
  if (!worker) {
    log::error("{}", worker.error().sentence);
    return worker.error().code;
  }
  current.membership = std::make_shared<Membership>(std::move(info), std::move(*worker), *options);
  return {};
}

Status Membership::leave() {
  std::shared_ptr<Membership> leaving;
  {
    Current& current = current_of_process();
    const std::lock_guard lock(current.mutex);
    if (current.membership == nullptr) return Errc::not_connected;
    leaving = std::move(current.membership);
  }
  const Status closed = leaving->session_.run(close_all(leaving->take_all()));
  if (const char* const path = std::getenv(kStatisticsVariable); path != nullptr) {
    const auto written = append_statistics(leaving->session_, path);
    if (!written) log::error("{}", written.error().sentence);
  }
  return closed;
}

Task<Status> Membership::close_all(std::vector<std::shared_ptr<File>> files) {
  TaskGroup closes;
  for (const auto& file : files) {
    if (file != nullptr) closes.add(file->close());
  }
  const Status closed = co_await closes.join();
  if (!closed) log::warn("a file left open could not be closed: {}", describe(closed.error()));
  co_return closed;
}

std::vector<std::shared_ptr<File>> Membership::take_all() {
  const std::lock_guard lock(mutex_);
  return std::exchange(files_, {});
}

Membership::Membership(SessionInfo info, std::unique_ptr<Worker> worker,
                       const SessionOptions& options)
    : worker_(std::move(worker)), session_(std::move(info), *worker_, sleeper_, options) {}

Membership::~Membership() { session_.run(session_.leave()); }

Result<int> Membership::add(std::unique_ptr<File>& file) {
  const std::lock_guard lock(mutex_);
  auto place = std::find(files_.begin(), files_.end(), nullptr);
  if (place == files_.end()) {
    if (files_.size() == kMaxDescriptors) return Errc::too_many_open;
    place = files_.emplace(files_.end());
  }
  *place = std::move(file);
  return static_cast<int>(place - files_.begin());
}

Result<std::shared_ptr<File>> Membership::find(int fd) {
  const std::lock_guard lock(mutex_);
  const auto index = static_cast<std::size_t>(fd);
  if (fd < 0 || index >= files_.size() || files_[index] == nullptr) return Errc::bad_descriptor;
  return files_[index];
}

Result<std::shared_ptr<File>> Membership::remove(int fd) {
  const std::lock_guard lock(mutex_);
  const auto index = static_cast<std::size_t>(fd);
  if (fd < 0 || index >= files_.size() || files_[index] == nullptr) return Errc::bad_descriptor;
  return std::exchange(files_[index], nullptr);
}

}  // namespace mayfly
