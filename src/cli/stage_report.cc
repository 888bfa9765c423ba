#include "cli/stage_report.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/units.h"
#include "cli/entry_text.h"

namespace mayfly {
namespace {

constexpr Nanoseconds kBetweenBars = std::chrono::milliseconds(200);
constexpr Nanoseconds kBetweenLines = std::chrono::seconds(10);
constexpr int kBarCells = 20;

double seconds_since(TimePoint began) {
  return std::chrono::duration<double>(Clock::steady().now() - began).count();
}

}  // namespace

StageReport::StageReport(const Progress& progress, const Style& style)
    : progress_(progress),
      style_(style),
      began_(Clock::steady().now()),
      is_terminal_(::isatty(STDERR_FILENO) == 1) {
  if (!style_.is_quiet) drawing_ = std::thread([this] { draw_until_finished(); });
}

void StageReport::copied(const std::string& to, std::uint64_t bytes) {
  if (!style_.lists) return;
  if (style_.json) {
    print_json_line({{"event", style_.done}, {"path", to}, {"bytes", bytes}});
  } else {
    clear_bar();
    std::printf("%s\n", to.c_str());
  }
}

void StageReport::removed(const std::string& to) {
  if (style_.json) {
    print_json_line({{"event", "removed"}, {"path", to}});
  } else if (style_.lists) {
    clear_bar();
    std::printf("removed %s\n", to.c_str());
  }
}

void StageReport::failed(const std::string& path, const std::string& why) {
  if (style_.json) {
    print_json_line({{"event", "failed"}, {"path", path}, {"why", why}});
    return;
  }
  clear_bar();
  std::fprintf(stderr, "mayfly: %s: %s\n", path.c_str(), why.c_str());
}

void StageReport::clear_bar() {
  if (is_terminal_ && !style_.json) std::fputs("\r\033[K", stderr);
}

void StageReport::draw_until_finished() {
  TimePoint last_line = began_;
  std::unique_lock lock(mutex_);
  while (!finishing_.wait_for(lock, kBetweenBars, [this] { return is_finished_; })) {
    if (is_terminal_ && !style_.json) {
      std::fprintf(stderr, "\r\033[K%s", line().c_str());
      continue;
    }
    const TimePoint now = Clock::steady().now();
    if (now - last_line < kBetweenLines) continue;
    last_line = now;
    if (style_.json) {
      std::fputs(event("progress").c_str(), stdout);
      std::fflush(stdout);
    } else {
      std::fprintf(stderr, "%s\n", line().c_str());
    }
  }
}

/// Bytes, files, rate, and the time that is left if that is known.
std::string StageReport::line() const {
  const std::uint64_t bytes = progress_.bytes_done;
  const std::uint64_t all = std::max<std::uint64_t>(progress_.bytes_found, bytes);
  const double seconds = std::max(seconds_since(began_), 1e-3);
  const auto moved =
      static_cast<double>(bytes - std::min<std::uint64_t>(progress_.bytes_kept, bytes));
  const double rate = moved / seconds;
  const double share = all == 0 ? 0 : static_cast<double>(bytes) / static_cast<double>(all);
  std::string bar(kBarCells, '.');
  std::fill_n(bar.begin(), static_cast<int>(share * kBarCells), '#');
  std::string left = "counting";
  if (progress_.all_found) {
    const auto rest = static_cast<double>(all - bytes);
    left = rate > 0 ? fmt::format("{:.0f} s left", rest / rate) : "waiting";
  }
  return fmt::format("[{}] {:3.0f} %  {} of {}, {} of {} files, {}/s, {}", bar, 100 * share,
                     format_bytes(bytes), format_bytes(all), progress_.files_done.load(),
                     progress_.files_found.load(), format_bytes(static_cast<std::uint64_t>(rate)),
                     left);
}

std::string StageReport::event(const char* name) const {
  return json_line({{"event", name},
                    {"files", progress_.files_done.load()},
                    {"files_found", progress_.files_found.load()},
                    {"files_kept", progress_.files_kept.load()},
                    {"bytes", progress_.bytes_done.load()},
                    {"bytes_found", progress_.bytes_found.load()},
                    {"bytes_kept", progress_.bytes_kept.load()},
                    {"bytes_by_servers", progress_.bytes_by_servers.load()},
                    {"failures", progress_.failures.load()},
                    {"seconds", seconds_since(began_)}});
}

void StageReport::stop_drawing() {
  if (!drawing_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    is_finished_ = true;
  }
  finishing_.notify_one();
  drawing_.join();
}

void StageReport::finish() {
  stop_drawing();
  if (style_.is_quiet) return;
  if (style_.json) {
    std::fputs(event("finished").c_str(), stdout);
    std::fflush(stdout);
    return;
  }
  clear_bar();
  const std::uint64_t kept = progress_.files_kept;
  const std::uint64_t files = progress_.files_done - kept;
  const std::uint64_t bytes = progress_.bytes_done - progress_.bytes_kept;
  const double seconds = seconds_since(began_);
  const auto rate = static_cast<std::uint64_t>(static_cast<double>(bytes) / seconds);
  std::string text = fmt::format("{} {} files, {} in {:.1f} s ({}/s)", style_.done, files,
                                 format_bytes(bytes), seconds, format_bytes(rate));
  if (kept != 0) text += fmt::format("; {} were there already", kept);
  if (progress_.failures != 0) text += fmt::format("; {} FAILED", progress_.failures.load());
  std::fprintf(stderr, "%s\n", text.c_str());
}

}  // namespace mayfly
