#include "mpi_launch/communicator.h"

#include <unistd.h>

#include <array>

namespace mayfly {

std::string node_name() {
  std::array<char, 256> name{};
  // A name that is cut off is not ended.
  if (::gethostname(name.data(), name.size() - 1) != 0) return "localhost";
  return name.data();
}

}  // namespace mayfly
