#include "staging/stage.h"

#include <cerrno>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "staging/file_copy.h"
#include "staging/rate_limit.h"
#include "staging/stage_run.h"
#include "staging/times.h"
#include "staging/whole_io.h"

namespace mayfly {

StageRun::StageRun(const FileCalls& from, const FileCalls& to, const StageOptions& options,
                   Progress& progress, StageObserver& observer)
    : from_(from),
      to_(to),
      options_(options),
      progress_(progress),
      observer_(observer),
      limit_(options.bytes_per_second) {}

bool StageRun::run() {
  const bool is_open = open_manifest();
  if (is_open) copy_files();
  if (!options_.party.is_alone()) return finish_together();
  if (is_open) finish();
  observer_.ended();
  return progress_.failures == 0;
}

void StageRun::copy_files() {
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < options_.threads; ++i) threads.emplace_back([this] { work(); });
  for (const StageOptions::Tree& tree : options_.trees) walk_tree(tree);
  progress_.all_found = true;
  queue_.close();
  for (std::thread& thread : threads) thread.join();
}

/// What can be done only when all files are there.
void StageRun::finish() {
  if (!options_.dry_run) {
    for (const Link& link : hard_links_) make_hard_link(link);
  }
  if (options_.deletes && progress_.failures == 0) remove_what_is_gone();
  // Last of all, for whatever is made or removed in a directory changes its time.
  if (!options_.dry_run) finish_directories();
  if (manifest_ == nullptr) return;
  // Now: once a rank has ended with a failure, launchers end the others.
  const Status written = progress_.failures == 0 ? manifest_->finish() : manifest_->flush();
  if (!written) fail(options_.manifest, written.error());
}

bool StageRun::finish_together() {
  if (manifest_ != nullptr) {
    if (const Status status = manifest_->flush(); !status) fail(options_.manifest, status.error());
    manifest_.reset();
  }
  if (const Status written = write_parts(options_.party, parts_); !written) {
    fail(options_.party.meeting, written.error());
  }
  const Status met = meet(options_.party, progress_, [this] {
    take_over_shares();
    join_shared_files();
    finish();
  });
  if (!met) fail(options_.party.meeting, met.error());
  observer_.ended();
  const Status left = leave(options_.party, progress_);
  if (!left) fail(options_.party.meeting, left.error());
  return progress_.failures == 0;
}

/// Of the ranks' manifests one becomes that of all.
void StageRun::take_over_shares() {
  if (options_.manifest.empty() || options_.dry_run) return;
  if (!open_manifest(options_.manifest)) return;
  for (unsigned rank = 0; rank < options_.party.ranks; ++rank) {
    const Status added = manifest_->add_all(manifest_of(rank));
    // A rank that could not make its own has said so.
    if (!added && added.error() != Errc::no_entry) fail(manifest_of(rank), added.error());
  }
  if (const Status status = manifest_->flush(); !status) {
    return fail(options_.manifest, status.error());
  }
  for (unsigned rank = 0; rank < options_.party.ranks; ++rank) {
    to_.unlink(manifest_of(rank).c_str());
  }
}

std::string StageRun::manifest_of(unsigned rank) const {
  return options_.manifest + ".rank-" + std::to_string(rank);
}

bool StageRun::is_manifest(const std::string& path) const {
  return !options_.manifest.empty() && path.rfind(options_.manifest, 0) == 0;
}

/// What has been copied before, by that manifest.
bool StageRun::remember(const std::string& manifest) {
  auto before = Manifest::read(to_, manifest);
  if (!before) {
    const bool is_other = before.error() == Errc::bad_message;
    fail(manifest, is_other ? "is no manifest of MayflyFS" : describe(before.error()));
    return false;
  }
  for (auto& [path, entry] : before->entries) before_.insert_or_assign(path, std::move(entry));
  return true;
}

bool StageRun::open_manifest() {
  if (options_.manifest.empty()) return true;
  if (!remember(options_.manifest)) return false;
  if (options_.party.is_alone()) return options_.dry_run || open_manifest(options_.manifest);
  // Of a run that was killed before its ranks had met.
  for (unsigned rank = 0; rank < options_.party.ranks; ++rank) {
    if (!remember(manifest_of(rank))) return false;
  }
  return options_.dry_run || open_manifest(manifest_of(options_.party.rank));
}

bool StageRun::open_manifest(const std::string& path) {
  if (!make_parents(path)) return false;
  auto manifest = Manifest::open(to_, path);
  if (!manifest) {
    const bool is_busy = manifest.error() == Errc::busy;
    fail(path,
         is_busy ? "another process is copying with this manifest" : describe(manifest.error()));
    return false;
  }
  manifest_ = std::move(*manifest);
  return true;
}

void StageRun::fail(const std::string& path, const std::string& why) {
  const std::lock_guard lock(telling_);
  ++progress_.failures;
  failed_.insert(path);
  observer_.failed(path, why);
}

void StageRun::fail(const std::string& path, Errc why) {
  fail(path, why == Errc::again ? "has changed while it was copied" : describe(why));
}

void StageRun::fail_in_walk(const std::string& from, const std::string& to, Errc why) {
  if (is_mine(to)) fail(from, why);
}

void StageRun::tell_copied(const std::string& to, std::uint64_t bytes) {
  const std::lock_guard lock(telling_);
  observer_.copied(to, bytes);
}

std::string StageRun::path_in_manifest(const std::string& to) const {
  if (to.compare(0, options_.base.size(), options_.base) != 0) return to;
  const std::size_t begin = to.find_first_not_of('/', options_.base.size());
  return begin == std::string::npos ? "." : to.substr(begin);
}

void StageRun::add_to_manifest(const ManifestEntry& entry) {
  if (manifest_ == nullptr) return;
  if (const Status status = manifest_->add(entry); !status) {
    fail(options_.manifest, status.error());
  }
}

void StageRun::work() {
  std::vector<std::byte> memory(kStageBufferBytes + kStageAlignment);
  void* begin = memory.data();
  std::size_t space = memory.size();
  std::align(kStageAlignment, kStageBufferBytes, begin, space);
  const MutableBytes buffer(static_cast<std::byte*>(begin), kStageBufferBytes);
  Packing packing{{from_, to_}, {}};
  for (;;) {
    auto work = packing.works.empty() ? queue_.pop() : queue_.pop_now();
    if (work) {
      const bool is_begun = work->copying != nullptr;
      if (is_begun || !(is_over(*work) || pack(*work, packing, buffer))) copy(*work, buffer);
    } else if (packing.works.empty()) {
      return;
    } else {
      send(packing, buffer);
    }
  }
}

void StageRun::copy(Work& work, MutableBytes buffer) {
  if (work.copying == nullptr) begin_file(work);
  if (work.copying != nullptr) move_pieces(work, buffer);
}

bool StageRun::is_over(const Work& work) {
  if (is_there(work)) {
    ++progress_.files_kept;
    ++progress_.files_done;
    progress_.bytes_kept += static_cast<std::uint64_t>(work.seen.st_size);
    progress_.bytes_done += static_cast<std::uint64_t>(work.seen.st_size);
    return true;
  }
  if (options_.dry_run) {
    ++progress_.files_done;
    progress_.bytes_done += static_cast<std::uint64_t>(work.seen.st_size);
    tell_copied(work.to, static_cast<std::uint64_t>(work.seen.st_size));
  }
  return options_.dry_run;
}

bool StageRun::pack(const Work& work, Packing& packing, MutableBytes buffer) {
  if (!packing.pack.takes(work.seen)) return false;
  if (!packing.pack.has_room(work.seen)) send(packing, buffer);
  const Status added = packing.pack.add(work.from, work.to, work.seen, path_in_manifest(work.to));
  if (!added && added.error() == Errc::cross_device) return false;
  if (!added) {
    fail(work.from, added.error());
    return true;
  }
  limit_.wait_for(static_cast<std::uint64_t>(work.seen.st_size));
  packing.works.push_back(work);
  return true;
}

void StageRun::send(Packing& packing, MutableBytes buffer) {
  const auto outcomes = packing.pack.send();
  std::vector<Work> works = std::exchange(packing.works, {});
  for (std::size_t i = 0; i < works.size(); ++i) {
    if (!outcomes[i] && outcomes[i].error() == Errc::cross_device) {
      copy(works[i], buffer);
    } else {
      if (outcomes[i]) progress_.bytes_done += outcomes[i]->size;
      finish_file(works[i], outcomes[i]);
    }
  }
}

void StageRun::begin_file(Work& work) {
  auto copy = FileCopy::open({from_, work.from, to_, work.to, options_.mode}, work.seen,
                             path_in_manifest(work.to), work.part);
  if (!copy) return fail(work.from, copy.error());
  work.copying = std::make_shared<Copying>(std::move(*copy));
  // Others may help with what has several pieces.
  const std::uint64_t helpers =
      std::min<std::uint64_t>(options_.threads, work.copying->copy->pieces()) - 1;
  for (std::uint64_t i = 0; i < helpers; ++i) queue_.push_first(work);
}

bool StageRun::is_there(const Work& work) const {
  const auto found = before_.find(path_in_manifest(work.to));
  if (found == before_.end()) return false;
  const ManifestEntry& entry = found->second;
  struct stat there {};
  return entry.type == ManifestEntry::Type::file &&
         entry.size == static_cast<std::uint64_t>(work.seen.st_size) &&
         is_same_time(entry.modified, work.seen.st_mtim) &&
         to_.lstat(work.to.c_str(), &there) == 0 && S_ISREG(there.st_mode) &&
         there.st_size == work.seen.st_size && is_same_time(there.st_mtim, work.seen.st_mtim);
}

void StageRun::move_pieces(const Work& work, MutableBytes buffer) {
  Copying& copying = *work.copying;
  const std::uint64_t pieces = copying.copy->pieces();
  for (;;) {
    const std::uint64_t piece = copying.next.fetch_add(1);
    if (piece >= pieces) return;
    const std::uint64_t bytes = copying.copy->bytes_of_piece(piece);
    if (copying.error == Errc::ok) {
      limit_.wait_for(bytes);
      const Status moved = copying.copy->move_piece(piece, buffer);
      if (moved) progress_.bytes_done += bytes;
      if (!moved) copying.error = moved.error();
    }
    if (copying.done.fetch_add(1) + 1 == pieces) finish_file(work);
  }
}

void StageRun::finish_file(const Work& work) {
  Copying& copying = *work.copying;
  progress_.bytes_by_servers += copying.copy->bytes_by_servers();
  if (const Errc error = copying.error; error != Errc::ok) {
    copying.copy->abandon();
    return fail(work.from, error);
  }
  if (work.part.is_all()) return finish_file(work, copying.copy->finish());
  auto part = copying.copy->finish_part();
  if (!part) return fail(work.from, part.error());
  const std::lock_guard lock(telling_);
  parts_.push_back(std::move(*part));
}

void StageRun::finish_file(const Work& work, const Result<ManifestEntry>& entry) {
  if (!entry) return fail(work.from, entry.error());
  add_to_manifest(*entry);
  ++progress_.files_done;
  tell_copied(work.to, entry->size);
}

bool stage(const FileCalls& from, const FileCalls& to, const StageOptions& options,
           Progress& progress, StageObserver& observer) {
  return StageRun(from, to, options, progress, observer).run();
}

}  // namespace mayfly
