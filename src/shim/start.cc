// The start of a program: what has come along through exec is taken up before it runs.
#include "shim/descriptor.h"
#include "shim/library.h"
#include "shim/standard_stream.h"
#include "shim/working_directory.h"

namespace mayfly::shim {
namespace {

__attribute__((constructor)) void start() {
  HeldSignals::prepare();
  watch_forks();
  take_up_working_directory();
  take_up_inherited();
  for (const int fd : {0, 1, 2}) follow_descriptor(fd);
}

}  // namespace
}  // namespace mayfly::shim
