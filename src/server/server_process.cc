#include "server/server_process.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <utility>

#include "base/log.h"
#include "storage/data_file.h"
#include "storage/disk_chunk_store.h"
#include "storage/null_chunk_store.h"
#include "transport/ucx_worker.h"

namespace mayfly {
namespace {

constexpr std::uint64_t kMinMemoryBytes = 2 * kMiB;
constexpr std::array<int, 2> kEndingSignals = {SIGTERM, SIGINT};

std::atomic<bool> signal_seen{false};
std::atomic<int> wake_descriptor{-1};
static_assert(std::atomic<int>::is_always_lock_free, "used in a signal handler");

/// Runs on any thread of the process, MPI's own included. An eventfd and not a signalfd: the latter
/// would need every thread to block the signals.
void on_ending_signal(int /*number*/) {
  const int saved_errno = errno;
  signal_seen.store(true);
  const std::uint64_t one = 1;
  const int descriptor = wake_descriptor.load(std::memory_order_relaxed);
  if (descriptor >= 0 && ::write(descriptor, &one, sizeof one) < 0) {
    // Only a full counter can refuse, and then the loop is awake already.
  }
  errno = saved_errno;
}

Failure cannot_start(Errc code, const std::string& what) {
  return {code, what + " (" + describe(code) + ")."};
}

/// Over TCP each client takes a descriptor; 1,024 is a common soft limit. Nothing here uses
/// select(), for which that limit is kept low.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) log::warn("the limit of open files stays low");
}

Result<std::uint64_t, Failure> default_capacity(const ServerProcessOptions& options) {
  struct statvfs status {};
  if (::statvfs(options.scratch.c_str(), &status) != 0) {
    // DataFile::open finds the same and has the better words for it.
    return kMiB;
  }
  const std::uint64_t free_bytes = std::uint64_t{status.f_bavail} * status.f_frsize;
  const std::uint64_t share = free_bytes / 10 * 9 / std::max(1U, options.servers_on_scratch);
  if (share < kMiB) {
    return Failure{Errc::no_space,
                   fmt::format("The file system of the scratch directory {} has only {} free: "
                               "free space, or name another.",
                               options.scratch, format_bytes(free_bytes))};
  }
  return share;
}

}  // namespace

/// SIGTERM, SIGINT and the launcher's death as an event of the loop; the descriptor makes sure that
/// none is lost between the loop's last look and its sleep. Before listen() a signal has its usual
/// effect: a server that still waits for the others in MPI looks at no flag of ours.
class StopSignal final : public EventSource {
 public:
  StopSignal() : launcher_(::getppid()), descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    ::prctl(PR_GET_PDEATHSIG, &death_signal_before_);
    // Who leads a session of its own is meant to outlive whoever started it.
    if (::getsid(0) == ::getpid()) return;
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    // It may have died before the kernel was told to watch.
    if (::getppid() != launcher_) ::raise(SIGTERM);
  }
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;
  ~StopSignal() override {
    ::prctl(PR_SET_PDEATHSIG, death_signal_before_);
    if (listening_) stop_listening();
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  void listen() {
    MAYFLY_ASSERT(wake_descriptor.exchange(descriptor_) == -1);
    listening_ = true;
    struct sigaction action {};
    action.sa_handler = on_ending_signal;
    action.sa_flags = SA_RESTART;
    for (std::size_t i = 0; i < kEndingSignals.size(); ++i) {
      ::sigaction(kEndingSignals[i], &action, &before_[i]);
    }
  }

  bool is_usable() const { return descriptor_ >= 0; }
  bool caught() const { return caught_; }
  /// Who is stopped.
  void set_server(Server* server) { server_ = server; }

  std::size_t poll() override {
    if (!signal_seen.load(std::memory_order_relaxed)) return 0;
    signal_seen.store(false);
    // Emptied, or the loop could not sleep while it winds down.
    std::uint64_t count = 0;
    if (::read(descriptor_, &count, sizeof count) < 0) count = 0;
    caught_ = true;
    if (server_ != nullptr) server_->stop();
    return 1;
  }
  bool arm() override { return !signal_seen.load(); }
  int event_fd() const override { return descriptor_; }

 private:
  void stop_listening() {
    for (std::size_t i = 0; i < kEndingSignals.size(); ++i) {
      ::sigaction(kEndingSignals[i], &before_[i], nullptr);
    }
    wake_descriptor.store(-1);
  }

  pid_t launcher_;
  int descriptor_;
  int death_signal_before_ = 0;
  bool listening_ = false;
  std::array<struct sigaction, kEndingSignals.size()> before_{};
  Server* server_ = nullptr;
  bool caught_ = false;
};

ServerProcess::ServerProcess() = default;

ServerProcess::~ServerProcess() {
  if (signal_ != nullptr) signal_->set_server(nullptr);
}

Result<std::unique_ptr<ServerProcess>, Failure> ServerProcess::create(
    const ServerProcessOptions& options) {
  std::unique_ptr<ServerProcess> process(new ServerProcess());
  if (auto built = process->build(options); !built) return built.error();
  return process;
}

Result<void, Failure> ServerProcess::build(const ServerProcessOptions& options) {
  if (options.memory_bytes < kMinMemoryBytes) {
    return Failure{Errc::invalid,
                   fmt::format("A server needs at least {} of memory, not {}.",
                               format_bytes(kMinMemoryBytes), format_bytes(options.memory_bytes))};
  }
  raise_descriptor_limit();
  signal_ = std::make_unique<StopSignal>();
  if (!signal_->is_usable()) return cannot_start(Errc::too_many_open, "No event descriptor");
  // The drive first: it is what users get wrong.
  MAYFLY_TRY(ring, Ring::create());
  ring_ = std::move(ring);
  MAYFLY_TRY(file, open_data_file(options));

  MAYFLY_TRY(worker, UcxWorker::create(UcxOptions()));
  worker_ = std::move(worker);
  auto memory = worker_->allocate(round_up(options.memory_bytes, kMinMemoryBytes));
  if (!memory) {
    return cannot_start(memory.error(), fmt::format("{} of memory could not be registered",
                                                    format_bytes(options.memory_bytes)));
  }
  memory_ = std::move(*memory);
  pool_ = std::make_unique<BufferPool>(memory_->memory());
  ring_->register_buffers(memory_->memory());

  log::info("{}; {} of it on huge pages, {}registered with io_uring",
            budget(memory_->memory().size()), format_bytes(memory_->huge_bytes()),
            ring_->is_registered() ? "" : "not ");

  loop_ = std::make_unique<EventLoop>(*ring_);
  loop_->add(*ring_);
  loop_->add(*worker_);
  loop_->add(*signal_);
  loop_->add(heap_);
  if (file) {
    store_ = std::make_unique<DiskChunkStore>(*loop_, *ring_, *pool_, std::move(*file));
  } else {
    store_ = std::make_unique<NullChunkStore>();
  }
  ServerOptions server_options;
  if (options.measures_device) {
    server_options.device_peak = measure_device(options.scratch, *loop_, *ring_, *pool_);
  }
  server_options.memory_bytes = options.memory_bytes;
  const ServerParts parts{*loop_, *worker_, *memory_, *pool_, *store_, ring_.get()};
  server_ = std::make_unique<Server>(parts, server_options);
  signal_->set_server(server_.get());
  heap_.prepare(prepared_heap(options.memory_bytes));
  return {};
}

std::uint64_t ServerProcess::prepared_heap(std::uint64_t memory_bytes) {
  // Small files are a page each, of half of the memory, and take 1 KiB of the heap: a quarter of
  // those that fit.
  return std::clamp<std::uint64_t>(memory_bytes / 32, 2 * kMiB, HugeHeap::kReserved / 2);
}

Result<std::optional<DataFile>, Failure> ServerProcess::open_data_file(
    const ServerProcessOptions& options) {
  if (options.null_store) return std::optional<DataFile>();
  std::uint64_t capacity = options.capacity_bytes;
  if (capacity == 0) {
    MAYFLY_TRY(share, default_capacity(options));
    capacity = share;
  }
  MAYFLY_TRY(file, DataFile::open(options.scratch, capacity));
  return std::optional<DataFile>(std::move(file));
}

std::string ServerProcess::budget(std::uint64_t memory_bytes) {
  const std::uint64_t pinned = round_up(memory_bytes, kMinMemoryBytes);
  const BufferPool::Counts counts = BufferPool::plan(pinned);
  return fmt::format(
      "pins {}: {} Buffers of {}, {} of {}, {} of {}; {} for tables; io_uring depth {}",
      format_bytes(pinned), counts[0], format_bytes(kBufferBytes[0]), counts[1],
      format_bytes(kBufferBytes[1]), counts[2], format_bytes(kBufferBytes[2]),
      format_bytes(prepared_heap(memory_bytes)), Ring::kDepth);
}

ServerEnd ServerProcess::serve() {
  signal_->listen();
  server_->serve();
  return signal_->caught() ? ServerEnd::signalled : ServerEnd::shut_down;
}

}  // namespace mayfly
