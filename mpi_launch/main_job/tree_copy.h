// TreeCopy: a real directory tree into MayflyFS, out again to a local directory, and compared.
//
// Every file is copied out by another rank than the one that copied it in. Ranks on one node share
// one temporary directory, which is gone at the end.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "mpi_launch/main_job/crew.h"
#include "mpi_launch/main_job/report.h"
#include "mpi_launch/main_job/temporary_directory.h"
#include "mpi_launch/main_job/tree_work.h"

namespace mayfly {

class TreeCopy {
 public:
  /// Collective, as all methods are. The first rank lists the trees for all.
  static Result<TreeCopy, Failure> prepare(const Crew& crew, const std::vector<std::string>& roots,
                                           std::uint64_t transfer_bytes, Report& report);

  Outcome copy_in();
  /// Copies out and compares bytes, sizes, modes and listings.
  Outcome copy_out();

 private:
  TreeCopy(const Crew& crew, TreeListing listing, std::uint64_t transfer_bytes, Report& report);

  Outcome make_directories() const;
  Outcome write_piece(const TreePiece& piece, std::vector<std::byte>& buffer) const;
  Outcome make_local_directories(const std::string& local) const;
  Outcome read_piece(const std::string& local, const TreePiece& piece,
                     std::vector<std::byte>& buffer) const;
  Outcome set_target_modes(bool of_directories) const;
  Outcome set_modes(const std::string& local) const;
  Outcome compare(const std::string& local) const;
  Outcome compare_piece(const std::string& local, const TreePiece& piece) const;
  Outcome compare_directories() const;
  Outcome compare_directory(const TreeEntry& directory,
                            const std::set<std::string>& expected) const;
  const std::vector<TreePiece>& pieces_in() const { return shares_[crew_->rank()]; }
  const std::vector<TreePiece>& pieces_out() const {
    return shares_[(crew_->rank() + 1) % crew_->size()];
  }

  const Crew* crew_;
  TreeListing listing_;
  std::uint64_t transfer_bytes_;
  Report* report_;
  std::vector<std::vector<TreePiece>> shares_;
};

}  // namespace mayfly
