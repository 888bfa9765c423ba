#include "transport/ucx_handles.h"

#include <algorithm>
#include <cstdlib>
#include <string>

#include "transport/ucx_status.h"

namespace mayfly {
namespace {

/// The list of transports that will be in force; empty for UCX's own choice.
std::string transports_of(const UcxOptions& options) {
  const char* environment = std::getenv("UCX_TLS");
  if (!options.transports.empty() || environment == nullptr) return options.transports;
  return environment;
}

bool include_memory(const std::string& transports) {
  if (transports.empty() || transports.front() == '^') return true;
  const auto names = {"all", "shm", "sm", "mm", "posix", "sysv", "xpmem"};
  return std::any_of(names.begin(), names.end(),
                     [&](const char* name) { return transports.find(name) != std::string::npos; });
}

/// Sets what we cannot do without.
ucs_status_t require(ucp_config_t* config, const std::string& transports) {
  // With it on, UCX 1.13 emulates RMA in shared memory by messages.
  ucs_status_t status = ucp_config_modify(config, "PROTO_ENABLE", "n");
  if (status != UCS_OK || !include_memory(transports)) return status;
  // Without it UCX leaves shared memory for TCP as soon as peers may fail. UCX 1.13 knows the keys
  // of single transports here, but without the transport's name; nobody taking one is a warning.
  return ucp_config_modify(config, "MM_ERROR_HANDLING", "y");
}

/// In shared memory: a request about a name, and its reply, fit into the elements of the queue.
/// Longer messages go by way of other memory: a fifth of the time of stat, and a ninth of that of
/// create and close. All processes must agree on it.
constexpr const char* kQueueElementBytes = "256";
/// Whether the user has set it.
bool is_queue_set() {
  const auto names = {"UCX_POSIX_FIFO_ELEM_SIZE", "UCX_SYSV_FIFO_ELEM_SIZE",
                      "UCX_XPMEM_FIFO_ELEM_SIZE"};
  return std::any_of(names.begin(), names.end(),
                     [](const char* name) { return std::getenv(name) != nullptr; });
}

ucs_status_t apply(ucp_config_t* config, const UcxOptions& options) {
  ucs_status_t status = require(config, transports_of(options));
  if (status == UCS_OK && std::getenv("UCX_KEEPALIVE_INTERVAL") == nullptr) {
    const std::string interval = std::to_string(options.keepalive.count() / 1000) + "us";
    status = ucp_config_modify(config, "KEEPALIVE_INTERVAL", interval.c_str());
  }
  if (status == UCS_OK && UcxHandles::may_share_memory(options) && !is_queue_set()) {
    status = ucp_config_modify(config, "MM_FIFO_ELEM_SIZE", kQueueElementBytes);
  }
  if (status == UCS_OK && !options.transports.empty()) {
    status = ucp_config_modify(config, "TLS", options.transports.c_str());
  }
  for (const auto& [key, value] : options.settings) {
    if (status == UCS_OK) status = ucp_config_modify(config, key.c_str(), value.c_str());
  }
  return status;
}

Failure cannot_start(ucs_status_t status, const UcxOptions& options) {
  std::string transports = transports_of(options);
  transports = transports.empty() ? "its default transports" : "the transports " + transports;
  return {errc_from(status), "UCX could not be started with " + transports + ": " +
                                 ucs_status_string(status) +
                                 " (ucx_info -d lists what this machine offers)"};
}

}  // namespace

Result<std::unique_ptr<UcxHandles>, Failure> UcxHandles::open(const UcxOptions& options) {
  std::unique_ptr<UcxHandles> handles(new UcxHandles);
  ucs_status_t status = handles->open_context(options);
  if (status == UCS_OK) status = handles->open_worker();
  if (status == UCS_OK) status = handles->read_address();
  if (status != UCS_OK) return cannot_start(status, options);
  return handles;
}

bool UcxHandles::may_share_memory(const UcxOptions& options) {
  return include_memory(transports_of(options));
}

ucs_status_t UcxHandles::open_context(const UcxOptions& options) {
  ucp_config_t* config = nullptr;
  ucs_status_t status = ucp_config_read(nullptr, nullptr, &config);
  if (status != UCS_OK) return status;
  status = apply(config, options);
  if (status == UCS_OK) {
    ucp_params_t params{};
    params.field_mask = UCP_PARAM_FIELD_FEATURES | UCP_PARAM_FIELD_NAME;
    params.features = UCP_FEATURE_AM | UCP_FEATURE_RMA | UCP_FEATURE_WAKEUP;
    params.name = "mayfly";
    status = ucp_init(&params, config, &context_);
  }
  ucp_config_release(config);
  return status;
}

ucs_status_t UcxHandles::open_worker() {
  ucp_worker_params_t params{};
  params.field_mask = UCP_WORKER_PARAM_FIELD_THREAD_MODE;
  params.thread_mode = UCS_THREAD_MODE_SERIALIZED;
  const ucs_status_t status = ucp_worker_create(context_, &params, &worker_);
  return status == UCS_OK ? ucp_worker_get_efd(worker_, &event_fd_) : status;
}

ucs_status_t UcxHandles::read_address() {
  ucp_address_t* address = nullptr;
  std::size_t bytes = 0;
  const ucs_status_t status = ucp_worker_get_address(worker_, &address, &bytes);
  if (status != UCS_OK) return status;
  const auto* const begin = reinterpret_cast<std::byte*>(address);
  address_.assign(begin, begin + bytes);
  ucp_worker_release_address(worker_, address);
  return UCS_OK;
}

UcxHandles::~UcxHandles() {
  if (worker_ != nullptr) ucp_worker_destroy(worker_);
  if (context_ != nullptr) ucp_cleanup(context_);
}

}  // namespace mayfly
