# The libraries of docs/dependencies.md as imported targets, all from system packages. No room calls
# find_package itself: it names the targets in LIBRARIES.

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(OpenMP REQUIRED COMPONENTS CXX)  # OpenMP::OpenMP_CXX
find_package(ZLIB REQUIRED)                   # ZLIB::ZLIB

find_package(CapnProto CONFIG QUIET REQUIRED) # CapnProto::capnp
find_package(CLI11 CONFIG REQUIRED)           # CLI11::CLI11
find_package(nlohmann_json CONFIG REQUIRED)   # nlohmann_json::nlohmann_json
find_package(tomlplusplus CONFIG REQUIRED)    # tomlplusplus::tomlplusplus, tomlplusplus

# Found by the modules beside this file: these bring no usable CMake package on Debian.
find_package(CAF REQUIRED)                    # CAF::core
find_package(ZeroMQ REQUIRED)                 # ZeroMQ::zmq
find_package(cppzmq REQUIRED)                 # cppzmq, with ZeroMQ::zmq
find_package(dnnl REQUIRED)                   # dnnl::dnnl
find_package(xxHash REQUIRED)                 # xxHash::xxhash

if(NOT TARGET tomlplusplus)
  add_library(tomlplusplus INTERFACE IMPORTED GLOBAL)
  target_link_libraries(tomlplusplus INTERFACE tomlplusplus::tomlplusplus)
endif()

if(MURM_TESTS)
  find_package(Catch2 CONFIG REQUIRED)        # 2.13 or 3.x: tests/catch.hpp is written for both
endif()
