// The entry every fuzzer defines; replay.cpp calls it with the committed corpus.
// Room: tests.
// Caller: libFuzzer, tests/fuzz/replay.cpp. Source: LLVM, libFuzzer.
#pragma once
#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
