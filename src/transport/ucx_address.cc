#include "transport/ucx_address.h"

#include <cstring>

#include "transport/sealed_bytes.h"

namespace mayfly {

std::vector<std::byte> seal_address(const ProcessMark& process, Bytes for_ucx) {
  std::vector<std::byte> content(sizeof process + for_ucx.size());
  std::memcpy(content.data(), &process, sizeof process);
  std::memcpy(content.data() + sizeof process, for_ucx.data(), for_ucx.size());
  return seal(SealKind::ucx_address, content);
}

Result<UcxAddress> unseal_address(Bytes sealed) {
  MAYFLY_TRY(content, unseal(SealKind::ucx_address, sealed));
  UcxAddress address;
  if (content.size() <= sizeof address.process) return Errc::bad_message;
  std::memcpy(&address.process, content.data(), sizeof address.process);
  address.for_ucx = content.subspan(sizeof address.process);
  return address;
}

}  // namespace mayfly
