// Child: a process that ends with this one, and whose end can be waited for by poll(2).
//
// Owner: whoever started it; it is not killed with its Child. Thread: one, the one that started it,
// for the kernel ends it with that thread.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace mayfly {

using Variables = std::vector<std::pair<std::string, std::string>>;

class Child {
 public:
  struct Options {
    Variables variables = {};    ///< in addition to this process's
    int input = -1;              ///< its standard input; -1: this process's
    bool has_own_group = false;  ///< what is sent to this process's group does not reach it
  };
  /// no_entry, or what else exec says.
  static Result<Child> start(const std::vector<std::string>& words, const Options& options);
  Child(Child&& other) noexcept;
  Child& operator=(Child&&) = delete;
  ~Child();

  pid_t pid() const { return pid_; }
  /// Readable when it has ended.
  int descriptor() const { return descriptor_; }
  bool has_ended() const;
  void signal(int number) const;
  /// Waits; as waitpid(2) has it.
  int wait();

 private:
  Child(pid_t pid, int descriptor) : pid_(pid), descriptor_(descriptor) {}

  pid_t pid_;
  int descriptor_;
};

/// A descriptor that is readable when `pid` has ended; -1: it has already.
int watch_process(pid_t pid);

/// What a shell says of such an end: its exit status, or 128 and the signal.
int exit_code_of(int status);

}  // namespace mayfly
