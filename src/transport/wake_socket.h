// WakeSocket: by it a process of this machine ends another's sleep: a datagram socket whose name,
// given by the kernel, is gone with its process.
//
// Owner: a worker's lanes. Thread: the worker's. Failure: to wake nobody is false.
#pragma once

#include <array>

#include "base/result.h"

namespace mayfly {

class WakeSocket {
 public:
  /// Padded with zeros; all zeros is nobody's.
  using Name = std::array<char, 8>;

  static Result<WakeSocket> open();
  WakeSocket(WakeSocket&& other) noexcept;
  WakeSocket& operator=(WakeSocket&&) = delete;
  ~WakeSocket();

  /// Readable when somebody has called wake() with our name, until drain().
  int descriptor() const { return descriptor_; }
  const Name& name() const { return name_; }
  /// Does not wait.
  bool wake(const Name& name) const;
  void drain() const;

 private:
  explicit WakeSocket(int descriptor) : descriptor_(descriptor) {}
  bool learn_name();

  int descriptor_;
  Name name_{};
};

}  // namespace mayfly
