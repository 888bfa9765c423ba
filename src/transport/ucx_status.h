// UCX's status codes as our errors.
#pragma once

#include <ucp/api/ucp.h>

#include "base/errc.h"

namespace mayfly {

inline Errc errc_from(ucs_status_t status) {
  switch (status) {
    case UCS_OK:
      return Errc::ok;
    case UCS_ERR_NO_MEMORY:
      return Errc::out_of_memory;
    case UCS_ERR_INVALID_PARAM:
      return Errc::invalid;
    case UCS_ERR_UNSUPPORTED:
      return Errc::not_supported;
    case UCS_ERR_MESSAGE_TRUNCATED:
      return Errc::bad_message;
    case UCS_ERR_CANCELED:
    case UCS_ERR_UNREACHABLE:
    case UCS_ERR_NOT_CONNECTED:
    case UCS_ERR_CONNECTION_RESET:
    case UCS_ERR_ENDPOINT_TIMEOUT:
    case UCS_ERR_TIMED_OUT:
    case UCS_ERR_REJECTED:
      return Errc::not_connected;
    default:
      return Errc::io_error;
  }
}

}  // namespace mayfly
