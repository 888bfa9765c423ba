// mayfly drain: complete sets of a session to a directory that lasts, while the job computes.
#include "staging/drain.h"

#include <fmt/format.h>
#include <linux/ioprio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/clock.h"
#include "base/units.h"
#include "cli/checkpoints.h"
#include "cli/drain_forecast.h"
#include "cli/entry_text.h"
#include "cli/joined.h"
#include "cli/rate.h"
#include "cli/session_path.h"
#include "cli/session_place.h"
#include "cli/session_walk.h"
#include "staging/whole_io.h"

namespace mayfly {
namespace {

constexpr auto kBetweenLooks = std::chrono::milliseconds(250);
/// Before the first of what is drained has arrived nobody knows how fast that goes.
constexpr double kLeastSecondsToJudge = 1;
constexpr double kSecondsBetweenWarnings = 10;

struct DrainWords {
  std::string session;
  std::string destination;
  std::string from = kCheckpoints;
  std::string rate;
  std::string before;
  std::string deadline;
  std::string by = "servers";
  bool watches = false;
  bool json = false;
  unsigned keep = 0;
};

/// What users see of a drain, and the watch over its deadline.
class DrainReport final : public DrainObserver {
 public:
  DrainReport(const DrainWords& words, const Progress& progress, std::time_t deadline)
      : words_(words), progress_(progress), deadline_(deadline), began_(Clock::steady().now()) {
    if (deadline != 0) watching_ = std::thread([this] { watch(); });
  }
  DrainReport(const DrainReport&) = delete;
  DrainReport& operator=(const DrainReport&) = delete;
  ~DrainReport() {
    {
      const std::lock_guard lock(mutex_);
      is_over_ = true;
    }
    ending_.notify_one();
    if (watching_.joinable()) watching_.join();
  }

  void set_wanted(std::uint64_t bytes) { bytes_wanted_ = bytes; }
  void say(const char* event, const std::string& set, const std::string& text) {
    const std::lock_guard lock(mutex_);
    if (words_.json) {
      print_json_line({{"event", event}, {"set", set}, {"text", text}});
      std::fflush(stdout);
    } else {
      std::fprintf(stderr, "%s\n", text.c_str());
    }
  }
  void began(const CheckpointSet& set) override { say("began", set.name, "draining " + set.name); }
  void drained(const CheckpointSet& set) override {
    ++drained_;
    say("drained", set.name, set.name + " is complete in " + words_.destination);
  }
  void dropped(const std::string& set) override { say("dropped", set, "dropped " + set); }
  void copied(const std::string&, std::uint64_t) override {}
  void removed(const std::string&) override {}
  void failed(const std::string& path, const std::string& why) override {
    say("failed", path, fmt::format("mayfly: {}: {}", path, why));
  }
  unsigned sets() const { return drained_; }

 private:
  DrainForecast forecast() const {
    const std::uint64_t done = progress_.bytes_done;
    const double seconds = std::chrono::duration<double>(Clock::steady().now() - began_).count();
    DrainForecast forecast;
    forecast.bytes_left = bytes_wanted_ - std::min<std::uint64_t>(bytes_wanted_, done);
    const std::uint64_t moved = done - std::min<std::uint64_t>(done, progress_.bytes_kept);
    if (seconds >= kLeastSecondsToJudge) {
      forecast.bytes_per_second = static_cast<double>(moved) / seconds;
    } else if (!words_.rate.empty()) {
      forecast.bytes_per_second = static_cast<double>(parse_bytes(words_.rate).value());
    }
    forecast.seconds_to_deadline = std::difftime(deadline_, std::time(nullptr));
    return forecast;
  }

  /// Tells once when the end is expected, and as soon as that is too late, with numbers.
  void watch() {
    bool has_told = false;
    double next_warning = 0;
    std::unique_lock lock(mutex_);
    while (!ending_.wait_for(lock, kBetweenLooks, [this] { return is_over_; })) {
      lock.unlock();
      const DrainForecast now = forecast();
      const double seconds = std::chrono::duration<double>(Clock::steady().now() - began_).count();
      if (now.bytes_left != 0 && now.bytes_per_second > 0) {
        if (!now.fits() && seconds >= next_warning) {
          next_warning = seconds + kSecondsBetweenWarnings;
          say("warning", "",
              fmt::format("mayfly: the drain will not end in time. {}: about {} will be missing. "
                          "The newest sets go first.",
                          now.text(), format_bytes(now.bytes_missing())));
        } else if (now.fits() && !has_told) {
          say("forecast", "", now.text());
        }
        has_told = true;
      }
      lock.lock();
    }
  }

  const DrainWords& words_;
  const Progress& progress_;
  std::time_t deadline_;
  TimePoint began_;
  std::atomic<std::uint64_t> bytes_wanted_{0};
  unsigned drained_ = 0;
  std::mutex mutex_;
  std::condition_variable ending_;
  bool is_over_ = false;
  std::thread watching_;
};

/// The job computes; whatever this process does can wait.
void be_modest() {
  ::setpriority(PRIO_PROCESS, 0, 19);
  constexpr int kProcess = 1;  // IOPRIO_WHO_PROCESS
  ::syscall(SYS_ioprio_set, kProcess, 0, IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0));
}

std::uint64_t bytes_of_sets(const CheckpointSets& sets, const std::string& destination) {
  std::uint64_t bytes = 0;
  const auto known = sets.list();
  if (!known) return 0;
  for (const CheckpointSet& set : *known) {
    if (!set.is_complete() || set.is_in(destination)) continue;
    walk_session(sets.path_of(set.name), [&](const std::string&, const struct stat& status) {
      if (S_ISREG(status.st_mode)) bytes += static_cast<std::uint64_t>(status.st_size);
    });
  }
  return bytes;
}

Result<std::time_t, Failure> deadline_of(const DrainWords& words) {
  if (!words.deadline.empty()) return parse_deadline(words.deadline, std::time(nullptr));
  if (words.before == "job end") return job_end();
  return std::time_t{0};
}

int drain(DrainWords words) {
  const auto deadline = deadline_of(words);
  if (!deadline) return complain(deadline.error().sentence);
  words.destination = std::filesystem::absolute(words.destination).lexically_normal();
  words.destination = without_slashes(words.destination);
  const auto joined = Joined::join(words.session);
  if (!joined) return complain(joined.error().sentence);
  if (const Status made = make_directories(local_calls(), words.destination); !made) {
    return complain(
        fmt::format("{} cannot be made ({}).", words.destination, describe(made.error())));
  }
  be_modest();
  CheckpointSets sets(session_calls(), without_slashes(place_in_session(words.from)));
  DrainOptions options;
  options.destination = words.destination;
  options.keep = words.keep;
  options.mode = {.by_servers = words.by == "servers", .is_direct = false, .is_idle = true};
  if (!words.rate.empty()) options.bytes_per_second = parse_bytes(words.rate).value();
  Progress progress;
  DrainReport report(words, progress, *deadline);
  if (*deadline != 0) report.set_wanted(bytes_of_sets(sets, words.destination));
  Drain drain(sets, options, progress, report);
  for (;;) {
    const Drain::Step step = drain.drain_next();
    if (step == Drain::Step::session_is_gone) {
      if (words.watches && progress.failures == 0) break;
      return complain("The session is gone.");
    }
    if (step != Drain::Step::nothing_to_do) continue;
    if (!words.watches) break;
    std::this_thread::sleep_for(kBetweenLooks);
  }
  report.say("finished", "", fmt::format("drained {} sets", report.sets()));
  return progress.failures == 0 ? 0 : 1;
}

}  // namespace

void add_drain(CLI::App& app, int& exit_code) {
  const auto words = std::make_shared<DrainWords>();
  CLI::App* const command = app.add_subcommand(
      "drain", "Copy complete checkpoint sets to a directory that lasts, the newest first");
  add_session_option(*command, words->session);
  command->add_option("destination", words->destination, "each set becomes a directory in it")
      ->required();
  command->add_option("--in", words->from, "where the sets are")->capture_default_str();
  command->add_flag("--watch", words->watches, "go on until the session ends");
  command->add_option("--drain-rate", words->rate, "bytes per second at the most")
      ->check(CLI::Validator(check_rate, "RATE"));
  command->add_option("--keep", words->keep, "so many sets stay in the session, of those drained");
  CLI::Option* const before =
      command->add_option("--before", words->before, "say whether it ends in time: 'job end'")
          ->check(CLI::IsMember({"job end"}));
  command->add_option("--deadline", words->deadline, "the same: a time, or how long from now (10m)")
      ->excludes(before);
  command->add_option("--by", words->by, "who moves the bytes, where servers see the files")
      ->check(CLI::IsMember({"servers", "clients"}))
      ->capture_default_str();
  command->add_flag("--json", words->json, "events as JSON lines");
  command->footer(
      "A set is complete in the destination or not there at all, whatever is killed when.\n"
      "Example: mayfly drain --watch --drain-rate 500M /project/run1 &");
  command->callback([words, &exit_code] { exit_code = drain(*words); });
}

}  // namespace mayfly
