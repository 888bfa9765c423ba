#include "bench/plain_ucx.h"

#include <sys/mman.h>

#include <algorithm>
#include <span>

#include "bench/program.h"
#include "memory/slab.h"

namespace mayfly {
namespace {

void require(ucs_status_t status) {
  if (status != UCS_OK) give_up(ucs_status_string(status));
}

}  // namespace

PlainUcx::PlainUcx(const PlainUcxOptions& options, Line& line, bool is_peer)
    : options_(options), is_peer_(is_peer) {
  open(options.transports);
  const Place memory = allocate(options.places * options.block);
  exchange(line, memory);
}

double PlainUcx::round_trips(double seconds) {
  static std::byte header[kHeaderBytes], payload[kSmallPayloadBytes];
  const double start = now();
  std::uint64_t done = 0;
  for (; done % 64 != 0 || now() - start < seconds; ++done) {
    const std::uint64_t before = answers_;
    post(header, sizeof header, payload, sizeof payload);
    while (answers_ == before) ucp_worker_progress(worker_);
  }
  return static_cast<double>(done) / (now() - start);
}

double PlainUcx::blocks(double seconds, Bytes local) {
  std::vector<ucs_status_ptr_t> slots(options_.window, nullptr);
  const double start = now();
  std::uint64_t begun = 0;
  while (now() - start < seconds) {
    for (unsigned i = 0; i < options_.window; ++i, ++begun) {
      wait(slots[i]);
      slots[i] = begin(local.subspan(i * options_.block, options_.block),
                       begun % options_.places * options_.block);
    }
  }
  for (ucs_status_ptr_t slot : slots) wait(slot);
  return static_cast<double>(begun) / (now() - start);
}

void PlainUcx::open(const std::string& transports) {
  ucp_config_t* config = nullptr;
  require(ucp_config_read(nullptr, nullptr, &config));
  require(ucp_config_modify(config, "PROTO_ENABLE", "n"));
  if (transports.empty() || transports.find("posix") != std::string::npos) {
    require(ucp_config_modify(config, "MM_ERROR_HANDLING", "y"));
  }
  if (!transports.empty()) require(ucp_config_modify(config, "TLS", transports.c_str()));
  ucp_params_t params{};
  params.field_mask = UCP_PARAM_FIELD_FEATURES;
  params.features = UCP_FEATURE_AM | UCP_FEATURE_RMA;
  require(ucp_init(&params, config, &context_));
  ucp_config_release(config);
  open_worker();
}

void PlainUcx::open_worker() {
  ucp_worker_params_t worker{};
  worker.field_mask = UCP_WORKER_PARAM_FIELD_THREAD_MODE;
  worker.thread_mode = UCS_THREAD_MODE_SINGLE;
  require(ucp_worker_create(context_, &worker, &worker_));
  ucp_am_handler_param_t handler{};
  handler.field_mask = UCP_AM_HANDLER_PARAM_FIELD_ID | UCP_AM_HANDLER_PARAM_FIELD_CB |
                       UCP_AM_HANDLER_PARAM_FIELD_ARG;
  handler.id = 1;
  handler.cb = &PlainUcx::arrived;
  handler.arg = this;
  require(ucp_worker_set_am_recv_handler(worker_, &handler));
}

PlainUcx::Place PlainUcx::allocate(std::size_t bytes) {
  void* room =
      ::mmap(nullptr, bytes + kHugePageBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ::munmap(room, bytes + kHugePageBytes);
  ucp_mem_map_params_t params{};
  params.field_mask = UCP_MEM_MAP_PARAM_FIELD_ADDRESS | UCP_MEM_MAP_PARAM_FIELD_LENGTH |
                      UCP_MEM_MAP_PARAM_FIELD_FLAGS;
  params.address =
      reinterpret_cast<void*>(round_up(reinterpret_cast<std::uint64_t>(room), kHugePageBytes));
  params.length = bytes;
  params.flags = UCP_MEM_MAP_ALLOCATE | UCP_MEM_MAP_FIXED;
  ucp_mem_h handle = nullptr;
  require(ucp_mem_map(context_, &params, &handle));
  memory_ = {static_cast<std::byte*>(params.address), bytes};
  back_with_huge_pages(memory_);
  void* rkey = nullptr;
  std::size_t rkey_bytes = 0;
  require(ucp_rkey_pack(context_, handle, &rkey, &rkey_bytes));
  const auto* begin = static_cast<std::byte*>(rkey);
  return {reinterpret_cast<std::uint64_t>(memory_.data()), {begin, begin + rkey_bytes}};
}

void PlainUcx::exchange(Line& line, const Place& mine) {
  ucp_address_t* address = nullptr;
  std::size_t bytes = 0;
  require(ucp_worker_get_address(worker_, &address, &bytes));
  line.tell({reinterpret_cast<std::byte*>(address), bytes});
  connect(line.hear());
  line.tell(std::as_bytes(std::span(&mine.base, 1)));
  line.tell(mine.rkey);
  const auto base = line.hear();
  std::copy_n(base.begin(), sizeof base_, reinterpret_cast<std::byte*>(&base_));
  const auto rkey = line.hear();
  require(ucp_ep_rkey_unpack(endpoint_, rkey.data(), &rkey_));
}

void PlainUcx::connect(const std::vector<std::byte>& address) {
  ucp_ep_params_t params{};
  params.field_mask = UCP_EP_PARAM_FIELD_REMOTE_ADDRESS | UCP_EP_PARAM_FIELD_ERR_HANDLING_MODE |
                      UCP_EP_PARAM_FIELD_ERR_HANDLER;
  // As ours: without it UCX takes other ways, and slower ones for put and get.
  params.err_mode = UCP_ERR_HANDLING_MODE_PEER;
  params.err_handler.cb = [](void*, ucp_ep_h, ucs_status_t status) { require(status); };
  params.address = reinterpret_cast<const ucp_address_t*>(address.data());
  require(ucp_ep_create(worker_, &params, &endpoint_));
}

void PlainUcx::post(const void* header, std::size_t header_bytes, const void* data,
                    std::size_t bytes) {
  ucp_request_param_t params{};
  wait(ucp_am_send_nbx(endpoint_, 1, header, header_bytes, data, bytes, &params));
}

ucs_status_ptr_t PlainUcx::begin(Bytes local, std::uint64_t offset) {
  static std::byte header[kHeaderBytes];
  ucp_request_param_t params{};
  if (options_.operation == "put") {
    wait(ucp_put_nbx(endpoint_, local.data(), local.size(), base_ + offset, rkey_, &params));
    return ucp_ep_flush_nbx(endpoint_, &params);
  }
  if (options_.operation == "get") {
    return ucp_get_nbx(endpoint_, const_cast<std::byte*>(local.data()), local.size(),
                       base_ + offset, rkey_, &params);
  }
  return ucp_am_send_nbx(endpoint_, 1, header, sizeof header, local.data(), local.size(), &params);
}

void PlainUcx::wait(ucs_status_ptr_t request) {
  if (!UCS_PTR_IS_PTR(request)) return require(UCS_PTR_STATUS(request));
  while (ucp_request_check_status(request) == UCS_INPROGRESS) ucp_worker_progress(worker_);
  require(ucp_request_check_status(request));
  ucp_request_free(request);
}

ucs_status_t PlainUcx::arrived(void* self, const void* header, std::size_t header_bytes, void* data,
                               std::size_t bytes, const ucp_am_recv_param_t* param) {
  auto& side = *static_cast<PlainUcx*>(self);
  if (!side.is_peer_) {
    ++side.answers_;
  } else if ((param->recv_attr & UCP_AM_RECV_ATTR_FLAG_RNDV) != 0) {
    side.take(data, bytes);
    return UCS_INPROGRESS;
  } else {
    // In time with the asker, so the queue is never full and the memory never kept.
    ucp_request_param_t params{};
    const auto request =
        ucp_am_send_nbx(side.endpoint_, 1, header, header_bytes, data, bytes, &params);
    if (request != nullptr) give_up("a raw answer was not sent at once");
  }
  return UCS_OK;
}

void PlainUcx::take(void* description, std::size_t bytes) {
  ucp_request_param_t params{};
  params.op_attr_mask = UCP_OP_ATTR_FIELD_CALLBACK | UCP_OP_ATTR_FIELD_USER_DATA;
  params.cb.recv_am = [](void* request, ucs_status_t status, std::size_t, void*) {
    require(status);
    ucp_request_free(request);
  };
  const std::size_t slot = next_slot_++ % options_.window;
  ucp_am_recv_data_nbx(worker_, description, memory_.data() + slot * options_.block, bytes,
                       &params);
}

}  // namespace mayfly
