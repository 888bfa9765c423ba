// mkstemp(3) and its like.
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "shim/place.h"
#include "shim/real.h"

using namespace mayfly::shim;

namespace {

constexpr std::string_view kLetters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
constexpr std::size_t kPlaces = 6;
constexpr int kAttempts = 100;

/// The six X before the suffix; nullptr and EINVAL.
char* find_places(char* name, int suffix) {
  const std::size_t length = std::strlen(name);
  const auto behind = static_cast<std::size_t>(suffix);
  if (suffix >= 0 && length >= behind + kPlaces) {
    char* const places = name + length - behind - kPlaces;
    if (std::string_view(places, kPlaces) == "XXXXXX") return places;
  }
  errno = EINVAL;
  return nullptr;
}

void choose(char* places) {
  std::uint64_t random = 0;
  if (::getrandom(&random, sizeof random, 0) < 0) random = reinterpret_cast<std::uint64_t>(&random);
  for (std::size_t place = 0; place < kPlaces; ++place) {
    places[place] = kLetters[random % kLetters.size()];
    random /= kLetters.size();
  }
}

/// make(name) until it does not fail because the name is there already.
template <class Make>
int make_new(char* name, int suffix, Make make) {
  char* const places = find_places(name, suffix);
  if (places == nullptr) return -1;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    choose(places);
    const int made = make(name);
    if (made >= 0 || errno != EEXIST) return made;
  }
  return -1;
}

int make_file(char* name, int suffix, int flags) {
  const int exclusive = (flags & ~O_ACCMODE) | O_RDWR | O_CREAT | O_EXCL;
  return make_new(name, suffix, [&](const char* path) { return ::open(path, exclusive, 0600); });
}

}  // namespace

MAYFLY_EXPORT int mkostemps(char* name, int suffix, int flags) {
  return Place(AT_FDCWD, name).is_ours() ? make_file(name, suffix, flags)
                                         : MAYFLY_REAL(mkostemps)(name, suffix, flags);
}
MAYFLY_SAME(mkostemps64, mkostemps);

MAYFLY_EXPORT int mkstemp(char* name) { return ::mkostemps(name, 0, 0); }
MAYFLY_SAME(mkstemp64, mkstemp);

MAYFLY_EXPORT int mkostemp(char* name, int flags) { return ::mkostemps(name, 0, flags); }
MAYFLY_SAME(mkostemp64, mkostemp);

MAYFLY_EXPORT int mkstemps(char* name, int suffix) { return ::mkostemps(name, suffix, 0); }
MAYFLY_SAME(mkstemps64, mkstemps);

MAYFLY_EXPORT char* mkdtemp(char* name) noexcept {
  if (!Place(AT_FDCWD, name).is_ours()) return MAYFLY_REAL(mkdtemp)(name);
  const int made = make_new(name, 0, [](const char* path) { return ::mkdir(path, 0700); });
  return made == 0 ? name : nullptr;
}
