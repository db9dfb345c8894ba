#include "runtime/trace_file.hpp"

#include <sys/resource.h>

#include <csignal>
#include <random>

#include "tests/catch.hpp"
#include "tests/unit/runtime/temporary_folder.hpp"
#include "tests/unit/runtime/trace_samples.hpp"

using namespace murm;
using namespace murm::test;

namespace {

void write(const std::filesystem::path& file, const std::vector<TraceRecord>& records) {
  TraceWriter writer(file);
  REQUIRE_FALSE(writer.begin(trace_header));
  for (const TraceRecord& record : records) REQUIRE_FALSE(writer.append(record));
}

std::vector<TraceRecord> read(const std::filesystem::path& file, bool& torn) {
  TraceReader reader(file);
  std::vector<TraceRecord> records;
  while (auto record = reader.next()) records.push_back(*record);
  torn = reader.torn();
  return records;
}

}  // namespace

TEST_CASE("records and the header of a trace come back as they were") {
  const TemporaryFolder folder;
  const auto records = assorted_records();
  write(folder / "a.trace", records);
  TraceReader reader(folder / "a.trace");
  CHECK(reader.header().machine == trace_header.machine);
  CHECK(reader.header().run == trace_header.run);
  CHECK(reader.header().parameters == trace_header.parameters);
  CHECK(reader.header().shards == trace_header.shards);
  CHECK(reader.header().algorithm == trace_header.algorithm);
  for (const TraceRecord& record : records) {
    const auto back = reader.next();
    REQUIRE(back);
    REQUIRE(same(*back, record));
  }
  CHECK_FALSE(reader.next());
  CHECK_FALSE(reader.torn());
  CHECK(reader.bytes() == std::filesystem::file_size(folder / "a.trace"));
}

TEST_CASE("an event of a steady run takes few bytes, as it is written by its difference") {
  const TemporaryFolder folder;
  std::vector<TraceRecord> records;
  for (std::uint64_t id = 0; id < 1000; ++id) {
    records.push_back(push_record(id, 4'000'000'000'000 + 900'000 * static_cast<std::int64_t>(id)));
  }
  write(folder / "a.trace", records);
  CHECK(std::filesystem::file_size(folder / "a.trace") <
        1000 * 26);  // 16 are loss, print, checksum
}

TEST_CASE("more records than a read buffer holds come back") {
  const TemporaryFolder folder;
  std::vector<TraceRecord> records;
  for (std::uint64_t id = 0; id < 30000; ++id) records.push_back(push_record(id * id, 1000));
  write(folder / "a.trace", records);
  bool torn = true;
  const auto back = read(folder / "a.trace", torn);
  REQUIRE(back.size() == records.size());
  CHECK(same(back.back(), records.back()));
  CHECK_FALSE(torn);
}

TEST_CASE("a trace that ends anywhere within a record ends with the record before") {
  const TemporaryFolder folder;
  const auto records = assorted_records();
  write(folder / "a.trace", records);
  const std::string whole = content_of(folder / "a.trace");
  std::vector<std::size_t> ends;  // of records
  {
    TraceReader reader(folder / "a.trace");
    ends.push_back(reader.bytes());
    while (reader.next()) ends.push_back(reader.bytes());
  }
  for (std::size_t size = ends.front(); size <= whole.size(); ++size) {
    put(folder / "b.trace", whole.substr(0, size));
    bool torn = false;
    const auto back = read(folder / "b.trace", torn);
    const auto after = std::upper_bound(ends.begin(), ends.end(), size);
    INFO("cut to " << size << " bytes");
    REQUIRE(back.size() == static_cast<std::size_t>(after - ends.begin()) - 1);
    REQUIRE(torn == (*(after - 1) != size));
  }
}

TEST_CASE("no changed byte of a trace goes unnoticed") {
  const TemporaryFolder folder;
  write(folder / "a.trace", assorted_records());
  const std::string whole = content_of(folder / "a.trace");
  for (std::size_t place = 0; place < whole.size(); ++place) {
    for (const int change : {1, 128}) {
      std::string damaged = whole;
      damaged[place] = static_cast<char>(damaged[place] ^ change);
      put(folder / "b.trace", damaged);
      bool noticed = false;
      try {
        read(folder / "b.trace", noticed);
      } catch (const InputError& error) {
        noticed = std::string(error.what()).find("b.trace at byte ") != std::string::npos;
      }
      INFO("byte " << place << " changed by " << change);
      REQUIRE(noticed);
    }
  }
}

TEST_CASE("records that were dropped or exchanged are noticed") {
  const TemporaryFolder folder;
  std::vector<TraceRecord> records(8);
  write(folder / "a.trace", records);
  const std::string whole = content_of(folder / "a.trace");
  std::size_t head = 0;
  {
    TraceReader reader(folder / "a.trace");
    head = reader.bytes();
  }
  const std::size_t each = (whole.size() - head) / records.size();
  put(folder / "b.trace", whole.substr(0, head + each) + whole.substr(head + 2 * each));
  bool torn = false;
  CHECK_THROWS_AS(read(folder / "b.trace", torn), InputError);
}

TEST_CASE("bytes that no writer wrote are refused and never run beyond a record") {
  std::mt19937_64 random(1);
  for (int round = 0; round < 20000; ++round) {
    std::vector<std::byte> bytes(random() % 40);
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
    TraceCoder coder;
    (void)coder.decode(bytes);
    (void)decode_header(bytes);
  }
  TraceCoder coder;
  const std::vector<std::byte> many{std::byte{5}, std::byte{0}, std::byte{2}, std::byte{0xFF},
                                    std::byte{0x1F}};  // 4095 peers, none of them there
  CHECK_FALSE(coder.decode(many));
}

TEST_CASE("a record with more peers than a writer may write is refused") {
  const auto membership = [](std::size_t joined, std::size_t left) {
    std::vector<std::byte> bytes{std::byte{5}, std::byte{0}, std::byte{0}};
    ByteSink sink(bytes);
    for (const std::size_t count : {joined, left}) {
      sink.varint(count);
      for (std::size_t i = 0; i < count; ++i) sink.word(i, 8);
    }
    return bytes;
  };
  CHECK(TraceCoder().decode(membership(trace_peers_max / 2, trace_peers_max / 2)));
  CHECK_FALSE(TraceCoder().decode(membership(trace_peers_max / 2, trace_peers_max / 2 + 1)));
}

TEST_CASE("a file that is no trace, or of another format, is refused with its name") {
  const TemporaryFolder folder;
  put(folder / "a.trace", "seconds,samples\n1,2\n");
  CHECK_THROWS_AS(TraceReader(folder / "a.trace"), InputError);
  put(folder / "a.trace", std::string("MURMTRC\x7F", 8) + "more");
  CHECK_THROWS_AS(TraceReader(folder / "a.trace"), InputError);
  CHECK_THROWS_AS(TraceReader(folder / "none.trace"), InputError);
}

TEST_CASE("a trace is never written over another one") {
  const TemporaryFolder folder;
  write(folder / "a.trace", assorted_records());
  TraceWriter writer(folder / "a.trace");
  CHECK(writer.begin(trace_header));
  CHECK_FALSE(writer.append(TraceRecord{}));  // told once; nothing is written
  bool torn = false;
  CHECK(read(folder / "a.trace", torn).size() == assorted_records().size());
}

TEST_CASE("a trace that can grow no more ends with a whole record, and says so once") {
  const TemporaryFolder folder;
  TraceWriter writer(folder / "a.trace");
  REQUIRE_FALSE(writer.begin(trace_header));
  const auto before = ::signal(SIGXFSZ, SIG_IGN);
  rlimit limit{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &limit) == 0);
  const rlimit small{200, limit.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  int errors = 0;
  for (std::uint64_t id = 0; id < 30; ++id) errors += writer.append(push_record(id, 1000)) ? 1 : 0;
  ::setrlimit(RLIMIT_FSIZE, &limit);
  ::signal(SIGXFSZ, before);
  CHECK(errors == 1);
  bool torn = true;
  const auto back = read(folder / "a.trace", torn);
  CHECK_FALSE(torn);
  CHECK(back.size() > 3);
  CHECK(back.size() < 30);
}

TEST_CASE("machines have names that say who sat where") {
  CHECK(machine_name(PeerId::aggregator(2)) == "aggregator-2");
  CHECK(machine_name(trace_header.machine) == "worker-7-2");
}
