#include "runtime/endpoint.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "algorithms/vocabulary.hpp"

namespace murm {
namespace {

constexpr std::string_view tcp_prefix = "tcp://";
constexpr std::string_view ipc_prefix = "ipc://";
constexpr std::string_view bulk_suffix = ".bulk";
constexpr std::size_t socket_path_bytes_max = 107;  // sockaddr_un: 108 with the final zero byte
constexpr std::size_t host_bytes_max = 253;         // longest DNS name

[[noreturn]] void refuse(std::string_view flag, std::string_view text, const std::string& why) {
  throw InputError(std::string(flag) + " '" + std::string(text) + "': " + why);
}

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '-' || c == '_';
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// 127.a.b.c with all four numbers: a name such as 127.example.org may lead anywhere.
bool is_loopback_address(std::string_view host) {
  std::array<std::uint8_t, 4> parts{};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::size_t dot = i + 1 < parts.size() ? host.find('.') : host.size();
    if (dot == std::string_view::npos) return false;
    const auto part = parse_number<std::uint8_t>(host.substr(0, dot));
    if (!part) return false;
    parts[i] = *part;
    host.remove_prefix(std::min(dot + 1, host.size()));
  }
  return parts[0] == 127;
}

std::string_view host_of(std::string_view tcp_endpoint) {
  tcp_endpoint.remove_prefix(tcp_prefix.size());
  return tcp_endpoint.substr(0, tcp_endpoint.rfind(':'));
}

Endpoint parse_tcp(std::string_view flag, std::string_view text, EndpointUse use) {
  const std::string_view rest = text.substr(tcp_prefix.size());
  const std::size_t colon = rest.rfind(':');
  if (colon == std::string_view::npos || colon == 0) {
    refuse(flag, text, "expected tcp://HOST:PORT. HINT: for example tcp://127.0.0.1:5555.");
  }
  const std::string_view host = rest.substr(0, colon);
  const std::string_view port = rest.substr(colon + 1);
  const bool listen = use == EndpointUse::listen;
  const bool any_host = host == "*" || host == "0.0.0.0";
  const bool any_port = port == "*" || port == "0";

  if (host.find(':') != std::string_view::npos) {
    refuse(flag, text, "IPv6 addresses are not used. HINT: give a host name or an IPv4 address.");
  }
  const bool host_ok = host.size() <= host_bytes_max &&
                       (host == "*" || std::all_of(host.begin(), host.end(), is_host_character));
  if (!host_ok) refuse(flag, text, "expected a host name or an IPv4 address before the port.");
  if (any_host && !listen) {
    refuse(flag, text,
           "a wildcard host can be listened on, not connected to. HINT: name the host.");
  }
  const auto number = any_port ? std::uint16_t{0} : parse_number<std::uint16_t>(port);
  if (!number || (any_port && !listen)) {
    refuse(flag, text,
           "expected a port between 1 and 65535. HINT: for example tcp://127.0.0.1:5555.");
  }
  return {Endpoint::Scheme::tcp, std::string(host), *number, {}};
}

Endpoint parse_ipc(std::string_view flag, std::string_view text) {
  const std::string_view path = text.substr(ipc_prefix.size());
  if (path.empty() || path == "@" || path == "*") {
    refuse(flag, text,
           "expected ipc://PATH or ipc://@NAME. HINT: for example ipc:///tmp/murm.sock.");
  }
  if (path.size() + bulk_suffix.size() > socket_path_bytes_max) {
    refuse(flag, text,
           "the path may have " + std::to_string(socket_path_bytes_max - bulk_suffix.size()) +
               " bytes at most. HINT: use a shorter folder, or ipc://@NAME.");
  }
  return {Endpoint::Scheme::ipc, {}, 0, std::string(path)};
}

}  // namespace

Endpoint parse_endpoint(std::string_view flag, std::string_view text, EndpointUse use) {
  if (text.find('\0') != std::string_view::npos) refuse(flag, "", "contains a zero byte.");
  if (text.substr(0, tcp_prefix.size()) == tcp_prefix) return parse_tcp(flag, text, use);
  if (text.substr(0, ipc_prefix.size()) == ipc_prefix) return parse_ipc(flag, text);
  refuse(flag, text,
         "expected tcp://HOST:PORT or ipc://PATH. HINT: for example tcp://127.0.0.1:5555.");
}

std::string to_string(const Endpoint& endpoint) {
  if (endpoint.scheme == Endpoint::Scheme::ipc) return std::string(ipc_prefix) + endpoint.path;
  const std::string port = endpoint.port == 0 ? "*" : std::to_string(endpoint.port);
  return std::string(tcp_prefix) + endpoint.host + ":" + port;
}

bool is_loopback(std::string_view endpoint) {
  if (endpoint.substr(0, ipc_prefix.size()) == ipc_prefix) return true;
  if (endpoint.substr(0, tcp_prefix.size()) != tcp_prefix) return false;
  const std::string_view host = host_of(endpoint);
  return host == "localhost" || host == "[::1]" || host == "::1" || is_loopback_address(host);
}

Endpoint bulk_listen_endpoint(const Endpoint& control) {
  Endpoint bulk = control;
  bulk.port = 0;
  if (bulk.scheme == Endpoint::Scheme::ipc) bulk.path += bulk_suffix;
  return bulk;
}

std::string reachable_bulk_endpoint(std::string_view control, std::string_view announced) {
  const bool both_tcp = control.substr(0, tcp_prefix.size()) == tcp_prefix &&
                        announced.substr(0, tcp_prefix.size()) == tcp_prefix;
  if (!both_tcp) return std::string(announced);
  const std::string_view host = host_of(announced);
  if (host != "*" && host != "0.0.0.0") return std::string(announced);
  return std::string(tcp_prefix) + std::string(host_of(control)) +
         std::string(announced.substr(announced.rfind(':')));
}

}  // namespace murm
