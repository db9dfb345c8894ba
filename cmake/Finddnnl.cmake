# oneDNN as dnnl::dnnl, also under its own name DNNL::dnnl. Debian's CMake package insists on OpenCL
# headers, which a CPU build does not use.
include(MurmImport)
murm_import(dnnl::dnnl HEADER dnnl.hpp LIBRARY dnnl PACKAGE libdnnl-dev)
if(NOT TARGET DNNL::dnnl)
  add_library(DNNL::dnnl ALIAS dnnl::dnnl)
endif()
set(dnnl_FOUND TRUE)
