#include "transport/ucx_address.h"

#include <cstring>

#include "transport/sealed_bytes.h"

namespace mayfly {

namespace {

/// What stands in front of UCX's own address.
struct Front {
  ProcessMark process;
  WakeSocket::Name wake_name;
};
static_assert(sizeof(Front) == sizeof(ProcessMark) + sizeof(WakeSocket::Name));

}  // namespace

std::vector<std::byte> seal_address(const UcxAddress& address) {
  const Front front{address.process, address.wake_name};
  std::vector<std::byte> content(sizeof front + address.for_ucx.size());
  std::memcpy(content.data(), &front, sizeof front);
  std::memcpy(content.data() + sizeof front, address.for_ucx.data(), address.for_ucx.size());
  return seal(SealKind::ucx_address, content);
}

Result<UcxAddress> unseal_address(Bytes sealed) {
  MAYFLY_TRY(content, unseal(SealKind::ucx_address, sealed));
  Front front;
  if (content.size() <= sizeof front) return Errc::bad_message;
  std::memcpy(&front, content.data(), sizeof front);
  return UcxAddress{front.process, front.wake_name, content.subspan(sizeof front)};
}

}  // namespace mayfly
