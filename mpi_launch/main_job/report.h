// Report: what the main job did, as a table for people and as JSON for programs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace mayfly {

/// What the machine can do without a file system of ours, in MiB/s; 0: not measured.
struct Limits {
  double drive_write = 0;
  double drive_read = 0;
  double transport_write = 0;
  double transport_read = 0;
  std::string drive_method;
  std::string transport_method;
};

struct Phase {
  std::string name;
  bool is_write = false;  ///< into MayflyFS; else out of it
  std::uint64_t bytes = 0;
  double seconds = 0;
  bool verified = false;

  double rate() const;  ///< MiB/s
};

class Report {
 public:
  Limits limits;
  std::vector<std::string> notes;  ///< one sentence each

  void add(std::string name, bool is_write, std::uint64_t bytes, double seconds);
  /// The phases whose names begin with `beginning` have been checked, byte by byte.
  void mark_verified(std::string_view beginning);

  std::string table() const;
  Result<void, Failure> write_json(const std::string& path) const;

 private:
  /// The drive's or the transport's limit, whichever is lower; 0 if neither is known.
  double limit_of(const Phase& phase) const;
  std::string limit_name(const Phase& phase) const;

  std::vector<Phase> phases_;
};

}  // namespace mayfly
