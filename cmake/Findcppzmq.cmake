# The C++ header of ZeroMQ as cppzmq.
include(MurmImport)
find_package(ZeroMQ REQUIRED)
murm_import(cppzmq HEADER zmq.hpp PACKAGE cppzmq-dev)
target_link_libraries(cppzmq INTERFACE ZeroMQ::zmq)
set(cppzmq_FOUND TRUE)
