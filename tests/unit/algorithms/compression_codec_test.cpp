#include "algorithms/compression/codec.hpp"

#include <bit>
#include <limits>
#include <map>

#include "algorithms/vocabulary.hpp"
#include "tests/catch.hpp"
#include "tests/unit/algorithms/compression_cases.hpp"

using namespace murm;

TEST_CASE("the length of every payload is the one that the documentation gives") {
  // 5000 numbers: a matrix of 60 x 80, 100 numbers beside matrices, a matrix of 10 x 10.
  const std::map<std::string, std::size_t> expected{
      {"none", 5000},
      {"top-k", 2 * 100},
      {"top-k, most", 5000},
      {"random-k", 2 + 250},
      {"random-k, unbiased", 2 + 250},
      {"dgc", 2 * 49 + 100},
      {"qsgd, 8 bits", 10 + 1250},
      {"qsgd, 4 bits", 10 + 625},
      {"qsgd, 2 bits", 40 + 313},
      {"int8", 256 + 1200 + 100 + 100},
      {"1-bit", 30 * 2 + 30 * 5 + (2 + 4) + (2 + 4)},
      {"ef-sign", (1 + 150) + (1 + 4) + (1 + 4)},
      {"terngrad", (1 + 300) + (1 + 7) + (1 + 7)},
      {"powersgd", 4 * (60 + 80) + 100 + 100},
      {"fp16", 10 + 2500},
      {"bf16", 2500},
      {"fp4", 40 + 625},
  };
  std::size_t seen = 0;
  for (const Case& one : every_case()) {
    const auto row = expected.find(one.title);
    if (row == expected.end()) continue;
    ++seen;
    INFO(one.title);
    CHECK(make_codec(one.options, kLength, kBlocks, 0)->encoded_length() == row->second);
  }
  CHECK(seen == expected.size());
}

TEST_CASE("an unknown name or a number out of range is refused with one sentence") {
  const auto refused = [](auto change) {
    CompressionOptions options;
    options.name = "qsgd";
    change(options);
    REQUIRE_THROWS_AS(make_codec(options, 10, {}, 0), InputError);
  };
  refused([](auto& o) { o.name = "gzip"; });
  refused([](auto& o) { o.bits = 3; });
  refused([](auto& o) { o.ratio = 1.5; });
  refused([](auto& o) { o.ratio = std::numeric_limits<double>::quiet_NaN(); });
  refused([](auto& o) { o.rank = 0; });
  refused([](auto& o) { o.momentum = 1; });
  refused([](auto& o) { o.clip = -1; });
  refused([](auto& o) {
    o.name = "dgc";
    o.error_feedback = true;
  });
  CHECK(codec_names().size() == 13);
  for (const std::string_view name : codec_names()) {
    CompressionOptions options;
    options.name = name;
    CHECK_NOTHROW(check_compression(options));
  }
}

TEST_CASE("every code decodes its own payloads, of any length and any finite numbers") {
  constexpr float kLargest = std::numeric_limits<float>::max();
  constexpr float kTiny = std::numeric_limits<float>::denorm_min();
  for (const Case& one : every_case()) {
    INFO(one.title);
    for (const std::size_t n : {0, 1, 2, 3, 7, 31, 127, 128, 129, 511, 512, 513, 1500}) {
      INFO("length " << n);
      const std::vector<CodecBlock> blocks{{0, n / 40, 40}};
      const auto codec = make_sender_codec(one.options, n, blocks, 0);
      std::vector<float> x = heavy_numbers(n, n);
      std::vector<float> y(n);
      for (int t = 0; t < 3; ++t) CHECK(codec->decode(encoded(*codec, x), y));
      for (const float special : {0.0F, -0.0F, kTiny, -kTiny, 1e-30F, 1e30F}) {
        codec->reset();
        for (std::size_t i = 0; i < n; i += 2) x[i] = special;
        CHECK(codec->decode(encoded(*codec, x), y));
      }
      for (float& v : x) v = v < 0 ? -kLargest : kLargest;
      static_cast<void>(codec->decode(encoded(*codec, x), y));  // may overflow, must not crash
      codec->reset();
      CHECK(codec->decode(encoded(*codec, std::vector<float>(n, 0.0F)), y));
      CHECK(squared(y) == 0.0);
    }
  }
}

TEST_CASE("a vector with a number that is not finite gives a payload that nobody accepts") {
  const float bad = GENERATE(std::numeric_limits<float>::quiet_NaN(),
                             std::numeric_limits<float>::infinity(),
                             -std::numeric_limits<float>::infinity());
  for (const Case& one : every_case()) {
    INFO(one.title);
    const auto hit = make_sender_codec(one.options, kLength, kBlocks, 0);
    const auto spared = make_sender_codec(one.options, kLength, kBlocks, 0);
    const std::vector<float> first = heavy_numbers(kLength, 1);
    CHECK(same_bits(encoded(*hit, first), encoded(*spared, first)));
    std::vector<float> y(kLength);
    std::vector<float> broken = heavy_numbers(kLength, 2);
    broken[4321] = bad;
    const std::vector<float> refused = encoded(*hit, broken);
    CHECK_FALSE(hit->decode(refused, y));
    hit->restore(refused);
    spared->set_counter(2);
    const std::vector<float> third = heavy_numbers(kLength, 3);
    CHECK(same_bits(encoded(*hit, third), encoded(*spared, third)));
  }
}

TEST_CASE("state and counter are all that a sender needs to go on where it was") {
  for (const Case& one : every_case()) {
    INFO(one.title);
    const auto saved = make_sender_codec(one.options, kLength, kBlocks, 3);
    for (std::uint64_t t = 0; t < 3; ++t) encoded(*saved, heavy_numbers(kLength, t));
    CHECK(saved->counter() == 3);
    const auto loaded = make_sender_codec(one.options, kLength, kBlocks, 3);
    const auto from = saved->state();
    const auto to = loaded->state();
    REQUIRE(from.size() == to.size());
    for (std::size_t i = 0; i < from.size(); ++i) {
      REQUIRE(from[i].size() == to[i].size());
      std::copy(from[i].begin(), from[i].end(), to[i].begin());
    }
    loaded->set_counter(saved->counter());
    const std::vector<float> next = heavy_numbers(kLength, 9);
    CHECK(same_bits(encoded(*saved, next), encoded(*loaded, next)));
  }
}

TEST_CASE("random choices differ from payload to payload and from stream to stream") {
  for (const char* name : {"random-k", "qsgd", "terngrad"}) {
    INFO(name);
    CompressionOptions options;
    options.name = name;
    const std::vector<float> x = heavy_numbers(kLength, 1);
    const auto one = make_codec(options, kLength, {}, 0);
    const auto two = make_codec(options, kLength, {}, 1);
    std::vector<float> a(kLength);
    std::vector<float> b(kLength);
    const std::vector<float> payload = encoded(*one, x);
    REQUIRE(one->decode(payload, a));
    REQUIRE(two->decode(encoded(*two, x), b));
    CHECK(a != b);
    REQUIRE(two->decode(payload, b));  // what a receiver decodes does not depend on its own stream
    CHECK(a == b);
    REQUIRE(one->decode(encoded(*one, x), b));
    CHECK(a != b);
  }
}

TEST_CASE("payloads are the same bits for every vector unit, compiler and build") {
  const std::map<std::string, std::uint64_t> golden{
      {"1-bit", 9983076246624077562U},
      {"bf16", 9436301189007434609U},
      {"dgc", 731434837323736544U},
      {"dgc, no masking", 1479788702378559950U},
      {"dgc, warm-up", 6132255774435230345U},
      {"ef-sign", 9837950161165155311U},
      {"fp16", 15348304042956275829U},
      {"fp4", 15017102052544570192U},
      {"int8", 797922498294854225U},
      {"none", 14187338293169000848U},
      {"powersgd", 14448513486908746869U},
      {"qsgd, 2 bits", 14991840814079060080U},
      {"qsgd, 2 bits, contraction", 15159573330588534296U},
      {"qsgd, 2 bits, l2", 9389184950310137089U},
      {"qsgd, 4 bits", 14819313320883085300U},
      {"qsgd, 4 bits, contraction", 13152669665100576650U},
      {"qsgd, 4 bits, l2", 10445325500540154122U},
      {"qsgd, 8 bits", 8565167393644878235U},
      {"qsgd, 8 bits, contraction", 1238307548543569197U},
      {"qsgd, 8 bits, l2", 6247354022788870271U},
      {"random-k", 4151971432636647522U},
      {"random-k, unbiased", 1342950308004701860U},
      {"terngrad", 8271892082645620675U},
      {"terngrad, contraction", 6350517968067831125U},
      {"terngrad, not clipped", 605321046664945837U},
      {"top-k", 8395838570331580879U},
      {"top-k, most", 14187338293169000848U},
  };
  for (const Case& one : every_case()) {
    const auto codec = make_sender_codec(one.options, kLength, kBlocks, 0);
    std::uint64_t hash = 0;
    for (std::uint64_t t = 0; t < 3; ++t) {
      for (const float word : encoded(*codec, heavy_numbers(kLength, t))) {
        hash = spread_bits(hash * 31 + std::bit_cast<std::uint32_t>(word) + 1);
      }
    }
    INFO("{\"" << one.title << "\", " << hash << "U},");
    const auto row = golden.find(one.title);
    CHECK((row != golden.end() && row->second == hash));
  }
}
