#include "staging/restore.h"

#include <fmt/format.h>

#include <algorithm>

#include "staging/drain.h"
#include "staging/manifest.h"
#include "staging/stage.h"
#include "staging/whole_io.h"

namespace mayfly {
namespace {

/// Keeps the first thing that goes wrong.
class FirstFailure final : public StageObserver {
 public:
  void copied(const std::string&, std::uint64_t) override {}
  void removed(const std::string&) override {}
  void failed(const std::string& path, const std::string& why) override {
    if (sentence_.empty()) sentence_ = fmt::format("{}: {}", path, why);
  }
  const std::string& sentence() const { return sentence_; }

 private:
  std::string sentence_;
};

/// The complete set of that name, or the newest; nothing: there is none.
const CheckpointSet* find(const std::vector<CheckpointSet>& sets, const std::string& name) {
  const auto found = std::find_if(sets.begin(), sets.end(), [&](const CheckpointSet& set) {
    return set.is_complete() && (name.empty() || set.name == name);
  });
  return found == sets.end() ? nullptr : &*found;
}

/// What is in one manifest and not, or otherwise, in the other; empty: they say the same of files.
std::string difference(const Manifest::Entries& wanted, const Manifest::Entries& copied) {
  for (const auto& [path, entry] : wanted) {
    if (entry.type != ManifestEntry::Type::file) continue;
    const auto found = copied.find(path);
    const bool is_same = found != copied.end() && found->second.size == entry.size &&
                         found->second.digest == entry.digest;
    if (!is_same) return path;
  }
  return {};
}

Result<void, Failure> copy_back(CheckpointSets& sets, const CheckpointSet& set,
                                const std::string& from) {
  const std::string source = join_path(from, set.name);
  const auto fail = [&](Errc code, const std::string& why) {
    return Failure{code, fmt::format("The set {} cannot be restored ({}).", source, why)};
  };
  const auto wanted = Manifest::read(local_calls(), join_path(source, kManifestName));
  if (!wanted || !wanted->is_finished) return fail(Errc::no_data, "its manifest is not complete");
  const auto begun = sets.begin(set.name);
  if (!begun) return fail(begun.error(), describe(begun.error()));
  StageOptions options;
  options.trees = {{source, *begun}};
  options.base = *begun;
  options.manifest = join_path(*begun, kManifestName);
  options.deletes = true;
  options.mode.by_servers = true;
  Progress progress;
  FirstFailure failure;
  if (!stage(local_calls(), session_calls(), options, progress, failure)) {
    return fail(Errc::io_error, failure.sentence());
  }
  const auto copied = Manifest::read(session_calls(), options.manifest);
  if (!copied) return fail(copied.error(), describe(copied.error()));
  const std::string other = difference(wanted->entries, copied->entries);
  if (!other.empty()) return fail(Errc::io_error, other + " is not what was drained");
  Status adopted = sets.adopt(set.name);
  if (adopted) adopted = sets.note_drained(set, from);
  if (!adopted) return fail(adopted.error(), describe(adopted.error()));
  return {};
}

}  // namespace

Result<std::string, Failure> restore_set(CheckpointSets& sets, const std::string& name,
                                         const std::string& from) {
  const auto here = sets.list();
  if (!here) {
    return Failure{here.error(), fmt::format("{} cannot be read ({}).", sets.directory(),
                                             describe(here.error()))};
  }
  const CheckpointSet* const found_here = find(*here, name);
  std::vector<CheckpointSet> there;
  if (!from.empty()) {
    auto drained = CheckpointSets(local_calls(), from).list();
    if (!drained) {
      return Failure{drained.error(),
                     fmt::format("{} cannot be read ({}).", from, describe(drained.error()))};
    }
    there = std::move(*drained);
  }
  const CheckpointSet* const found_there = find(there, name);
  if (found_here == nullptr && found_there == nullptr) {
    return Failure{Errc::no_entry, name.empty() ? "There is no complete set."
                                                : "There is no complete set " + name + "."};
  }
  const bool is_newer_there =
      found_there != nullptr &&
      (found_here == nullptr || found_there->committed_ns > found_here->committed_ns);
  if (!is_newer_there) return sets.path_of(found_here->name);
  if (find(*here, found_there->name) != nullptr) {
    return Failure{Errc::exists, fmt::format("An older set {} is in the session: drop it first.",
                                             found_there->name)};
  }
  if (auto copied = copy_back(sets, *found_there, from); !copied) return copied.error();
  return sets.path_of(found_there->name);
}

}  // namespace mayfly
