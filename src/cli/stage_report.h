// StageReport: what a user sees of a stage or a verification: failures as they come, a bar on a
// terminal or a line now and then, a summary at the end; or all of it as JSON lines.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

#include "base/clock.h"
#include "staging/progress.h"
#include "staging/stage.h"
#include "staging/verify.h"

namespace mayfly {

/// Owner: a subcommand. Thread: it is told by any, one at a time, and draws in one of its own.
class StageReport final : public StageObserver, public VerifyObserver {
 public:
  struct Style {
    const char* done;  ///< "copied", "compared"
    bool json = false;
    bool lists = false;     ///< names what is copied, as --dry-run and --verbose want
    bool is_quiet = false;  ///< tells of failures only: another rank tells of the whole
  };
  StageReport(const Progress& progress, const Style& style);
  StageReport(const StageReport&) = delete;
  StageReport& operator=(const StageReport&) = delete;
  ~StageReport() { stop_drawing(); }

  void copied(const std::string& to, std::uint64_t bytes) override;
  void removed(const std::string& to) override;
  void failed(const std::string& path, const std::string& why) override;
  void ended() override { finish(); }
  void differs(const std::string& path, const std::string& how) override { failed(path, how); }

  /// The summary; the last that is said.
  void finish();

 private:
  void draw_until_finished();
  void stop_drawing();
  std::string line() const;
  std::string event(const char* name) const;
  void clear_bar();

  const Progress& progress_;
  Style style_;
  TimePoint began_;
  bool is_terminal_;
  std::mutex mutex_;
  std::condition_variable finishing_;
  bool is_finished_ = false;
  std::thread drawing_;
};

}  // namespace mayfly
