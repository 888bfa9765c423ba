// Scratch: where servers keep their data files, and whether they can.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/doctor/check.h"

namespace mayfly {

struct ScratchPlace {
  std::string directory;
  /// The last resort, a folder of ours in a directory that everybody can write to: made if it is
  /// missing, refused if somebody else could reach into it.
  bool is_private = false;
};

struct ScratchEnvironment {
  std::string mayfly_scratch;
  std::string tmpdir;
  std::string private_folder;
};

ScratchEnvironment scratch_environment();

/// Of the option, $MAYFLY_SCRATCH (both lists, separated by commas), $TMPDIR and the private
/// folder: the first that says anything.
std::vector<ScratchPlace> choose_scratch_places(const std::string& option,
                                                const ScratchEnvironment& environment);

/// "ext4" for the f_type of statfs; its number in hex for one that is not known here.
std::string file_system_name(std::uint64_t magic);

/// Whether the file system of that name is shared between nodes, so that it is no node-local drive.
bool is_shared_file_system(const std::string& name);

/// Creates nothing with a name. One problem if the place cannot be used; else Checks on file
/// system, space, direct I/O and unnamed files.
std::vector<Check> check_scratch(const ScratchPlace& place);

}  // namespace mayfly
