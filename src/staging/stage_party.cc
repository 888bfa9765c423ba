#include "staging/stage_party.h"

#include <xxhash.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <sstream>

#include "base/log.h"
#include "staging/file_calls.h"
#include "staging/growing_wait.h"
#include "staging/rank_count.h"
#include "staging/whole_io.h"

namespace mayfly {
namespace {

constexpr Nanoseconds kLongSilence = std::chrono::seconds(20);

using Counts = std::array<std::uint64_t, 8>;

/// All that is counted, in an order that reading and writing have in common.
template <class Visit>
void for_each_count(Progress& progress, Visit visit) {
  std::size_t at = 0;
  for (auto* const count : {&progress.files_found, &progress.bytes_found, &progress.files_done,
                            &progress.bytes_done, &progress.files_kept, &progress.bytes_kept,
                            &progress.bytes_by_servers, &progress.failures}) {
    visit(at++, *count);
  }
}

std::string text_of(Progress& progress) {
  std::string text;
  for_each_count(progress, [&](std::size_t, const std::atomic<std::uint64_t>& count) {
    text += std::to_string(count.load()) + " ";
  });
  return text;
}

Result<Counts> counts_in(const FileCalls& calls, const std::string& path) {
  MAYFLY_TRY(text, read_whole(calls, path));
  std::istringstream words(text);
  Counts counts{};
  for (std::uint64_t& count : counts) {
    if (!(words >> count)) return Errc::bad_message;
  }
  return counts;
}

std::string report_of(const StageParty& party, unsigned rank) {
  return join_path(party.meeting, "rank-" + std::to_string(rank));
}

Status add_others(const StageParty& party, Progress& progress) {
  for (unsigned rank = 0; rank < party.ranks; ++rank) {
    if (rank == party.rank) continue;
    MAYFLY_TRY(counts, counts_in(session_calls(), report_of(party, rank)));
    for_each_count(progress,
                   [&](std::size_t at, std::atomic<std::uint64_t>& count) { count += counts[at]; });
  }
  return Status();
}

/// Until the path is there, or is gone.
Status wait_until(const std::string& path, bool should_be_there) {
  GrowingWait others;
  bool has_told = false;
  for (;;) {
    MAYFLY_TRY(is_found, is_there(session_calls(), path));
    if (is_found == should_be_there) return Status();
    others.wait();
    if (has_told || others.waited() < kLongSilence) continue;
    has_told = true;
    log::warn(
        "waiting for the other ranks to end their share; a command that only some of a launch's "
        "ranks run needs --alone");
  }
}

}  // namespace

unsigned StageParty::rank_of(const std::string& path) const {
  return static_cast<unsigned>(XXH3_64bits(path.data(), path.size()) % ranks);
}

Status meet(const StageParty& party, Progress& progress, const std::function<void()>& finish) {
  const FileCalls& calls = session_calls();
  const std::string over = join_path(party.meeting, "over");
  MAYFLY_CHECKED(make_directories(calls, party.meeting));
  MAYFLY_CHECKED(write_file(calls, report_of(party, party.rank), text_of(progress)));
  MAYFLY_TRY(is_last, arrive(calls, join_path(party.meeting, "arrived"), party.ranks));
  if (is_last) {
    if (const Status added = add_others(party, progress); !added) ++progress.failures;
    finish();
    MAYFLY_CHECKED(write_file(calls, over, text_of(progress)));
  } else {
    MAYFLY_CHECKED(wait_until(over, true));
    MAYFLY_TRY(counts, counts_in(calls, over));
    for_each_count(progress,
                   [&](std::size_t at, std::atomic<std::uint64_t>& count) { count = counts[at]; });
  }
  return Status();
}

Status leave(const StageParty& party, const Progress& progress) {
  const FileCalls& calls = session_calls();
  MAYFLY_TRY(is_last, arrive(calls, join_path(party.meeting, "left"), party.ranks));
  if (is_last) return remove_tree(calls, party.meeting);
  return progress.failures == 0 ? Status() : wait_until(party.meeting, false);
}

}  // namespace mayfly
