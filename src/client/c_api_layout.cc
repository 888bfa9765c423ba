// The C edge of layouts: which servers hold which bytes.
#include <fcntl.h>

#include <limits>

#include "client/c_edge.h"
#include "mayfly/mayfly.h"

using mayfly::Errc;
using mayfly::Layout;
using mayfly::Membership;
using mayfly::PathAt;
using mayfly::Result;
using mayfly::Session;
using namespace mayfly::c_edge;

namespace {

Result<Layout> layout_of(const mayfly_layout* asked) {
  if (asked == nullptr) return Errc::bad_address;
  constexpr auto kLargest = std::numeric_limits<std::uint16_t>::max();
  Layout layout;
  if (asked->chunk_bytes > std::numeric_limits<std::uint32_t>::max()) return Errc::invalid;
  if (asked->chunk_bytes != 0) layout.chunk_bytes = static_cast<std::uint32_t>(asked->chunk_bytes);
  if (asked->stripe_count > kLargest) return Errc::invalid;
  layout.stripe_count = static_cast<std::uint16_t>(asked->stripe_count);
  switch (asked->first_server) {
    case MAYFLY_ANY_SERVER:
      layout.first_server = mayfly::kAnyServer;
      break;
    case MAYFLY_LOCAL_SERVER:
      layout.first_server = mayfly::kLocalServer;
      break;
    default:
      if (asked->first_server < 0 || asked->first_server >= mayfly::kLocalServer) {
        return Errc::invalid;
      }
      layout.first_server = static_cast<std::uint16_t>(asked->first_server);
  }
  return layout;
}

}  // namespace

extern "C" {

int mayfly_setstripe(const char* path, const mayfly_layout* asked) noexcept {
  const auto layout = layout_of(asked);
  if (!layout) return fail(layout.error());
  return give(run_at(AT_FDCWD, path, [=](Session& session, PathAt meant) {
    return session.set_layout(std::move(meant), *layout);
  }));
}

int mayfly_getstripe(const char* path, mayfly_layout* found) noexcept {
  if (found == nullptr) return fail(Errc::bad_address);
  const auto layout = run_at(AT_FDCWD, path, [](Session& session, PathAt meant) {
    return session.get_layout(std::move(meant));
  });
  if (!layout) return fail(layout.error());
  found->chunk_bytes = layout->chunk_bytes;
  found->stripe_count = layout->stripe_count;
  found->first_server = layout->first_server == mayfly::kAnyServer     ? MAYFLY_ANY_SERVER
                        : layout->first_server == mayfly::kLocalServer ? MAYFLY_LOCAL_SERVER
                                                                       : layout->first_server;
  return 0;
}

int mayfly_open_striped(const char* path, int flags, mode_t mode,
                        const mayfly_layout* asked) noexcept {
  const auto layout = layout_of(asked);
  if (!layout) return fail(layout.error());
  return open_at(AT_FDCWD, path, flags, mode, *layout);
}

}  // extern "C"
