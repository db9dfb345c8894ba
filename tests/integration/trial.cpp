#include "tests/integration/trial.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "tests/catch.hpp"

namespace murm::test {
namespace {

constexpr const char* job_text = R"([job]
name = "trial"
samples = 4000

[model]
kind = "mlp"
hidden = [32]

[data]
kind = "digits"
train = 2000
test = 500

[training]
batch = 16
lr = 0.1

[algorithm]
name = "bsp"

[cluster]
workers = 4
)";

}  // namespace

Words operator+(Words left, const Words& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

Words set(const Words& settings) {
  Words words;
  for (const std::string& setting : settings) words = words + Words{"--set", setting};
  return words;
}

Trial::Trial() : folder_(base_ / "work") {
  std::filesystem::create_directory(folder_);
  put(folder_ / "job.toml", job_text);
}

Trial::~Trial() = default;

Program Trial::start(const Words& arguments) const {
  return Program(MURM_PROGRAM, arguments, folder_);
}

Program Trial::train(const Words& arguments, const std::string& out) const {
  return start(Words{"train", "job.toml", "--out", out} + arguments);
}

nlohmann::json Trial::report_of(const Words& arguments, const std::string& out) const {
  Program program = train(arguments, out);
  require_exit(program, 0);
  return report(out);
}

std::string Trial::hash_of(const Words& arguments, const std::string& out) const {
  return report_of(arguments, out).at("parameters_hash").get<std::string>();
}

nlohmann::json Trial::report(const std::string& out) const {
  return nlohmann::json::parse(content_of(folder_ / out / "report.json"));
}

bool Trial::is_under_way(const std::string& out) const {
  const std::string rows = content_of(folder_ / out / "metrics.csv");
  return std::count(rows.begin(), rows.end(), '\n') >= 2;
}

std::string Trial::listing() const {
  std::vector<std::string> lines;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
    std::string line = entry.path().string();
    if (entry.is_regular_file()) line += " " + content_of(entry.path());
    lines.push_back(line);
  }
  std::sort(lines.begin(), lines.end());
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

bool Trial::has_sockets() const {
  const std::filesystem::recursive_directory_iterator entries(folder_);
  return std::any_of(begin(entries), end(entries),
                     [](const auto& entry) { return entry.is_socket(); });
}

void require_exit(Program& program, int code, Duration deadline) {
  const int ended = program.wait(deadline);
  INFO(program.errors());
  REQUIRE(ended == code);
}

void require_under_way(const Trial& trial, const Program& program) {
  const bool under_way = eventually([&] { return trial.is_under_way(); });
  INFO(program.errors());
  REQUIRE(under_way);
}

void require_whole_ledger(const nlohmann::json& report, std::uint64_t samples) {
  const nlohmann::json& ledger = report.at("ledger");
  INFO(report.dump(2));
  REQUIRE(report.at("samples") == samples);
  REQUIRE(ledger.at("issued") > 0);
  REQUIRE(ledger.at("issued") == ledger.at("applied"));
  REQUIRE(ledger.at("lost") == 0);
  REQUIRE(ledger.at("samples_skipped") == 0);
  REQUIRE(ledger.at("samples_repeated") == 0);
}

std::string free_endpoint() {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  REQUIRE(::bind(descriptor, generic, size) == 0);
  REQUIRE(::getsockname(descriptor, generic, &size) == 0);
  ::close(descriptor);
  return "tcp://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
}

void require_refused(const Trial& trial, const Words& arguments, const Words& texts) {
  const std::string before = trial.listing();
  Program program = trial.start(arguments);
  const int code = program.wait(5s);
  INFO(program.errors());
  CHECK(code == 2);
  for (const std::string& text : texts) {
    INFO("expected: " << text);
    CHECK(program.says(text));
  }
  CHECK(program.output().empty());
  CHECK(trial.listing() == before);
}

}  // namespace murm::test
