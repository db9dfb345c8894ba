// Catch2, version 2 or 3, under one name.
// Room: tests. TEST_CASE, SECTION, REQUIRE, CHECK, REQUIRE_THROWS_AS, GENERATE and Approx are meant.
// Caller: every test. Source: Catch2 2.13 (one header) and 3.x (catch_all.hpp).
#pragma once
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
using Catch::Approx;
#else
#include <catch2/catch.hpp>
#endif
