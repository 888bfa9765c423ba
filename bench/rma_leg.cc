// The network leg alone: our Worker and, beside it in the same run, the plainest UCX code that does
// the same, turn about. The ratio is what our layer costs.
//
// bench_rma_leg --op put|get|am|rpc --block 1M --window 16 --seconds S --repeats 5
// put: write and flush each block; get: read; am: send by rendezvous; rpc: a header of 64 bytes and
// a payload of 100 there and back, one at a time. Both sides spin, on cores of their own.
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "async/poll_sleeper.h"
#include "async/task_group.h"
#include "base/units.h"
#include "memory/slab.h"
#include "transport/ucx_worker.h"

namespace mayfly {
namespace {

constexpr std::size_t kHeaderBytes = 64;
constexpr std::size_t kSmallPayloadBytes = 100;

struct Options {
  std::string operation = "put";
  std::string block_text = "1M";
  std::uint64_t block = kMiB;
  unsigned window = 16;
  double seconds = 5;
  unsigned repeats = 5;
  std::string transports;
};

/// Whose turn it is; the peer polls that one's worker.
enum class Turn : int { nobody, ours, raw, over };
struct Stage {
  std::atomic<Turn> turn{Turn::nobody};
  std::atomic<Turn> peer_is_at{Turn::nobody};
};

[[noreturn]] void give_up(const char* what) {
  std::fprintf(stderr, "bench_rma_leg: %s\n", what);
  ::_exit(1);
}
void require(ucs_status_t status) {
  if (status != UCS_OK) give_up(ucs_status_string(status));
}
void require(const Status& status) {
  if (!status) give_up(describe(status.error()).c_str());
}

double now() {
  return std::chrono::duration<double>(Clock::steady().now().time_since_epoch()).count();
}

void pin_to(int core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(core, &cores);
  ::sched_setaffinity(0, sizeof cores, &cores);
}

/// A socket to the peer, for what is exchanged before the clock starts.
class Line {
 public:
  explicit Line(int fd) : fd_(fd) {}
  void tell(Bytes bytes) {
    const std::uint64_t size = bytes.size();
    if (::write(fd_, &size, sizeof size) != sizeof size ||
        ::write(fd_, bytes.data(), size) != static_cast<ssize_t>(size)) {
      give_up("the peer is gone");
    }
  }
  std::vector<std::byte> hear() {
    std::uint64_t size = 0;
    if (::recv(fd_, &size, sizeof size, MSG_WAITALL) != sizeof size) give_up("the peer is gone");
    std::vector<std::byte> bytes(size);
    if (::recv(fd_, bytes.data(), size, MSG_WAITALL) != static_cast<ssize_t>(size)) {
      give_up("the peer is gone");
    }
    return bytes;
  }

 private:
  int fd_;
};

/// One side of our transport. The peer answers small messages and receives large ones.
class Ours final : public Receiver {
 public:
  Ours(const Options& options, Line& line, bool is_peer)
      : options_(options), is_peer_(is_peer), loop_(sleeper_) {
    UcxOptions ucx;
    ucx.transports = options.transports;
    auto made = UcxWorker::create(ucx);
    if (!made) give_up(made.error().sentence.c_str());
    worker_ = std::move(*made);
    worker_->set_receiver(this);
    loop_.add(*worker_);
    auto memory = worker_->allocate(options.window * options.block);
    if (!memory) give_up("no memory");
    memory_ = std::move(*memory);
    line.tell(worker_->address());
    auto endpoint = worker_->connect(line.hear());
    if (!endpoint) give_up("cannot connect");
    endpoint_ = std::move(*endpoint);
    line.tell(memory_->exported());
    auto remote = endpoint_->import(line.hear());
    if (!remote) give_up("cannot import");
    remote_ = std::move(*remote);
  }

  void poll() { loop_.poll(); }

  double round_trips(double seconds) {
    std::array<std::byte, kHeaderBytes> header{};
    std::array<std::byte, kSmallPayloadBytes> payload{};
    const double start = now();
    std::uint64_t done = 0;
    for (; done % 64 != 0 || now() - start < seconds; ++done) {
      const std::uint64_t before = answers_;
      endpoint_->post(header, payload);
      while (answers_ == before) loop_.poll();
    }
    return static_cast<double>(done) / (now() - start);
  }

  double blocks(double seconds, Bytes local) {
    const double start = now();
    done_ = 0;
    require(loop_.run(all(start + seconds, local)));
    return static_cast<double>(done_) / (now() - start);
  }

 private:
  void on_message(Message message) override {
    if (!is_peer_) {
      ++answers_;
    } else if (message.is_rendezvous()) {
      loop_.spawn(take(std::move(message)));
    } else {
      endpoint_->post(message.header(), message.payload());
    }
  }
  void on_endpoint_failed(Endpoint&, Errc) override { give_up("the peer is gone"); }

  Task<void> take(Message message) {
    // Slots go round: with as many as the window, the oldest has been filled.
    const std::size_t slot = next_slot_++ % options_.window;
    require(co_await message.receive(
        memory_->memory().subspan(slot * options_.block, message.payload_bytes())));
  }

  Task<Status> all(double end, Bytes local) {
    TaskGroup group;
    for (unsigned i = 0; i < options_.window; ++i) group.add(stream(end, local));
    co_return co_await group.join();
  }

  /// Blocks go round as in the raw code: one alone would stay in the cache.
  Task<Status> stream(double end, Bytes memory) {
    std::array<std::byte, kHeaderBytes> header{};
    while (now() < end) {
      const std::uint64_t offset = next_block_++ % options_.window * options_.block;
      const Bytes local = memory.subspan(offset, options_.block);
      const MutableBytes into(const_cast<std::byte*>(local.data()), local.size());
      if (options_.operation == "put") {
        MAYFLY_CO_CHECKED(co_await endpoint_->put(local, *remote_, offset));
        MAYFLY_CO_CHECKED(co_await endpoint_->flush());
      } else if (options_.operation == "get") {
        MAYFLY_CO_CHECKED(co_await endpoint_->get(into, *remote_, offset));
      } else {
        MAYFLY_CO_CHECKED(co_await endpoint_->send(header, local));
      }
      ++done_;
    }
    co_return Status();
  }

  const Options& options_;
  bool is_peer_;
  PollSleeper sleeper_;
  EventLoop loop_;
  std::unique_ptr<UcxWorker> worker_;
  std::unique_ptr<RegisteredMemory> memory_;
  std::unique_ptr<Endpoint> endpoint_;
  std::unique_ptr<RemoteBuffer> remote_;
  std::size_t next_slot_ = 0;
  std::uint64_t next_block_ = 0;
  std::uint64_t answers_ = 0;
  std::uint64_t done_ = 0;
};

/// One side of the same in plain UCX.
class Raw {
 public:
  Raw(const Options& options, Line& line, bool is_peer) : options_(options), is_peer_(is_peer) {
    open(options.transports);
    const Place memory = allocate(options.window * options.block);
    exchange(line, memory);
  }

  void poll() { ucp_worker_progress(worker_); }

  double round_trips(double seconds) {
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

  double blocks(double seconds, Bytes local) {
    std::vector<ucs_status_ptr_t> slots(options_.window, nullptr);
    const double start = now();
    std::uint64_t begun = 0;
    while (now() - start < seconds) {
      for (unsigned i = 0; i < options_.window; ++i, ++begun) {
        wait(slots[i]);
        slots[i] = begin(local.subspan(i * options_.block, options_.block), i * options_.block);
      }
    }
    for (ucs_status_ptr_t slot : slots) wait(slot);
    return static_cast<double>(begun) / (now() - start);
  }

 private:
  struct Place {
    std::uint64_t base;
    std::vector<std::byte> rkey;
  };

  void open(const std::string& transports) {
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
    ucp_worker_params_t worker{};
    worker.field_mask = UCP_WORKER_PARAM_FIELD_THREAD_MODE;
    worker.thread_mode = UCS_THREAD_MODE_SINGLE;
    require(ucp_worker_create(context_, &worker, &worker_));
    ucp_am_handler_param_t handler{};
    handler.field_mask = UCP_AM_HANDLER_PARAM_FIELD_ID | UCP_AM_HANDLER_PARAM_FIELD_CB |
                         UCP_AM_HANDLER_PARAM_FIELD_ARG;
    handler.id = 1;
    handler.cb = &Raw::arrived;
    handler.arg = this;
    require(ucp_worker_set_am_recv_handler(worker_, &handler));
  }

  Place allocate(std::size_t bytes) {
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

  void exchange(Line& line, const Place& mine) {
    ucp_address_t* address = nullptr;
    std::size_t bytes = 0;
    require(ucp_worker_get_address(worker_, &address, &bytes));
    line.tell({reinterpret_cast<std::byte*>(address), bytes});
    const auto peer = line.hear();
    ucp_ep_params_t params{};
    params.field_mask = UCP_EP_PARAM_FIELD_REMOTE_ADDRESS | UCP_EP_PARAM_FIELD_ERR_HANDLING_MODE |
                        UCP_EP_PARAM_FIELD_ERR_HANDLER;
    // As ours: without it UCX takes other ways, and slower ones for put and get.
    params.err_mode = UCP_ERR_HANDLING_MODE_PEER;
    params.err_handler.cb = [](void*, ucp_ep_h, ucs_status_t status) { require(status); };
    params.address = reinterpret_cast<const ucp_address_t*>(peer.data());
    require(ucp_ep_create(worker_, &params, &endpoint_));
    line.tell(std::as_bytes(std::span(&mine.base, 1)));
    line.tell(mine.rkey);
    const auto base = line.hear();
    std::copy_n(base.begin(), sizeof base_, reinterpret_cast<std::byte*>(&base_));
    const auto rkey = line.hear();
    require(ucp_ep_rkey_unpack(endpoint_, rkey.data(), &rkey_));
  }

  void post(const void* header, std::size_t header_bytes, const void* data, std::size_t bytes) {
    ucp_request_param_t params{};
    wait(ucp_am_send_nbx(endpoint_, 1, header, header_bytes, data, bytes, &params));
  }

  ucs_status_ptr_t begin(Bytes local, std::uint64_t offset) {
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
    return ucp_am_send_nbx(endpoint_, 1, header, sizeof header, local.data(), local.size(),
                           &params);
  }

  void wait(ucs_status_ptr_t request) {
    if (!UCS_PTR_IS_PTR(request)) return require(UCS_PTR_STATUS(request));
    while (ucp_request_check_status(request) == UCS_INPROGRESS) ucp_worker_progress(worker_);
    require(ucp_request_check_status(request));
    ucp_request_free(request);
  }

  static ucs_status_t arrived(void* self, const void* header, std::size_t header_bytes, void* data,
                              std::size_t bytes, const ucp_am_recv_param_t* param) {
    auto& raw = *static_cast<Raw*>(self);
    if (!raw.is_peer_) {
      ++raw.answers_;
    } else if ((param->recv_attr & UCP_AM_RECV_ATTR_FLAG_RNDV) != 0) {
      raw.take(data, bytes);
      return UCS_INPROGRESS;
    } else {
      // In time with the asker, so the queue is never full and the memory never kept.
      ucp_request_param_t params{};
      const auto request =
          ucp_am_send_nbx(raw.endpoint_, 1, header, header_bytes, data, bytes, &params);
      if (request != nullptr) give_up("a raw answer was not sent at once");
    }
    return UCS_OK;
  }

  void take(void* description, std::size_t bytes) {
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

  const Options& options_;
  bool is_peer_;
  ucp_context_h context_ = nullptr;
  ucp_worker_h worker_ = nullptr;
  ucp_ep_h endpoint_ = nullptr;
  ucp_rkey_h rkey_ = nullptr;
  std::uint64_t base_ = 0;
  MutableBytes memory_;
  std::size_t next_slot_ = 0;
  std::uint64_t answers_ = 0;
};

[[noreturn]] void play_peer(const Options& options, Stage& stage, Line line) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  pin_to(1);
  Ours ours(options, line, true);
  Raw raw(options, line, true);
  for (;;) {
    const Turn turn = stage.turn.load(std::memory_order_relaxed);
    stage.peer_is_at.store(turn, std::memory_order_relaxed);
    if (turn == Turn::over) ::_exit(0);
    for (int i = 0; i < 1000; ++i) {
      if (turn != Turn::raw) ours.poll();
      if (turn != Turn::ours) raw.poll();
    }
  }
}

template <class Side>
double measure(Side& side, const Options& options, double seconds, Bytes local) {
  return options.operation == "rpc" ? side.round_trips(seconds) : side.blocks(seconds, local);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void print(const Options& options, const std::vector<double>& ours,
           const std::vector<double>& raw) {
  nlohmann::ordered_json line = {{"bench", "rma_leg"}, {"op", options.operation}};
  std::vector<double> ratios;
  for (std::size_t i = 0; i < ours.size(); ++i) ratios.push_back(ours[i] / raw[i]);
  if (options.operation == "rpc") {
    line["ours_us"] = 1e6 / median(ours);
    line["raw_us"] = 1e6 / median(raw);
  } else {
    const double mib = static_cast<double>(options.block) / static_cast<double>(kMiB);
    line["block"] = options.block;
    line["window"] = options.window;
    line["ours_mib_per_s"] = median(ours) * mib;
    line["raw_mib_per_s"] = median(raw) * mib;
  }
  // Above 1: ours is the faster one.
  line["speed_ratio"] = median(ratios);
  std::printf("%s\n", line.dump().c_str());
}

void play_asker(const Options& options, Stage& stage, Line line) {
  pin_to(0);
  Ours ours(options, line, false);
  Raw raw(options, line, false);
  auto slab = Slab::allocate(options.window * options.block);
  if (!slab) give_up("no memory");
  const Bytes local = slab->memory();
  const auto give_turn = [&](Turn turn) {
    stage.turn = turn;
    while (stage.peer_is_at != turn) {
      ours.poll();
      raw.poll();
    }
  };
  std::vector<double> our_rates, raw_rates;
  const double each = options.seconds / (2.0 * options.repeats);
  for (unsigned i = 0; i <= options.repeats; ++i) {
    give_turn(Turn::ours);
    const double our_rate = measure(ours, options, i == 0 ? 0.05 : each, local);
    give_turn(Turn::raw);
    const double raw_rate = measure(raw, options, i == 0 ? 0.05 : each, local);
    // The first round warms up.
    if (i == 0) continue;
    our_rates.push_back(our_rate);
    raw_rates.push_back(raw_rate);
  }
  print(options, our_rates, raw_rates);
  std::fflush(stdout);
  stage.turn = Turn::over;
}

int run(const Options& options) {
  void* shared =
      ::mmap(nullptr, sizeof(Stage), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  int ends[2];
  if (shared == MAP_FAILED || ::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return 1;
  auto& stage = *new (shared) Stage;
  const pid_t peer = ::fork();
  if (peer == 0) play_peer(options, stage, Line(ends[1]));
  ::close(ends[1]);
  play_asker(options, stage, Line(ends[0]));
  ::waitpid(peer, nullptr, 0);
  // The peer is gone without a goodbye: there is nothing left to close.
  ::_exit(0);
}

}  // namespace
}  // namespace mayfly

int main(int argc, char** argv) {
  mayfly::Options options;
  CLI::App app("The network leg, beside plain UCX");
  app.add_option("--op", options.operation)->check(CLI::IsMember({"put", "get", "am", "rpc"}));
  app.add_option("--block", options.block_text);
  app.add_option("--window", options.window)->check(CLI::Range(1, 1024));
  app.add_option("--seconds", options.seconds);
  app.add_option("--repeats", options.repeats)->check(CLI::Range(5, 1000));
  app.add_option("--transports", options.transports, "as UCX_TLS");
  CLI11_PARSE(app, argc, argv);
  const auto block = mayfly::parse_bytes(options.block_text);
  if (!block || *block == 0) {
    std::fprintf(stderr, "bench_rma_leg: %s is no size\n", options.block_text.c_str());
    return 2;
  }
  options.block = *block;
  return mayfly::run(options);
}
