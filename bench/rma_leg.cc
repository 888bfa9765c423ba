// The network leg alone: our Worker and, beside it in the same run, the plainest UCX code that does
// the same, turn about. The ratio is what our layer costs.
//
// bench_rma_leg --op put|get|am|rpc --block 1M --window 16 --places 16 --seconds S --repeats 5
// put: write and flush each block; get: read; am: send by rendezvous; rpc: a header of 64 bytes and
// a payload of 100 there and back, one at a time. Both sides spin, on cores of their own. The
// peer's memory has so many places for blocks; a few stay in the processor's cache.
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "async/poll_sleeper.h"
#include "async/task_group.h"
#include "base/units.h"
#include "bench/line.h"
#include "bench/options.h"
#include "bench/plain_ucx.h"
#include "bench/program.h"
#include "memory/slab.h"
#include "transport/ucx_worker.h"

namespace mayfly {
namespace {

struct Plan : PlainUcxOptions {
  Plan() {
    operation = "put";
    window = 16;
  }
  std::string block_text = "1M";
  double seconds = 5;
  unsigned repeats = 5;
};

/// Whose turn it is; the peer polls that one's worker.
enum class Turn : int { nobody, ours, raw, over };
struct Stage {
  std::atomic<Turn> turn{Turn::nobody};
  std::atomic<Turn> peer_is_at{Turn::nobody};
};

/// One side of our transport. The peer answers small messages and receives large ones.
class Ours final : public Receiver {
 public:
  Ours(const Plan& options, Line& line, bool is_peer)
      : options_(options), is_peer_(is_peer), loop_(sleeper_) {
    UcxOptions ucx;
    ucx.transports = options.transports;
    auto made = UcxWorker::create(ucx);
    if (!made) give_up(made.error().sentence.c_str());
    worker_ = std::move(*made);
    worker_->set_receiver(this);
    loop_.add(*worker_);
    auto memory = worker_->allocate(options.places * options.block);
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

  /// Blocks go round as in the raw code.
  Task<Status> stream(double end, Bytes memory) {
    std::array<std::byte, kHeaderBytes> header{};
    while (now() < end) {
      const std::uint64_t block = next_block_++;
      const std::uint64_t offset = block % options_.places * options_.block;
      const Bytes local = memory.subspan(block % options_.window * options_.block, options_.block);
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

  const Plan& options_;
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

[[noreturn]] void play_peer(const Plan& options, Stage& stage, Line line) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  pin_to(1);
  Ours ours(options, line, true);
  PlainUcx raw(options, line, true);
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
double measure(Side& side, const Plan& options, double seconds, Bytes local) {
  return options.operation == "rpc" ? side.round_trips(seconds) : side.blocks(seconds, local);
}

void print(const Plan& options, const std::vector<double>& ours, const std::vector<double>& raw) {
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
    line["places"] = options.places;
    line["ours_mib_per_s"] = median(ours) * mib;
    line["raw_mib_per_s"] = median(raw) * mib;
  }
  // Above 1: ours is the faster one.
  line["speed_ratio"] = median(ratios);
  std::printf("%s\n", line.dump().c_str());
}

void play_asker(const Plan& options, Stage& stage, Line line) {
  pin_to(0);
  Ours ours(options, line, false);
  PlainUcx raw(options, line, false);
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

int run(const Plan& options) {
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
  mayfly::Plan plan;
  mayfly::Options("The network leg, beside plain UCX")
      .add("--op", plan.operation, {"put", "get", "am", "rpc"})
      .add("--block", plan.block_text, "bytes of one operation")
      .add("--window", plan.window, "operations at once", 1, 1024)
      .add("--places", plan.places, "blocks of the peer's memory, at least the window", 1, 65536)
      .add("--seconds", plan.seconds, "for how long")
      .add("--repeats", plan.repeats, "turns of each", 5, 1000)
      .add("--transports", plan.transports, "as UCX_TLS")
      .parse(argc, argv);
  const auto block = mayfly::parse_bytes(plan.block_text);
  if (!block || *block == 0) {
    std::fprintf(stderr, "bench_rma_leg: %s is no size\n", plan.block_text.c_str());
    return 2;
  }
  plan.block = *block;
  plan.places = std::max(plan.places, plan.window);
  return mayfly::run(plan);
}
