// Where a process listens or connects: tcp://host:port or ipc://path, parsed and judged.
// Room: runtime. Text in, text out; opens nothing and resolves no name.
// Caller: tools/murm (flags), runtime/zmq_transport, actors/training_node. Source: reliability design, Z16, section 6 rule 1.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace murm {

enum class EndpointUse : std::uint8_t { listen, connect };

struct Endpoint {
  enum class Scheme : std::uint8_t { tcp, ipc };
  Scheme scheme = Scheme::tcp;
  std::string host;        // tcp: name, IPv4 address, or "*" (listen only: every interface)
  std::uint16_t port = 0;  // tcp: 0 = any free port (listen only)
  std::string path;        // ipc: file path, or "@name" in the abstract name space
};

/// Throws InputError naming `flag` and what was expected.
Endpoint parse_endpoint(std::string_view flag, std::string_view text, EndpointUse use);

/// As ZeroMQ wants it; port 0 is written "*".
std::string to_string(const Endpoint& endpoint);

/// Reachable from this machine only: 127.0.0.0/8, localhost, ::1, ipc. Anything else, wildcards and
/// malformed text included: false.
bool is_loopback(std::string_view endpoint);

/// Where a server bound to `control` listens for bulk: same host, any port; or the path with ".bulk".
Endpoint bulk_listen_endpoint(const Endpoint& control);

/// What a client that reached the server at `control` connects to, given the bulk endpoint the server
/// announced: a server bound to every interface does not know by which address it was reached.
std::string reachable_bulk_endpoint(std::string_view control, std::string_view announced);

}  // namespace murm
