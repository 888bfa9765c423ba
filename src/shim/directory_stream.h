// DirectoryStream: what opendir(3) gives for a directory of ours.
//
// Owner: the program, from opendir to closedir. Thread: one at a time per stream, as with
// readdir(3). In a forked child it goes on from where it was, with a handle of the child's own.
#pragma once

#include <dirent.h>

#include "shim/library.h"

namespace mayfly::shim {

class DirectoryStream {
 public:
  /// Takes over `handle`. `fd`: the program's number that becomes the stream's; -1: none yet.
  /// nullptr and errno; both are as before then.
  static DirectoryStream* open(int handle, int fd);
  /// nullptr: the stream is the C library's.
  static DirectoryStream* from(DIR* stream);
  DIR* as_dir() { return reinterpret_cast<DIR*>(this); }

  dirent* read();
  long tell();
  void seek(long position);
  /// A number of the program's, made at the first question.
  int descriptor();
  /// Deletes it.
  int close();

 private:
  DirectoryStream() = default;
  /// -1 and errno.
  int reopen();
  bool is_usable() { return generation_ == process_generation() || reopen() == 0; }

  // The C library has the descriptor there, never a negative one.
  int mark_ = kMark;
  static constexpr int kMark = -0x6d61796c;
  int fd_ = -1;
  unsigned generation_ = 0;
  long position_ = 0;
  mayfly_ticket ticket_{};
  mayfly_dir* stream_ = nullptr;
};

}  // namespace mayfly::shim
