# libzmq as ZeroMQ::zmq: Debian's package has pkg-config only.
include(MurmImport)
murm_import(ZeroMQ::zmq HEADER zmq.h LIBRARY zmq PACKAGE libzmq3-dev)
set(ZeroMQ_FOUND TRUE)
