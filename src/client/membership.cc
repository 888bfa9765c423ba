#include "client/membership.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "transport/ucx_worker.h"

namespace mayfly {
namespace {

std::mutex current_mutex;
std::shared_ptr<Membership> current_membership;

}  // namespace

Result<std::shared_ptr<Membership>> Membership::current() {
  const std::lock_guard lock(current_mutex);
  if (current_membership == nullptr) return Errc::not_connected;
  return current_membership;
}

Status Membership::join(Bytes session) {
  MAYFLY_TRY(info, decode_session(session));
  const std::lock_guard lock(current_mutex);
  if (current_membership != nullptr) return Errc::already;
  auto worker = UcxWorker::create(UcxOptions());
  if (!worker) {
    log::error("{}", worker.error().sentence);
    return worker.error().code;
  }
  current_membership = std::make_shared<Membership>(std::move(info), std::move(*worker));
  return {};
}

Status Membership::leave() {
  std::shared_ptr<Membership> leaving;
  {
    const std::lock_guard lock(current_mutex);
    leaving = std::move(current_membership);
  }
  if (leaving == nullptr) return Errc::not_connected;
  for (std::size_t fd = 0; fd < leaving->files_.size(); ++fd) {
    auto file = leaving->remove(static_cast<int>(fd));
    if (!file) continue;
    if (const Status closed = leaving->session_.run((*file)->close()); !closed) {
      log::warn("a file left open could not be closed: {}", describe(closed.error()));
    }
  }
  return {};
}

Membership::Membership(SessionInfo info, std::unique_ptr<Worker> worker)
    : worker_(std::move(worker)), session_(std::move(info), *worker_, sleeper_, SessionOptions()) {}

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
