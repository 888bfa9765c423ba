// Membership: this process's one session and its descriptors, for the C API.
//
// Owner: the process. Thread: any. The session lives as long as anybody uses it (shared_ptr), also
// past leave().
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "async/poll_sleeper.h"
#include "client/file.h"
#include "client/session.h"
#include "transport/worker.h"

namespace mayfly {

class Membership {
 public:
  /// The process's membership; not_connected before join(), and in a forked child, which may join
  /// for itself.
  static Result<std::shared_ptr<Membership>> current();
  static Status join(Bytes session);
  /// Closes what is open and says goodbye; gives the first error of a close.
  static Status leave();

  Membership(SessionInfo info, std::unique_ptr<Worker> worker, const SessionOptions& options);
  ~Membership();

  Session& session() { return session_; }

  /// The lowest free descriptor, from 0 on; too_many_open past kMaxDescriptors.
  /// Takes `file` only if it succeeds.
  Result<int> add(std::unique_ptr<File>& file);
  Result<std::shared_ptr<File>> find(int fd);
  Result<std::shared_ptr<File>> remove(int fd);

 private:
  static constexpr std::size_t kMaxDescriptors = 1 << 20;

  static Task<Status> close_all(std::vector<std::shared_ptr<File>> files);
  std::vector<std::shared_ptr<File>> take_all();

  PollSleeper sleeper_;
  std::unique_ptr<Worker> worker_;
  Session session_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<File>> files_;
};

}  // namespace mayfly
