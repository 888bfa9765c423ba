// SharedFile: a big file that ranks of a party copy together.
//
// Each copies every n-th piece to one temporary file, whose name all know, and leaves word of what
// it has copied; the rank that finishes for all joins the parts. Thread: that of the run. Failure:
// a part that is missing was told of by its rank, and the file does not come to be.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "staging/file_copy.h"
#include "staging/stage_party.h"

namespace mayfly {

class SharedFile {
 public:
  /// What a rank has copied, by path in the manifest: entries whose blocks are those of its part.
  using Parts = std::map<std::string, ManifestEntry>;

  /// `path`: as the manifest has it.
  SharedFile(const StageParty& party, std::string path, std::string from, std::string to,
             const struct stat& seen);
  /// Whether such a file is one. Not with holes: nobody clears what another run has left there.
  static bool is_worth_it(const StageParty& party, const struct stat& seen);

  const std::string& from() const { return from_; }
  const std::string& to() const { return to_; }
  /// Nothing: there are fewer pieces than ranks, and none is for this one.
  std::optional<FilePart> part_of(unsigned rank) const;
  /// Whether this rank counts the file for all.
  bool is_counted_by(unsigned rank) const { return rank == first_; }

  /// Gives the file its name. `parts`: of each rank. again: not all have copied the same.
  /// no_data: some part is missing.
  Result<ManifestEntry> join(const FileCalls& from_calls, const FileCalls& to_calls,
                             const std::vector<Parts>& parts) const;

 private:
  std::string temporary() const;
  Result<std::vector<Digest>> blocks_of(const ManifestEntry& whole,
                                        const std::vector<Parts>& parts) const;

  std::string path_;
  std::string from_;
  std::string to_;
  struct stat seen_;
  std::string meeting_;
  unsigned ranks_;
  unsigned first_;  ///< the rank that has the first piece
};

/// The word that a rank leaves, in the meeting.
Status write_parts(const StageParty& party, const std::vector<ManifestEntry>& parts);
Result<SharedFile::Parts> read_parts(const StageParty& party, unsigned rank);

}  // namespace mayfly
