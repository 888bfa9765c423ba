// connect, disconnect, shut_down, ping: a client comes, asks for a sign of life, and goes.
#include "base/log.h"
#include "protocol/bodies.h"
#include "server/operation.h"

namespace mayfly {
namespace {

/// Answers a connect through `endpoint`.
void answer(Endpoint& endpoint, const RequestHeader& header, Errc error, std::uint64_t cookie,
            Bytes body) {
  ReplyHeader reply;
  reply.opcode = static_cast<std::uint8_t>(index_of(Opcode::connect) | kReplyBit);
  reply.error = to_errno(error);
  reply.request_id = header.request_id;
  reply.value = cookie;
  endpoint.post(as_wire(reply), body);
}

}  // namespace

void connect(Server& server, const RequestHeader& header, const Message& message) {
  const auto body = decode_connect(message.payload());
  if (!body || !same_secret(body->secret, server.session().secret)) {
    log::warn("{}: refused a connection with a wrong secret", server.describe());
    if (message.reply_endpoint() != nullptr) {
      answer(*message.reply_endpoint(), header, Errc::access_denied, 0, {});
    }
    return;
  }
  auto endpoint = server.worker().connect(body->address);
  if (!endpoint) {
    log::warn("{}: a client's address is not reachable: {}", server.describe(),
              describe(endpoint.error()));
    return;
  }
  const auto connection = server.admit(std::move(*endpoint));
  answer(*connection->endpoint, header, Errc::ok, connection->cookie, server.memory().exported());
}

Task<void> disconnect(Server& server, Request request) {
  // Waits for this connection's own requests, so this one must be answered and gone first.
  server.reply(request, Errc::ok);
  std::shared_ptr<Connection> connection = request.connection;
  // A client that is gone already has said all it had to say.
  const Status flushed = co_await request.connection->endpoint->flush();
  if (!flushed) log::debug("{}: a client left without hearing the answer", server.describe());
  server.expel(std::move(connection));
}

void shut_down(Server& server, const Request& request) {
  server.reply(request, Errc::ok);
  server.stop();
}

void ping(Server& server, const Request& request) { server.reply(request, Errc::ok); }

}  // namespace mayfly
