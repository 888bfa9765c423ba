// The C edge of what is to be known about the servers.
#include <sys/statvfs.h>

#include <algorithm>
#include <cstring>

#include "base/units.h"
#include "client/c_edge.h"
#include "client/client_statistics.h"
#include "client/network_peak.h"
#include "mayfly/mayfly.h"

using mayfly::Errc;
using mayfly::Membership;
using mayfly::Session;
using namespace mayfly::c_edge;

extern "C" {

int mayfly_statfs(struct statvfs* status) noexcept {
  if (status == nullptr) return fail(Errc::bad_address);
  const auto usage = run([](Session& session) { return session.usage(); });
  if (!usage) return fail(usage.error());
  *status = {};
  status->f_bsize = status->f_frsize = mayfly::kPageBytes;
  status->f_blocks = usage->capacity_bytes / mayfly::kPageBytes;
  status->f_bfree = status->f_bavail =
      (usage->capacity_bytes - usage->used_bytes) / mayfly::kPageBytes;
  status->f_namemax = mayfly::kMaxNameBytes;
  return 0;
}

unsigned mayfly_server_count(void) noexcept {
  const auto membership = Membership::current();
  return membership ? (*membership)->session().servers() : 0;
}

int mayfly_stat_server(unsigned server, mayfly_server_status* status) noexcept {
  if (status == nullptr) return fail(Errc::bad_address);
  const auto membership = Membership::current();
  if (!membership) return fail(membership.error());
  Session& session = (*membership)->session();
  if (server >= session.servers()) return fail(Errc::invalid);
  *status = {};
  const std::string& node = session.info().servers[server].node;
  node.copy(status->node, std::min(node.size(), sizeof status->node - 1));
  const auto usage = session.run(session.usage_of(server));
  if (!usage) return fail(usage.error());
  status->capacity_bytes = usage->capacity_bytes;
  status->used_bytes = usage->used_bytes;
  return 0;
}

char* mayfly_server_statistics(unsigned server) noexcept {
  const auto membership = Membership::current();
  if (!membership) return refuse(membership.error());
  Session& session = (*membership)->session();
  if (server >= session.servers()) return refuse(Errc::invalid);
  const auto text = session.run(session.server_statistics(server));
  return text ? ::strdup(text->c_str()) : refuse(text.error());
}

char* mayfly_client_statistics(void) noexcept {
  const auto membership = Membership::current();
  if (!membership) return refuse(membership.error());
  return ::strdup(mayfly::statistics_of((*membership)->session()).c_str());
}

int mayfly_measure_server(unsigned server, unsigned long long* put_bytes_per_second,
                          unsigned long long* get_bytes_per_second) noexcept {
  if (put_bytes_per_second == nullptr || get_bytes_per_second == nullptr) {
    return fail(Errc::bad_address);
  }
  const auto membership = Membership::current();
  if (!membership) return fail(membership.error());
  Session& session = (*membership)->session();
  if (server >= session.servers()) return fail(Errc::invalid);
  const auto peak = session.run(mayfly::measure_network(session, server));
  if (!peak) return fail(peak.error());
  *put_bytes_per_second = peak->put_bytes_per_second;
  *get_bytes_per_second = peak->get_bytes_per_second;
  return 0;
}

}  // extern "C"
