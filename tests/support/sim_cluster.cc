#include "support/sim_cluster.h"

#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace mayfly {
namespace {

WireBytes copy_of(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

}  // namespace

SimCluster::SimCluster(const SimOptions& options) : options_(options), network_(options.seed) {
  // Deaths are what these tests are about; their log lines are not.
  spdlog::set_level(spdlog::level::off);
  network_.set_one_sided(options.one_sided);
  info_ = new_session();
  for (std::uint32_t i = 0; i < options.servers; ++i) {
    auto node = std::make_unique<Node>();
    node->worker = std::make_unique<LoopbackWorker>(network_);
    node->memory = std::move(*node->worker->allocate(options.memory_bytes));
    node->pool = std::make_unique<BufferPool>(node->memory->memory());
    node->store = std::make_unique<MemoryChunkStore>(options.capacity_bytes);
    node->loop = std::make_unique<EventLoop>(sleeper_, clock_, Nanoseconds::zero());
    node->loop->add(*node->worker);
    node->watched = std::make_unique<WatchedChunkStore>(*node->loop, *node->store, activity_);
    const ServerParts parts{*node->loop, *node->worker, *node->memory, *node->pool, *node->watched};
    node->server = std::make_unique<Server>(parts, ServerOptions());
    info_.servers.push_back({"sim" + std::to_string(i), copy_of(node->worker->address())});
    nodes_.push_back(std::move(node));
  }
  for (std::uint32_t i = 0; i < options.servers; ++i) nodes_[i]->server->join(info_, i);
}

SimCluster::~SimCluster() {
  for (auto& client : clients_) {
    if (client->alive) run(*client->session, client->session->leave());
  }
  settle();
  const bool all_live = std::all_of(nodes_.begin(), nodes_.end(), [](auto& n) { return n->alive; });
  if (all_live) {
    const auto whole = check();
    if (!whole) ADD_FAILURE() << whole.error().sentence;
  }
  for (auto& node : nodes_) {
    ReadyQueue::Scope scope(node->loop->ready());
    Task<void> ending = node->server->wind_down();
    ending.start(nullptr);
    while (!ending.done()) turn();
  }
  clients_.clear();
  for (auto& node : nodes_) node->server.reset();
}

Session& SimCluster::add_client(const SessionOptions& options) {
  return add_client_with(info_, options);
}

Session& SimCluster::add_client_with(SessionInfo info, const SessionOptions& options) {
  auto client = std::make_unique<Client>();
  client->worker = std::make_unique<LoopbackWorker>(network_);
  client->session =
      std::make_unique<Session>(std::move(info), *client->worker, sleeper_, options, clock_);
  clients_.push_back(std::move(client));
  return *clients_.back()->session;
}

void SimCluster::kill_client(Session& session) {
  for (auto& client : clients_) {
    if (client->session.get() != &session) continue;
    client->alive = false;
    network_.kill(*client->worker);
  }
}

void SimCluster::stall_client(Session& session, bool stalled) {
  for (auto& client : clients_) {
    if (client->session.get() == &session) client->stalled = stalled;
  }
}

void SimCluster::leave(Session& session) {
  run(session, session.leave());
  for (auto& client : clients_) {
    if (client->session.get() == &session) client->alive = false;
  }
}

void SimCluster::kill_server(std::uint32_t server) {
  nodes_[server]->alive = false;
  network_.kill(*nodes_[server]->worker);
}

std::size_t SimCluster::poll_all() {
  std::size_t happened = 0;
  for (auto& node : nodes_) happened += node->loop->poll();
  for (auto& client : clients_) {
    if (client->alive && !client->stalled) happened += client->session->loop().poll();
  }
  return happened;
}

void SimCluster::turn() {
  if (poll_all() == 0) clock_.advance(std::chrono::milliseconds(1));
}

void SimCluster::settle() {
  // Deliveries may be delayed by some polls, so one quiet poll is not the end.
  for (int quiet = 0; quiet < 200; ++quiet) {
    if (poll_all() != 0) quiet = 0;
  }
}

Result<void, Failure> SimCluster::check() const {
  std::vector<const Namespace*> shards;
  UsedPages pages;
  for (const auto& node : nodes_) {
    shards.push_back(&node->server->names());
    MAYFLY_CHECKED(node->store->check());
    for (const FileSpace& file : node->store->files()) pages[file.file] += file.pages;
  }
  MAYFLY_CHECKED(check_session(shards));
  return check_space(shards, pages);
}

std::uint64_t SimCluster::used_bytes() const {
  std::uint64_t used = 0;
  for (const auto& node : nodes_) used += node->store->usage().used_bytes;
  return used;
}

}  // namespace mayfly
