// NodePost: short words between the processes of one user on one node, by a datagram socket whose
// name is gone with whoever listens. What others say is not heard.
//
// Owner: who listens. Thread: one. Failure: to say something to nobody is connection refused.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "base/result.h"

namespace mayfly {

struct NodeWord {
  char kind = 0;
  pid_t from = 0;
};

class NodePost {
 public:
  static Result<NodePost, Failure> listen(const std::string& name);
  static Status say(const std::string& name, char kind);

  NodePost(NodePost&& other) noexcept;
  NodePost& operator=(NodePost&&) = delete;
  ~NodePost();

  /// For poll(2).
  int descriptor() const { return descriptor_; }
  /// Does not wait.
  std::optional<NodeWord> next() const;

 private:
  explicit NodePost(int descriptor) : descriptor_(descriptor) {}

  int descriptor_;
};

}  // namespace mayfly
